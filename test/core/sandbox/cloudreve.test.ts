import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { login, refresh, signIn, callProtected } = client;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function call(sandbox: Sandbox, path: string, init: RequestInit = {}): Promise<client.Reply> {
  return client.send(`${sandbox.url}/api/v4${path}`, init);
}

function signOut(sandbox: Sandbox, token: unknown): Promise<client.Reply> {
  return call(sandbox, '/session/token', { method: 'DELETE', body: JSON.stringify({ refresh_token: token }) });
}

describe('sandbox Cloudreve', () => {
  it('responds to sign-in with user and token in an envelope', async () => {
    await using sandbox = await startSandbox();
    const { status, headers, json } = await login(sandbox, 'cloudreve');
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'private, no-cache');
    assert.deepEqual([json.code, json.msg, 'correlation_id' in json], [0, '', false]);
    const user = client.objectAt(client.objectAt(json, 'data'), 'user');
    assert.equal(user?.email, sandbox.profiles.cloudreve.credentials.email);
    assert.ok(user.created_at);
  });

  it('sends both expiry times as RFC 3339 with fractions and time zone', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ clock: clock.read });
    const token = client.objectAt(client.objectAt((await login(sandbox, 'cloudreve')).json, 'data'), 'token');
    for (const [name, lifetime] of [
      ['access_expires', 3600],
      ['refresh_expires', 1_209_600],
    ] as const) {
      const text = String(token?.[name]);
      assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+08:00$/);
      assert.equal(Date.parse(text), clock.now + lifetime * 1000);
    }
  });

  it('issues HS256 tokens without iat and jti', async () => {
    await using sandbox = await startSandbox();
    const tokens = await signIn(sandbox, 'cloudreve');
    assert.deepEqual(Object.keys(client.jwtPart(tokens.access, 1)), ['token_type', 'sub', 'exp', 'nbf']);
    const claims = client.jwtPart(tokens.refresh, 1);
    assert.deepEqual(Object.keys(claims), ['token_type', 'sub', 'exp', 'nbf', 'state_hash', 'root_token_id']);
    assert.match(String(claims.root_token_id), uuid);
  });

  it('issues the same tokens within one second, and new ones of the same family later', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ clock: clock.read });
    const first = await signIn(sandbox, 'cloudreve');
    const reply = await refresh(sandbox, 'cloudreve', first.refresh);
    assert.deepEqual(client.tokensOf(reply), first);
    assert.equal('user' in client.assertDefined(client.objectAt(reply.json, 'data')), false);
    clock.now += 1000;
    const later = await client.refreshTokens(sandbox, 'cloudreve', first.refresh);
    assert.notEqual(later.refresh, first.refresh);
    assert.equal(client.jwtPart(later.refresh, 1).root_token_id, client.jwtPart(first.refresh, 1).root_token_id);
  });

  it('sends the same error code for every failed refresh', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: token } = await signIn(sandbox, 'cloudreve');
    const expectRefusal = async (bad: string) => {
      const { status, json } = await refresh(sandbox, 'cloudreve', bad);
      assert.deepEqual([status, json.code, json.msg], [200, 40_020, 'Failed to issue token pair']);
      assert.match(String(json.correlation_id), uuid);
    };
    for (const bad of ['x', access, `${token.slice(0, -4)}AAAA`]) await expectRefusal(bad);
    sandbox.set({ accountState: 'inactive' });
    await expectRefusal(token);
    sandbox.set({ accountState: 'active' });
    sandbox.advance(1_209_600);
    await expectRefusal(token);
  });

  it('revokes the refresh tokens of the login on sign-out, but not its access tokens', async () => {
    await using sandbox = await startSandbox();
    const first = await signIn(sandbox, 'cloudreve');
    const second = await signIn(sandbox, 'cloudreve');
    assert.deepEqual((await signOut(sandbox, first.refresh)).json, { code: 0, data: '', msg: '' });
    assert.equal((await refresh(sandbox, 'cloudreve', first.refresh)).json.code, 40_020);
    assert.equal(client.lastOutcome(sandbox), 'revoked');
    assert.equal(await client.isAccepted(sandbox, 'cloudreve', first.access), true);
    assert.equal((await refresh(sandbox, 'cloudreve', second.refresh)).json.code, 0);
  });

  it('accepts an access token for sign-out, but revokes nothing', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: token } = await signIn(sandbox, 'cloudreve');
    assert.equal((await signOut(sandbox, access)).json.code, 0);
    assert.equal((await refresh(sandbox, 'cloudreve', token)).json.code, 0);
  });

  it('refuses to sign out with a missing, invalid or expired token', async () => {
    await using sandbox = await startSandbox();
    const { refresh: token } = await signIn(sandbox, 'cloudreve');
    assert.deepEqual((await signOut(sandbox, '')).json, { code: 40_001, msg: 'RefreshToken cannot be empty' });
    assert.deepEqual((await signOut(sandbox, 5)).json, { code: 40_001, msg: 'JSON marshall error' });
    sandbox.advance(1_209_601);
    const { json } = await signOut(sandbox, token);
    assert.deepEqual([json.code, json.msg], [40_020, 'Failed to parse token']);
  });

  it('responds Login required to a missing, invalid or expired access token', async () => {
    await using sandbox = await startSandbox();
    const { access } = await signIn(sandbox, 'cloudreve');
    assert.deepEqual((await callProtected(sandbox, 'cloudreve', access)).json.data, {
      total: 1_073_741_824,
      used: 20_480,
    });
    assert.equal((await call(sandbox, '/user/capacity')).json.code, 401);
    assert.equal((await callProtected(sandbox, 'cloudreve', 'x')).json.code, 401);
    sandbox.advance(3600);
    const { status, json } = await callProtected(sandbox, 'cloudreve', access);
    assert.deepEqual([status, json.code, json.msg], [200, 401, 'Login required']);
    assert.equal(client.lastOutcome(sandbox), 'expired');
  });

  it('refuses a refresh token as bearer token on every route', async () => {
    await using sandbox = await startSandbox();
    const { refresh: token } = await signIn(sandbox, 'cloudreve');
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/user/me', '/site/config/login', '/site/captcha']) {
      const { json } = await call(sandbox, path, { headers });
      assert.deepEqual([json.code, json.msg], [40_020, 'Invalid token type']);
    }
  });

  it('refuses tokens with a forged or missing signature', async () => {
    await using sandbox = await startSandbox();
    const { refresh: token } = await signIn(sandbox, 'cloudreve');
    const [, claims, signature] = token.split('.');
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    for (const forged of [
      `${token.slice(0, -4)}AAAA`,
      `${unsigned}.${claims}.`,
      `${unsigned}.${claims}.${signature}`,
    ]) {
      assert.equal((await signOut(sandbox, forged)).json.msg, 'Failed to parse token');
      // With a valid signature the response would be an invalid token type.
      assert.equal((await callProtected(sandbox, 'cloudreve', forged)).json.code, 401);
    }
  });

  it('refuses the access token of a blocked user, even on refresh', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: token } = await signIn(sandbox, 'cloudreve');
    sandbox.set({ accountState: 'blocked' });
    assert.equal((await callProtected(sandbox, 'cloudreve', access)).json.code, 50_001);
    const headers = { authorization: `Bearer ${access}` };
    const body = JSON.stringify({ refresh_token: token });
    const { json } = await call(sandbox, '/session/token/refresh', { method: 'POST', headers, body });
    assert.deepEqual([json.code, json.msg], [50_001, 'failed to get login user']);
  });

  it("returns the caller's correlation id only if it is a UUID", async () => {
    await using sandbox = await startSandbox();
    const id = '0b4351ec-ee1a-4455-bc94-2c3dbcc58538';
    const send = async (correlationId: string) =>
      (await call(sandbox, '/user/me', { headers: { 'X-Cr-Correlation-Id': correlationId } })).json.correlation_id;
    assert.equal(await send(id.toUpperCase()), id);
    assert.match(String(await send('not a uuid')), uuid);
  });

  it('responds to an unknown path with a plain text 404', async () => {
    await using sandbox = await startSandbox();
    const { status, text } = await call(sandbox, '/nothing/here');
    assert.deepEqual([status, text], [404, '404 page not found']);
  });
});
