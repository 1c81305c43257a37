import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { startSandbox, type SandboxAccounts } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { login, refresh, refreshTokens, signIn, callProtected } = client;

describe('sandbox TCONNECT', () => {
  it('responds to login with the flat fields of the refresh page', async () => {
    await using sandbox = await startSandbox();
    const { status, json } = await login(sandbox, 'tconnect');
    assert.equal(status, 200);
    const names = ['access_token', 'expires_in', 'refresh_token', 'refresh_expires_in', 'token_type'];
    assert.deepEqual(Object.keys(json), names);
    assert.equal(json.expires_in, 36_000);
    assert.equal(json.refresh_expires_in, 2_592_000);
    assert.equal(json.token_type, 'Bearer');
  });

  it('issues RS256 tokens with the claims of the account', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ clock: clock.read });
    const { access } = await signIn(sandbox, 'tconnect');
    assert.deepEqual(client.jwtPart(access, 0), { alg: 'RS256', typ: 'JWT' });
    const { jti, ...claims } = client.jwtPart(access, 1);
    const { partnerCode, credentials } = sandbox.profiles.tconnect;
    assert.match(String(jti), /^[0-9a-f-]{36}$/);
    assert.deepEqual(claims, {
      sub: credentials.username,
      partner_code: partnerCode,
      client_id: credentials.client_id,
      iat: clock.now / 1000,
      exp: clock.now / 1000 + 36_000,
      token_use: 'access',
    });
  });

  it('lists QR transactions for a valid access token', async () => {
    await using sandbox = await startSandbox();
    const { access } = await signIn(sandbox, 'tconnect');
    const { status, json } = await callProtected(sandbox, 'tconnect', access);
    assert.equal(status, 200);
    assert.equal(json.limit, 10);
    assert.ok(Array.isArray(json.transactions));
  });

  it('accepts the Partner-Code header in any case, and additional payload fields', async () => {
    await using sandbox = await startSandbox();
    const { url, profiles } = sandbox;
    const payload = { ...profiles.tconnect.credentials, grant_type: 'password' };
    const data = client.encrypt(profiles.tconnect.cipher, payload);
    const headers = { 'partner-CODE': profiles.tconnect.partnerCode };
    const { status } = await client.postJson(`${url}/openapi/v1/auth/login`, { data }, headers);
    assert.equal(status, 200);
  });

  it('accepts hex in upper case', async () => {
    await using sandbox = await startSandbox();
    const { url, profiles } = sandbox;
    const data = client.encrypt(profiles.tconnect.cipher, profiles.tconnect.credentials).toUpperCase();
    const headers = { 'Partner-Code': profiles.tconnect.partnerCode };
    assert.equal((await client.postJson(`${url}/openapi/v1/auth/login`, { data }, headers)).status, 200);
  });

  it('refuses a wrong or missing Partner-Code with 403 on every call', async () => {
    await using sandbox = await startSandbox();
    for (const path of ['auth/login', 'auth/refresh', 'transaction/qr']) {
      for (const code of ['', 'SOMEONE-ELSE']) {
        const { status, json } = await client.postTconnect(sandbox, path, {}, { 'Partner-Code': code });
        assert.equal(status, 403);
        assert.equal(json.code, 'INVALID_PARTNER_CODE');
      }
    }
    assert.equal(client.lastOutcome(sandbox), 'wrongPartnerCode');
  });

  it('sends the same response for every invalid ciphertext', async () => {
    await using sandbox = await startSandbox();
    const { url, profiles } = sandbox;
    const { cipher, partnerCode, credentials } = profiles.tconnect;
    const good = client.encrypt(cipher, credentials);
    const otherKey = client.encrypt({ ...cipher, key: randomBytes(32).toString('hex') }, credentials);
    const invalidUtf8 = client.encrypt(cipher, Buffer.from('7b22c3287d', 'hex'));
    const bad = [good.slice(2), good.slice(0, -32), `zz${good.slice(2)}`, `${good}0`, otherKey, invalidUtf8, 'no hex'];
    bad.push(client.encrypt(cipher, 'not JSON'));
    const bodies = new Set<string>();
    for (const data of bad) {
      const reply = await client.postJson(`${url}/openapi/v1/auth/login`, { data }, { 'Partner-Code': partnerCode });
      assert.equal(reply.status, 400);
      assert.equal(reply.json.code, 'BAD_CIPHERTEXT');
      bodies.add(reply.text);
    }
    assert.equal(bodies.size, 1);
    assert.equal(client.lastOutcome(sandbox), 'badCiphertext');
  });

  it('refuses bodies without the field data, and payloads without required fields, with 400', async () => {
    await using sandbox = await startSandbox();
    const { url, profiles } = sandbox;
    const headers = { 'Partner-Code': profiles.tconnect.partnerCode };
    for (const body of [{}, { data: 5 }, { data: '' }, [], null]) {
      const { status, json } = await client.postJson(`${url}/openapi/v1/auth/login`, body, headers);
      assert.deepEqual([status, json.code], [400, 'VALIDATION']);
    }
    for (const payload of [[], {}, { ...profiles.tconnect.credentials, client_secret: '' }]) {
      const { status, json } = await client.postTconnect(sandbox, 'auth/login', payload);
      assert.deepEqual([status, json.code], [400, 'VALIDATION']);
    }
    const { json } = await client.postTconnect(sandbox, 'auth/refresh', { refresh_token: 7 });
    assert.equal(json.code, 'VALIDATION');
  });

  it('refuses each wrong credential with 401', async () => {
    await using sandbox = await startSandbox();
    const { credentials } = sandbox.profiles.tconnect;
    for (const name of Object.keys(credentials)) {
      const { status, json } = await client.postTconnect(sandbox, 'auth/login', { ...credentials, [name]: 'wrong' });
      assert.deepEqual([status, json.code], [401, 'INVALID_CREDENTIALS']);
    }
  });

  it('refuses access tokens that are missing, forged, expired, or refresh tokens', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: refreshToken } = await signIn(sandbox, 'tconnect');
    const forged = `${access.slice(0, -4)}AAAA`;
    for (const token of ['', 'x.y.z', forged, refreshToken]) {
      const { status, json } = await callProtected(sandbox, 'tconnect', token);
      assert.deepEqual([status, json.code], [401, 'INVALID_ACCESS_TOKEN']);
    }
    sandbox.advance(36_000);
    assert.equal((await callProtected(sandbox, 'tconnect', access)).status, 401);
    assert.equal(client.lastOutcome(sandbox), 'expired');
  });

  it('refuses refresh tokens that are forged, expired, or access tokens', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh: refreshToken } = await signIn(sandbox, 'tconnect');
    for (const token of ['x', access]) {
      const { status, json } = await refresh(sandbox, 'tconnect', token);
      assert.deepEqual([status, json.code], [401, 'INVALID_REFRESH_TOKEN']);
    }
    sandbox.advance(2_592_000);
    assert.equal((await refresh(sandbox, 'tconnect', refreshToken)).status, 401);
    assert.equal(client.lastOutcome(sandbox), 'expired');
  });

  it('requires all four fields of the protected call', async () => {
    await using sandbox = await startSandbox();
    const { access } = await signIn(sandbox, 'tconnect');
    const headers = { authorization: `Bearer ${access}` };
    const broken = [{ from_date: '2026-03-01' }, { limit: 0 }, { page: 'one' }, { to_date: undefined }];
    for (const change of broken) {
      const reply = await client.postTconnect(sandbox, 'transaction/qr', { ...client.qrQuery, ...change }, headers);
      assert.deepEqual([reply.status, reply.json.code], [400, 'VALIDATION']);
    }
  });

  it('refuses tokens of another sandbox, although the signing key is shared', async () => {
    await using sandbox = await startSandbox();
    await using other = await startSandbox();
    const { access, refresh: refreshToken } = await signIn(other, 'tconnect');
    assert.equal((await callProtected(sandbox, 'tconnect', access)).status, 401);
    assert.equal((await refresh(sandbox, 'tconnect', refreshToken)).status, 401);
  });

  const forms: Record<string, NonNullable<NonNullable<SandboxAccounts['tconnect']>['cipher']>> = {
    'an IV prefix': { iv: { from: 'prefix' } },
    'an IV from the key': { iv: { from: 'key' } },
    'upper-case hex': { output: 'hex-upper' },
    'base64 ciphertext': { output: 'base64' },
    'a utf8 key and IV': { keyFormat: 'utf8', iv: { from: 'fixed', value: '0123456789abcdef', format: 'utf8' } },
    'a base64 key': { keyFormat: 'base64', iv: { from: 'fixed' } },
    'a fixed key': { key: 'k'.repeat(32) },
  };
  for (const [name, cipher] of Object.entries(forms)) {
    it(`encrypts and decrypts with ${name}`, async () => {
      await using sandbox = await startSandbox({ accounts: { tconnect: { cipher } }, tconnectResponse: 'encrypted' });
      const { json } = await login(sandbox, 'tconnect');
      const profile = sandbox.profiles.tconnect;
      assert.equal(profile.cipher.output, cipher.output ?? 'hex');
      const plain = JSON.parse(client.decrypt(profile.cipher, String(json.data))) as client.Json;
      assert.equal(plain.token_type, 'Bearer');
      assert.deepEqual(Object.keys(json), ['data']);
    });
  }

  it('wraps responses in data with tconnectResponse wrapped', async () => {
    await using sandbox = await startSandbox({ tconnectResponse: 'wrapped' });
    const { json } = await login(sandbox, 'tconnect');
    assert.deepEqual(Object.keys(json), ['data']);
    const first = client.assertDefined(client.tokensOf({ json, status: 200, headers: new Headers(), text: '' }));
    assert.ok((await refreshTokens(sandbox, 'tconnect', first.refresh)).access);
  });
});
