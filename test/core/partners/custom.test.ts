import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  definePartner,
  isPartnerAuthError,
  openSession,
  type ExpiryUnit,
  type PartnerAuthError,
  type PartnerDefinition,
  type PartnerSession,
  type SessionOptions,
} from '../../../core/index.ts';
import { startSandbox, type Sandbox, type SandboxDefinition } from '../../../core/sandbox/index.ts';
import { acmePay, acmePayJson } from '../../helpers/acme-pay.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { catchError } from '../../helpers/with-session.ts';

type Cipher = NonNullable<SandboxDefinition['cipher']>;

interface AcmeOptions {
  readonly definition?: PartnerDefinition;
  readonly cipher?: Cipher | 'none';
  readonly options?: Partial<SessionOptions>;
}

const byKey: Cipher = { iv: { from: 'key' } };

/** Runs a test with the README's partner in the sandbox and a session with it, both from the JSON alone. */
async function withAcme(
  test: (acme: {
    readonly sandbox: Sandbox;
    readonly session: PartnerSession;
    readonly credentials: Readonly<Record<string, string>>;
  }) => Promise<void>,
  { definition = acmePay, cipher = byKey, options = {} }: AcmeOptions = {},
): Promise<void> {
  await using sandbox = await startSandbox({ definitions: [{ definition, ...(cipher !== 'none' && { cipher }) }] });
  const profile = sandbox.profiles[definition.id];
  assert.ok(profile);
  await using session = await openSession({ ...profile, ...options });
  await test({ sandbox, session, credentials: profile.credentials });
}

async function refusal(call: Promise<unknown>): Promise<PartnerAuthError> {
  const error = await catchError(call);
  assert.ok(isPartnerAuthError(error), String(error));
  return error;
}

const callsOf = (sandbox: Sandbox): string[] => sandbox.journal.map(({ call, status }) => `${call} ${status}`);

