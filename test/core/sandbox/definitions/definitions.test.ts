import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../../helpers/platform.ts';
import { inspect } from 'node:util';
import { partners } from '../../../../core/partners/index.ts';
import type { PartnerDefinition } from '../../../../core/partners/definition.ts';
import { startSandbox, type SandboxDefinition, type SandboxPartner } from '../../../../core/sandbox/index.ts';
import * as client from '../clients.ts';
import { acmeForms } from './acme-forms.ts';
import { acmeJson } from './acme-json.ts';
import { acmeSalted } from './acme-salted.ts';

const { assertDefined, postJson, send } = client;

/** A minimal definition, with neither encryption nor error rules. */
const plain: PartnerDefinition = {
  id: 'plain',
  label: 'Plain',
  body: { form: 'json' },
  credentials: [
    { name: 'login', label: 'Login', account: true },
    { name: 'pin', label: 'PIN', secret: true },
    { name: 'contactEmail', label: 'E-mail' },
    { name: 'hint', label: 'Hint', required: false },
  ],
  login: { path: '/plain/in' },
  refresh: { path: '/plain/again', tokenField: 'r' },
  response: { accessToken: 'a', refreshToken: 'r' },
  example: { method: 'GET', path: '/plain/me', safe: true },
};

describe('sandbox option definitions', withOpenssl, () => {
  it('serves several definitions on one port, in addition to the built-in partners', async () => {
    const definitions = [acmeJson, acmeForms, acmeSalted].map(({ definition }) => ({ definition }));
    await using sandbox = await startSandbox({ definitions: [...definitions, { definition: plain }] });
    const ids = ['tconnect', 'bizmail', 'cloudreve', 'acme-pay', 'acme-forms', 'acme-cloud', 'plain'];
    assert.deepEqual(Object.keys(sandbox.profiles), ids);
    for (const id of ids) assert.equal(assertDefined(sandbox.profiles[id]).baseUrl, sandbox.url);
    for (const partner of client.allPartners) assert.ok((await client.signIn(sandbox, partner)).access);
  });

  it('generates random values for everything that is not set', async () => {
    await using sandbox = await startSandbox({
      definitions: [{ definition: plain }, { definition: acmeJson.definition }],
    });
    const { credentials, ...profile } = assertDefined(sandbox.profiles.plain);
    assert.deepEqual(profile, { partner: plain, baseUrl: sandbox.url });
    assert.deepEqual(Object.keys(credentials), ['login', 'pin', 'contactEmail']);
    assert.match(assertDefined(credentials.login), /^[^@]+@example\.com$/);
    assert.match(assertDefined(credentials.contactEmail), /^[^@]+@example\.com$/);
    assert.match(assertDefined(credentials.pin), /^\w{16}$/);
    const acme = assertDefined(sandbox.profiles['acme-pay']);
    assert.match(assertDefined(acme.partnerCode), /^SANDBOX-/);
    assert.match(String(acme.cipher?.key), /^[0-9a-f]{64}$/);
    assert.equal(acme.cipher?.iv.from, 'fixed');
    await using other = await startSandbox({ definitions: [{ definition: plain }] });
    assert.notDeepEqual(other.profiles.plain?.credentials, credentials);
  });

  it('has the profile of a definition by its id, and says which id it does not know', async () => {
    await using sandbox = await startSandbox({ definitions: [{ definition: plain }] });
    assert.equal(sandbox.profileOf('plain'), sandbox.profiles.plain);
    assert.throws(() => sandbox.profileOf('acme'), new TypeError('The sandbox has no partner "acme".'));
  });

  it('completes a partial cipher', async () => {
    const { definition } = acmeJson;
    const cipher = { algorithm: 'aes-128-cbc', iv: { from: 'fixed' }, output: 'base64' } as const;
    await using sandbox = await startSandbox({ definitions: [{ definition, cipher }] });
    const { key, keyFormat, iv, ...rest } = assertDefined(sandbox.profiles['acme-pay']?.cipher);
    assert.deepEqual([String(key).length, keyFormat, iv.from], [32, 'hex', 'fixed']);
    assert.deepEqual(rest, { algorithm: 'aes-128-cbc', output: 'base64' });
  });

  it('responds with plain statuses for a definition without error rules', async () => {
    await using sandbox = await startSandbox({ definitions: [{ definition: plain }] });
    const { credentials } = assertDefined(sandbox.profiles.plain);
    const url = `${sandbox.url}/plain`;
    assert.equal((await postJson(`${url}/in`, { ...credentials, pin: '' })).status, 400);
    assert.equal((await postJson(`${url}/in`, { ...credentials, pin: 'wrong' })).status, 401);
    assert.equal((await postJson(`${url}/again`, {})).status, 400);
    assert.equal((await postJson(`${url}/again`, { r: 'x' })).status, 401);
    assert.equal((await send(`${url}/me`)).status, 401);
    const { json } = await postJson(`${url}/in`, credentials);
    assert.deepEqual(Object.keys(json), ['a', 'r']);
    const me = await send(`${url}/me`, { headers: { authorization: `Bearer ${String(json.a)}` } });
    assert.deepEqual([me.status, me.json], [200, {}]);
    sandbox.set({ accountState: 'blocked' });
    assert.deepEqual(
      [(await postJson(`${url}/in`, credentials)).status, client.lastOutcome(sandbox)],
      [403, 'accountNotActive'],
    );
  });

  it('accepts multipart bodies, and another body form for protected calls', async () => {
    const definition: PartnerDefinition = {
      ...plain,
      body: { form: 'multipart' },
      requestBody: { form: 'json' },
      login: { path: '/plain/in', extraFields: { version: 2, scopes: ['a', 'b'] } },
      example: { method: 'POST', path: '/plain/me', payload: { a: 1 }, safe: true },
    };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const form = new FormData();
    for (const [name, value] of Object.entries(assertDefined(sandbox.profiles.plain).credentials))
      form.append(name, value);
    const login = (): Promise<client.Reply> => send(`${sandbox.url}/plain/in`, { method: 'POST', body: form });
    assert.equal((await login()).status, 400);
    form.append('version', '2');
    for (const scope of ['a', 'b']) form.append('scopes', scope);
    const { status, json } = await login();
    assert.equal(status, 200);
    assert.equal((await postJson(`${sandbox.url}/plain/in`, {})).status, 400);
    const bearer = { authorization: `Bearer ${String(json.a)}` };
    const me = await postJson(`${sandbox.url}/plain/me`, { tên: 'Ánh' }, bearer);
    assert.deepEqual(me.json, { received: { tên: 'Ánh' } });
    assert.equal((await send(`${sandbox.url}/plain/me`, { method: 'POST', headers: bearer })).status, 400);
  });

  it('distinguishes calls on one path by fields, query and bearer token', async () => {
    const definition: PartnerDefinition = {
      ...plain,
      login: { path: '/oauth?v=1', extraFields: { grant_type: 'password' } },
      refresh: { path: '/oauth?v=1', tokenField: 'r', extraFields: { grant_type: 'refresh_token' } },
      logout: { path: '/oauth?v=2', tokenField: 'r' },
      example: { method: 'POST', path: '/oauth', payload: {}, safe: true },
    };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const { credentials } = assertDefined(sandbox.profiles.plain);
    const url = `${sandbox.url}/oauth`;
    const first = await postJson(`${url}?v=1`, { ...credentials, grant_type: 'password' });
    sandbox.fail({ status: 503 }, { call: 'refresh' });
    const renew = (): Promise<client.Reply> => postJson(`${url}?v=1`, { r: first.json.r, grant_type: 'refresh_token' });
    assert.equal((await renew()).status, 503);
    const second = await renew();
    await postJson(url, {}, { authorization: `Bearer ${String(second.json.a)}` });
    await postJson(`${url}?v=2`, { r: second.json.r });
    await postJson(`${url}?v=1`, 'invalid');
    const received = sandbox.journal.map(({ call, outcome }) => `${call} ${outcome}`);
    const calls = ['login ok', 'refresh fault', 'refresh ok', 'protected ok', 'logout ok', 'login validation'];
    assert.deepEqual(received, calls);
  });

  it('normalizes and escapes paths as clients do', async () => {
    const definition = { ...plain, login: { path: '/plain/../plain/đăng-nhập' } };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const { credentials } = assertDefined(sandbox.profiles.plain);
    assert.equal((await postJson(`${sandbox.url}${definition.login.path}`, credentials)).status, 200);
  });

  it('chooses a status that no earlier rule matches', async () => {
    const definition: PartnerDefinition = {
      ...plain,
      response: { ...plain.response, code: 'code', message: 'message' },
      errors: [
        { status: 401, is: 'invalidCredentials' },
        { status: 403, is: 'partnerRefused' },
        { on: ['login'], code: 'LOCKED', is: 'accountUnavailable' },
        { on: ['refresh'], code: 'DEAD', is: 'sessionEnded' },
      ],
    };
    await using sandbox = await startSandbox({ definitions: [{ definition }], accountState: 'blocked' });
    const { credentials } = assertDefined(sandbox.profiles.plain);
    const locked = await postJson(`${sandbox.url}/plain/in`, credentials);
    assert.deepEqual([locked.status, locked.json.code], [400, 'LOCKED']);
    const dead = await postJson(`${sandbox.url}/plain/again`, { r: 'x' });
    assert.deepEqual([dead.status, dead.json.code], [400, 'DEAD']);
  });

  it('supports a field named __proto__', async () => {
    const response = { accessToken: '__proto__.constructor', refreshToken: 'r' };
    await using sandbox = await startSandbox({ definitions: [{ definition: { ...plain, response } }] });
    const { credentials } = assertDefined(sandbox.profiles.plain);
    const { text } = await postJson(`${sandbox.url}/plain/in`, credentials);
    assert.match(text, /^\{"__proto__":\{"constructor":"eyJ/);
    assert.equal(({} as client.Json).constructor, Object);
  });

  it('serves over https with the same certificate authority', async () => {
    await using sandbox = await startSandbox({ definitions: [{ definition: plain }], https: true });
    assert.equal(sandbox.profiles.plain?.ca, sandbox.ca);
  });

  const at = (path: string): SandboxDefinition => ({ definition: { ...plain, login: { path } } });
  const wrong: [SandboxDefinition[], object][] = [
    [[at('/api/v4/session/token')], { name: 'TypeError', message: /\/api\/v4\/session\/token.*cloudreve/ }],
    [[at('/x/../openapi/v1/auth/login?a=1')], { name: 'TypeError', message: /\/openapi\/v1\/auth\/login.*tconnect/ }],
    [[{ definition: partners.bizmail }], { name: 'TypeError', message: /partner bizmail/ }],
    [
      [at('/a'), { definition: { ...plain, id: 'second', refresh: { path: '/a', tokenField: 'r' } } }],
      { name: 'TypeError', message: /The path \/a of second/ },
    ],
    [[at('/a'), at('/b')], { name: 'TypeError', message: /already has a partner plain/ }],
    [[{ definition: plain, key: 1 } as SandboxDefinition], { name: 'TypeError', message: /Unknown option "key"/ }],
    [[{ definition: plain, cipher: { key: 'short' } }], { name: 'TypeError', message: /cipher\.key must be 32 bytes/ }],
    [[{ definition: { ...plain, logni: 1 } as PartnerDefinition }], { code: 'configuration', setting: /logni/ }],
  ];
  for (const [definitions, expected] of wrong) {
    it(`refuses ${inspect(expected, { breakLength: Infinity })}`, async () => {
      await assert.rejects(startSandbox({ definitions }), expected);
    });
  }

  it('throws for an unknown partner', async () => {
    await using sandbox = await startSandbox({ definitions: [{ definition: plain }] });
    for (const id of ['acme', 'toString']) {
      const message = new RegExp(`has no partner "${id}"`);
      assert.throws(() => sandbox.tokens(id), { name: 'TypeError', message });
      assert.throws(() => sandbox.revoke(id), { name: 'TypeError', message });
      assert.throws(() => sandbox.oneTimeCode(id), { name: 'TypeError', message });
      assert.throws(() => sandbox.fail('hang', { partner: id }), { name: 'TypeError', message });
    }
  });

  it('keeps the exact types of the built-in profiles', async () => {
    await using sandbox = await startSandbox();
    const { tconnect, bizmail, cloudreve } = sandbox.profiles;
    const names: SandboxPartner[] = [tconnect.partner, bizmail.partner, cloudreve.partner];
    const values: string[] = [
      tconnect.partnerCode,
      tconnect.cipher.key,
      bizmail.credentials.username,
      cloudreve.credentials.email,
    ];
    assert.deepEqual(names, ['tconnect', 'bizmail', 'cloudreve']);
    assert.ok(values.every((value) => value !== ''));
    assert.equal(sandbox.profiles['acme-pay'], undefined);
  });
});
