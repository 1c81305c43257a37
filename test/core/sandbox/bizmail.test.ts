import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { login, refresh, signIn, callProtected } = client;

describe('sandbox BizMail', () => {
  it('responds to login and refresh with the five published fields', async () => {
    await using sandbox = await startSandbox();
    const first = await login(sandbox, 'bizmail');
    const second = await refresh(sandbox, 'bizmail', client.assertDefined(client.tokensOf(first)).refresh);
    for (const { status, json } of [first, second]) {
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(json), ['success', 'access_token', 'refresh_token', 'token_type', 'expires_in']);
      assert.equal(json.success, true);
      assert.equal(json.expires_in, 86_400);
    }
  });

  it('issues HS256 tokens with the claims of the published samples', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ clock: clock.read });
    const tokens = await signIn(sandbox, 'bizmail');
    const claims = client.jwtPart(tokens.refresh, 1);
    assert.deepEqual(client.jwtPart(tokens.refresh, 0), { alg: 'HS256', typ: 'JWT' });
    assert.match(String(claims.user_id), /^[0-9a-f]{24}$/);
    assert.match(String(claims.domain_uuid), /^[0-9a-f-]{36}$/);
    assert.equal(claims.username, sandbox.profiles.bizmail.credentials.username);
    assert.equal(claims.type, 'refresh');
    assert.equal(Number(claims.exp) - Number(claims.iat), 7_776_000);
    assert.equal(client.jwtPart(tokens.access, 1).type, 'access');
  });

  it('accepts multipart bodies, as in its OpenAPI block', async () => {
    await using sandbox = await startSandbox();
    const form = new FormData();
    for (const [name, value] of Object.entries(sandbox.profiles.bizmail.credentials)) form.append(name, value);
    const first = await client.send(`${sandbox.url}/api/1.0/auth/token`, { method: 'POST', body: form });
    assert.equal(first.status, 200);
    const again = new FormData();
    again.append('refresh_token', client.assertDefined(client.tokensOf(first)).refresh);
    const second = await client.send(`${sandbox.url}/api/1.0/auth/refresh`, { method: 'POST', body: again });
    assert.equal(second.status, 200);
  });

  const errors: [string, string, unknown, number, string][] = [
    ['no username', 'token', { password: 'x' }, 400, 'username and password are required'],
    ['an empty password', 'token', { username: 'x', password: '' }, 400, 'username and password are required'],
    ['a body that is not an object', 'token', 'x', 400, 'username and password are required'],
    ['wrong credentials', 'token', { username: 'x', password: 'y' }, 401, 'Invalid credentials'],
    ['no refresh token', 'refresh', {}, 400, 'refresh_token is required'],
    ['a refresh token of a wrong type', 'refresh', { refresh_token: 1 }, 400, 'refresh_token is required'],
    ['a made-up refresh token', 'refresh', { refresh_token: 'x' }, 401, 'Invalid refresh token'],
  ];
  for (const [request, path, body, status, message] of errors) {
    it(`responds to ${request} with ${status} ${message}`, async () => {
      await using sandbox = await startSandbox();
      const reply = await client.postJson(`${sandbox.url}/api/1.0/auth/${path}`, body);
      assert.equal(reply.status, status);
      assert.deepEqual(reply.json, { success: false, message });
    });
  }

  it('distinguishes an expired refresh token from an invalid one', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: token } = await signIn(sandbox, 'bizmail');
    assert.equal((await refresh(sandbox, 'bizmail', access)).json.message, 'Invalid refresh token');
    sandbox.advance(7_776_000);
    const { status, json } = await refresh(sandbox, 'bizmail', token);
    assert.deepEqual([status, json.message], [401, 'Refresh token expired']);
  });

  it('responds User not found to a refresh of a deleted account', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: token } = await signIn(sandbox, 'bizmail');
    sandbox.set({ accountState: 'gone' });
    const { status, json } = await refresh(sandbox, 'bizmail', token);
    assert.deepEqual([status, json.message], [401, 'User not found']);
    assert.equal((await login(sandbox, 'bizmail')).json.message, 'Invalid credentials');
    assert.equal((await callProtected(sandbox, 'bizmail', access)).status, 401);
  });

  it('sends a 500 fault in its own error format', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 500 });
    const { status, json } = await login(sandbox, 'bizmail');
    assert.equal(status, 500);
    assert.deepEqual(json, { success: false, message: 'Internal server error' });
  });

  it('accepts a mail with a valid access token', async () => {
    await using sandbox = await startSandbox();
    const { access } = await signIn(sandbox, 'bizmail');
    const { status, json } = await callProtected(sandbox, 'bizmail', access);
    assert.deepEqual([status, json.success], [200, true]);
  });

  it('refuses a missing, forged or expired access token with 401', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: token } = await signIn(sandbox, 'bizmail');
    for (const bad of ['', token, `${access.slice(0, -3)}AAA`]) {
      assert.equal((await callProtected(sandbox, 'bizmail', bad)).status, 401);
    }
    sandbox.advance(86_400);
    const { status, json } = await callProtected(sandbox, 'bizmail', access);
    assert.deepEqual([status, json.message], [401, 'Token expired']);
  });

  it('refuses an incomplete mail and attachments over the limit with 400', async () => {
    await using sandbox = await startSandbox();
    const headers = { authorization: `Bearer ${(await signIn(sandbox, 'bizmail')).access}` };
    const store = (body: FormData | string) =>
      client.send(`${sandbox.url}/api/1.0/mail/store`, { method: 'POST', headers, body });
    const broken = [{ from: undefined }, { from: 'nobody' }, { from_name: 'x'.repeat(256) }, { to: undefined }];
    for (const change of [...broken, { text: undefined }, { subject: undefined }]) {
      assert.equal((await store(client.mailForm(change))).status, 400);
    }
    assert.equal((await store('{}')).status, 400);
    const large = client.mailForm();
    for (let i = 0; i < 3; i += 1) large.append('attachments[]', new Blob([Buffer.alloc(7 * 1024 * 1024)]), `${i}.bin`);
    assert.equal((await store(large)).status, 400);
  });
});
