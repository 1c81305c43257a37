import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

function post(sandbox: Sandbox, path: string, body: unknown): Promise<client.Reply> {
  return client.postJson(`${sandbox.url}/api/v4/session/token${path}`, body);
}

function get(sandbox: Sandbox, path: string): Promise<client.Reply> {
  return client.send(`${sandbox.url}/api/v4${path}`);
}

async function startCodeSession(sandbox: Sandbox): Promise<string> {
  const { json } = await client.login(sandbox, 'cloudreve');
  assert.deepEqual([json.code, json.msg, 'correlation_id' in json], [203, '', false]);
  return String(json.data);
}

describe('sandbox Cloudreve sign-in', () => {
  it('prepares a login, and reports whether the user exists', async () => {
    await using sandbox = await startSandbox();
    const { email } = sandbox.profiles.cloudreve.credentials;
    const { json } = await get(sandbox, `/session/prepare?email=${encodeURIComponent(email)}`);
    assert.deepEqual(json, { code: 0, data: { webauthn_enabled: false, password_enabled: true }, msg: '' });
    const unknown = await get(sandbox, '/session/prepare?email=nobody%40example.com');
    assert.deepEqual([unknown.json.code, unknown.json.msg], [404, 'User not found']);
    assert.equal((await get(sandbox, '/session/prepare')).json.msg, 'Email cannot be empty');
    assert.equal((await get(sandbox, '/session/prepare?email=x')).json.msg, 'Email format error');
  });

  const invalid: [string, unknown][] = [
    ['Email cannot be empty', { password: 'long enough' }],
    ['Email cannot be empty', null],
    ['Email format error', { email: 'x', password: 'long enough' }],
    ['Password cannot be empty', { email: 'a@example.com' }],
    ['Password too short', { email: 'a@example.com', password: 'abc' }],
    ['Password too long', { email: 'a@example.com', password: 'x'.repeat(129) }],
    ['JSON marshall error', { email: 5 }],
    ['JSON marshall error', []],
  ];
  for (const [msg, body] of invalid) {
    it(`responds to ${JSON.stringify(body).slice(0, 50)} with 40001 ${msg}, without a correlation id`, async () => {
      await using sandbox = await startSandbox();
      assert.deepEqual((await post(sandbox, '', body)).json, { code: 40_001, msg });
    });
  }

  it('responds to invalid and empty JSON with 40001 Parameter error', async () => {
    await using sandbox = await startSandbox();
    for (const body of ['{', '']) {
      const { json } = await client.send(`${sandbox.url}/api/v4/session/token`, { method: 'POST', body });
      assert.deepEqual(json, { code: 40_001, msg: 'Parameter error' });
    }
  });

  it('parses JSON regardless of the content type', async () => {
    await using sandbox = await startSandbox();
    const body = JSON.stringify(sandbox.profiles.cloudreve.credentials);
    const headers = { 'content-type': 'text/plain' };
    const { json } = await client.send(`${sandbox.url}/api/v4/session/token`, { method: 'POST', headers, body });
    assert.equal(json.code, 0);
  });

  it('sends the same response for an unknown email and a wrong password', async () => {
    await using sandbox = await startSandbox();
    const { email, password } = sandbox.profiles.cloudreve.credentials;
    for (const body of [
      { email, password: 'wrong' },
      { email: 'nobody@example.com', password },
    ]) {
      const { json } = await post(sandbox, '', body);
      assert.deepEqual([json.code, json.msg], [40_080, 'Incorrect password or email address']);
      assert.ok(json.correlation_id);
    }
  });

  it('reports a blocked or inactive account only for the correct password', async () => {
    await using sandbox = await startSandbox();
    const { email } = sandbox.profiles.cloudreve.credentials;
    for (const [accountState, code, msg] of [
      ['blocked', 40_017, 'This account has been blocked'],
      ['inactive', 40_018, 'This account is not activated'],
      ['gone', 40_080, 'Incorrect password or email address'],
    ] as const) {
      sandbox.set({ accountState });
      const { json } = await client.login(sandbox, 'cloudreve');
      assert.deepEqual([json.code, json.msg], [code, msg]);
      assert.equal((await post(sandbox, '', { email, password: 'wrong' })).json.code, 40_080);
    }
  });

  it('accepts a one-time code once', async () => {
    await using sandbox = await startSandbox({ twoFactor: true });
    const session = await startCodeSession(sandbox);
    const body = { otp: sandbox.oneTimeCode(), session_id: session };
    assert.match(body.otp, /^\d{6}$/);
    const { json } = await post(sandbox, '/2fa', body);
    assert.ok(client.objectAt(client.objectAt(json, 'data'), 'user'));
    assert.ok(client.objectAt(client.objectAt(json, 'data'), 'token'));
    assert.equal((await post(sandbox, '/2fa', body)).json.msg, 'Session not found');
  });

  it('keeps the session open after wrong codes, but only for 600 s', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ twoFactor: true, clock: clock.read });
    const session = await startCodeSession(sandbox);
    const wrong = String((Number(sandbox.oneTimeCode()) + 1) % 1_000_000).padStart(6, '0');
    for (let i = 0; i < 5; i += 1) {
      const { json } = await post(sandbox, '/2fa', { otp: wrong, session_id: session });
      assert.deepEqual([json.code, json.msg], [40_022, 'Incorrect 2FA code']);
    }
    clock.now += 600_000;
    const { json } = await post(sandbox, '/2fa', { otp: sandbox.oneTimeCode(), session_id: session });
    assert.deepEqual([json.code, json.msg], [404, 'Session not found']);
  });

  it('accepts a code that is 30 s old, but not one that is 60 s old', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ twoFactor: true, clock: clock.read });
    const [first, second] = [await startCodeSession(sandbox), await startCodeSession(sandbox)];
    const otp = sandbox.oneTimeCode();
    clock.now += 30_000;
    assert.equal((await post(sandbox, '/2fa', { otp, session_id: first })).json.code, 0);
    clock.now += 30_000;
    assert.equal((await post(sandbox, '/2fa', { otp, session_id: second })).json.code, 40_022);
  });

  it('validates the fields of the one-time code', async () => {
    await using sandbox = await startSandbox({ twoFactor: true });
    assert.equal((await post(sandbox, '/2fa', { session_id: 'x' })).json.msg, 'OTP cannot be empty');
    assert.equal((await post(sandbox, '/2fa', { otp: '123456' })).json.msg, 'SessionID cannot be empty');
    const session = await startCodeSession(sandbox);
    sandbox.set({ accountState: 'gone' });
    const { json } = await post(sandbox, '/2fa', { otp: sandbox.oneTimeCode(), session_id: session });
    assert.deepEqual([json.code, json.msg], [404, 'User not found']);
  });

  it('omits login_captcha if no captcha is required', async () => {
    await using sandbox = await startSandbox();
    assert.deepEqual((await get(sandbox, '/site/config/login')).json.data, { register_enabled: true });
    sandbox.set({ captcha: true });
    const withCaptcha = { login_captcha: true, register_enabled: true };
    assert.deepEqual((await get(sandbox, '/site/config/login')).json.data, withCaptcha);
  });

  it('signs in with a captcha, whose ticket is valid for one attempt', async () => {
    await using sandbox = await startSandbox({ captcha: true });
    const { image, ticket } = client.assertDefined(client.objectAt((await get(sandbox, '/site/captcha')).json, 'data'));
    const png = Buffer.from(String(image).replace('data:image/png;base64,', ''), 'base64');
    const dataAt = png.indexOf('IDAT');
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.equal(inflateSync(png.subarray(dataAt + 4, -16)).length, (25 * 8 + 1) * 56);
    const captcha = sandbox.captchaText(String(ticket));
    const body = { ...sandbox.profiles.cloudreve.credentials, captcha, ticket };
    assert.equal((await post(sandbox, '', body)).json.code, 0);
    assert.equal((await post(sandbox, '', body)).json.code, 40_026);
    assert.equal(sandbox.captchaText(String(ticket)), undefined);
  });

  it('checks the captcha before the other fields', async () => {
    await using sandbox = await startSandbox({ captcha: true });
    const broken = await client.send(`${sandbox.url}/api/v4/session/token`, { method: 'POST', body: '{' });
    for (const { json } of [broken, await post(sandbox, '', {}), await client.login(sandbox, 'cloudreve')]) {
      assert.deepEqual([json.code, json.msg], [40_026, 'CAPTCHA not match.']);
      assert.ok(json.correlation_id);
    }
  });
});