describe('a partner defined as JSON', () => {
  it('supports login, refresh, calls and sign-out', () =>
    withAcme(async ({ sandbox, session, credentials }) => {
      await session.login(credentials);
      assert.equal(session.status.phase, 'valid');
      assert.equal(session.status.account, credentials.api_user);
      const first = sandbox.tokens('acme-pay');
      assert.equal(await session.accessToken(), first?.accessToken);
      await session.refresh();
      assert.notEqual(sandbox.tokens('acme-pay')?.refreshToken, first?.refreshToken);
      const { headers, ...response } = await session.request('/v2/balance');
      assert.deepEqual(response, { status: 200, ok: true, body: { status: 'OK' } });
      assert.match(headers['content-type'] ?? '', /json/);
      assert.deepEqual(await session.signOut(), { revoked: true });
      assert.deepEqual(callsOf(sandbox), ['login 200', 'refresh 200', 'protected 200', 'logout 200']);
      const [login, refresh] = sandbox.journal;
      assert.deepEqual(login?.payload, { ...credentials, grant_type: 'password' });
      assert.deepEqual(refresh?.payload, { renewal_token: first?.refreshToken });
      assert.match(login.body, /^\{"payload":"[\da-f]+"\}$/);
      for (const { headers } of sandbox.journal) assert.match(headers['x-merchant-id'] ?? '', /^SANDBOX-/);
    }));

  const clock = manualClock();
  const expiresAt = clock.now() + 3_600_000;
  const units: readonly (readonly [ExpiryUnit, unknown])[] = [
    ['seconds', 3600],
    ['milliseconds', 3_600_000],
    ['epochSeconds', expiresAt / 1000],
    ['epochMilliseconds', expiresAt],
    ['rfc3339', '2026-01-01T08:00:00.000+07:00'],
  ];
  for (const [unit, onTheWire] of units) {
    it(`is simulated with deadlines in ${unit}, which a session reads without a warning`, async () => {
      const expiry = { field: 'valid', unit };
      const response = { ...acmePay.response, accessExpiry: expiry };
      const definition = definePartner({ ...acmePay, response });
      await using sandbox = await startSandbox({ clock: clock.now, definitions: [{ definition, cipher: byKey }] });
      const profile = sandbox.profiles[definition.id];
      assert.ok(profile);
      const warnings: string[] = [];
      const ignore = (): void => undefined;
      const logger = { debug: ignore, info: ignore, error: ignore, warn: (text: string) => void warnings.push(text) };
      await using session = await openSession({ ...profile, clock, logger });
      const responses: unknown[] = [];
      session.on('exchange', (exchange) => void responses.push(exchange.response), { reveal: true });
      await session.login(profile.credentials);
      assert.equal((responses[0] as { result: { valid: unknown } }).result.valid, onTheWire);
      assert.equal(session.status.accessExpiresAt, expiresAt);
      assert.deepEqual(warnings, []);
    });
  }

  it('repeats a call after a refresh if the access token has expired', () =>
    withAcme(async ({ sandbox, session, credentials }) => {
      await session.login(credentials);
      sandbox.advance(7200);
      assert.equal((await session.request('/v2/balance')).status, 200);
      assert.deepEqual(callsOf(sandbox).slice(1), ['protected 401', 'refresh 200', 'protected 200']);
    }));

  it('reports errors according to its rules', () =>
    withAcme(async ({ sandbox, session, credentials }) => {
      const wrong = await refusal(session.login({ ...credentials, api_secret: 'another' }));
      assert.equal(wrong.code, 'invalidCredentials');
      assert.match(wrong.message, /ACME Pay refused the login .*code E-LOGIN.*Check api_user, api_secret\./);
      await session.login(credentials);
      sandbox.revoke('acme-pay');
      const ended = await refusal(session.refresh());
      assert.equal(ended.code, 'sessionEnded');
      assert.equal(session.status.phase, 'ended');
    }));

  it('names the cipher settings and detectCipher() if the partner cannot decrypt', () =>
    withAcme(
      async ({ session, credentials }) => {
        const error = await refusal(session.login(credentials));
        assert.deepEqual([error.code, error.setting], ['configuration', 'cipher']);
        assert.match(error.message, /code E-CIPHER.*detectCipher\(\)/);
      },
      { options: { cipher: { key: 'k'.repeat(32), iv: { from: 'zero' } } } },
    ));

  it('reports a missing setting or credential before anything is sent', async () => {
    const settings = { partner: acmePay, baseUrl: 'https://acme.example', partnerCode: 'M-1' };
    const noCipher = await refusal(openSession(settings));
    assert.deepEqual([noCipher.code, noCipher.setting], ['configuration', 'cipher']);
    const cipher = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
    const noCode = await refusal(openSession({ partner: acmePay, baseUrl: 'https://acme.example', cipher }));
    assert.equal(noCode.setting, 'partnerCode');
    await using session = await openSession({ ...settings, cipher });
    const noField = await refusal(session.login({ api_user: 'robot' }));
    assert.equal(noField.code, 'configuration');
    assert.match(noField.message, /api_secret/);
  });

  const { body: _, ...rest } = acmePay;
  const shapes: readonly (readonly [string, PartnerDefinition, Cipher | 'none', RegExp])[] = [
    [
      'form fields, a query string and an IV in its own field',
      {
        ...rest,
        body: {
          form: 'encrypted',
          field: 'details',
          payload: 'query',
          envelope: 'form',
          fields: { merchant: '{partnerCode}', v: '2.0' },
        },
      },
      { iv: { from: 'field', name: 'vector', format: 'hex-upper' }, output: 'hex-upper', padding: 32 },
      /^merchant=SANDBOX-\w+&v=2.0&details=[\dA-F]+&vector=[\dA-F]{32}$/,
    ],
    [
      'encrypted responses, and a key derived from a password and a salt in each message',
      {
        ...rest,
        body: { form: 'encrypted', field: 'enc' },
        response: { ...acmePay.response, encryptedIn: 'sealed.text' },
      },
      {
        key: 'mật khẩu của ACME',
        derivation: { evp: 'md5' },
        iv: { from: 'salted' },
        output: 'base64',
        ciphertextPrefix: '@',
      },
      /^\{"enc":"@U2FsdGVkX1[\w+/=]+"\}$/,
    ],
    [
      'encrypted responses with the IV next to the ciphertext',
      { ...rest, body: { form: 'encrypted', field: 'd' }, response: { ...acmePay.response, encryptedIn: 'd' } },
      { iv: { from: 'field', name: 'iv', format: 'base64' }, output: 'base64' },
      /^\{"d":"[\w+/=]+","iv":"[\w+/]{22}=="\}$/,
    ],
    ['plain JSON', { ...rest, body: { form: 'json' } }, 'none', /^\{"api_user":/],
  ];
  for (const [title, definition, cipher, envelope] of shapes) {
    it(`supports ${title}`, () =>
      withAcme(
        async ({ sandbox, session, credentials }) => {
          await session.login(credentials);
          await session.refresh();
          assert.equal((await session.request('/v2/balance')).status, 200);
          assert.deepEqual(await session.signOut(), { revoked: true });
          assert.match(sandbox.journal[0]?.body ?? '', envelope);
          assert.deepEqual(callsOf(sandbox), ['login 200', 'refresh 200', 'protected 200', 'logout 200']);
        },
        { definition: definePartner(definition), cipher },
      ));
  }

  it('is not affected by later changes to the JSON', async () => {
    const json = acmePayJson();
    const definition = definePartner(json as unknown as PartnerDefinition);
    (json.login as { path: string }).path = '/evil';
    assert.equal(definition.login.path, '/v2/token');
    assert.throws(() => Object.assign(definition.login, { path: '/evil' }), TypeError);
  });
});

describe('an invalid definition', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const wrong: readonly (readonly [string, (json: Record<string, unknown>) => void, string])[] = [
    ['with an unknown key', (json) => (json.cypher = {}), 'partner.cypher'],
    [
      'with an unknown key in its envelope',
      (json) => (json.body = { ...acmePay.body, feild: 'x' }),
      'partner.body.feild',
    ],
    [
      'with an unknown payload form',
      (json) => (json.body = { ...acmePay.body, payload: 'xml' }),
      'partner.body.payload',
    ],
    ['with an unknown envelope', (json) => (json.body = { ...acmePay.body, envelope: 'xml' }), 'partner.body.envelope'],
    ['with a path without a slash', (json) => (json.login = { path: 'v2/token' }), 'partner.login.path'],
    ['with a path to another server', (json) => (json.login = { path: '//evil.example/' }), 'partner.login.path'],
    ['without a response', (json) => delete json.response, 'partner.response'],
    ['with an unknown placeholder', (json) => (json.headers = { 'X-Key': '{apiKey}' }), 'partner.headers.X-Key'],
    ['that refers to itself', (json) => (json.login = cyclic), 'partner'],
    ['of 50 MB', (json) => (json.label = 'x'.repeat(50_000_000)), 'partner'],
  ];
  for (const [title, change, setting] of wrong) {
    it(`${title} is refused within two seconds of processor time, and the error names ${setting}`, () => {
      const json = acmePayJson();
      change(json);
      const start = process.cpuUsage();
      assert.throws(
        () => definePartner(json as unknown as PartnerDefinition),
        (error: unknown) => {
          assert.ok(isPartnerAuthError(error));
          assert.deepEqual([error.code, error.setting], ['configuration', setting]);
          return error.message.startsWith(setting) && error.message.length < 300;
        },
      );
      assert.ok(process.cpuUsage(start).user < 2_000_000);
    });
  }
});
