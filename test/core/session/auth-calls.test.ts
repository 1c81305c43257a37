import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, isPartnerAuthError, openSession, type PartnerDefinition } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

async function refusal(call: () => unknown): Promise<readonly [setting: string | undefined, message: string]> {
  const error = await catchError(Promise.resolve().then(call));
  assert.ok(isPartnerAuthError(error) && error.code === 'configuration', String(error));
  return [error.setting, error.message];
}

const define = (change: object): PartnerDefinition => definePartner({ ...plainPartner, ...change });

describe('a bearer on an auth call', () => {
  it('is the token that the definition names', () => {
    const partner = define({
      login: { path: '/login', authorization: 'accessToken' },
      refresh: { path: '/refresh', authorization: 'refreshToken' },
      logout: { path: '/logout?scope=local', authorization: 'accessToken', extraFields: { all: false } },
    });
    return withRawPartner({ partner }, async ({ session, received }) => {
      await session.refresh();
      await session.login({ user: 'ann', password: 'S3cret-of-ann' });
      assert.deepEqual(await session.signOut(), { revoked: true });
      assert.deepEqual(
        received.map(({ call, headers, body }) => [call, headers.authorization, String(body)]),
        [
          ['POST /login', undefined, '{"user":"ann","password":"S3cret-of-ann"}'],
          ['POST /refresh', 'Bearer refresh-1', '{}'],
          ['POST /login', 'Bearer access-2', '{"user":"ann","password":"S3cret-of-ann"}'],
          ['POST /logout?scope=local', 'Bearer access-3', '{"all":false}'],
        ],
      );
    });
  });

  it('goes along with a token in the payload', () => {
    const partner = define({
      refresh: { path: '/refresh', tokenField: 'token', authorization: 'accessToken' },
      logout: { path: '/logout', tokenField: 'token', authorization: 'accessToken' },
    });
    return withRawPartner({ partner }, async ({ session, received }) => {
      await session.refresh();
      await session.signOut();
      assert.deepEqual(
        received.slice(1).map(({ headers, body }) => [headers.authorization, String(body)]),
        [
          ['Bearer access-1', '{"token":"refresh-1"}'],
          ['Bearer access-2', '{"token":"refresh-2"}'],
        ],
      );
    });
  });

  it('is checked by the sandbox, which revokes the session of the access token', async () => {
    const { client: _, ...rest } = oauthPartner;
    const definition: PartnerDefinition = { ...rest, logout: { path: '/logout', authorization: 'accessToken' } };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const profile = sandbox.profiles.oauth;
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await session.login(profile.credentials);
    const tokens = sandbox.tokens('oauth');
    assert.deepEqual(await session.signOut(), { revoked: true });
    await assert.rejects(session.adopt({ refreshToken: tokens?.refreshToken ?? '' }));
    assert.equal(sandbox.journal.at(-1)?.outcome, 'revoked');
  });

  it('of a sign-out is renewed first if the access token has expired', async () => {
    const { client: _, ...rest } = oauthPartner;
    const definition: PartnerDefinition = { ...rest, logout: { path: '/logout', authorization: 'accessToken' } };
    const clock = manualClock();
    await using sandbox = await startSandbox({ definitions: [{ definition }], clock: clock.now });
    const profile = sandbox.profiles.oauth;
    assert.ok(profile);
    await using session = await openSession({ ...profile, clock });
    await session.login(profile.credentials);
    clock.advance(4_000_000);
    assert.equal(session.status.phase, 'expired');
    assert.deepEqual(await session.signOut(), { revoked: true });
    assert.deepEqual(
      sandbox.journal.map(({ call, outcome }) => `${call} ${outcome}`),
      ['login ok', 'refresh ok', 'logout ok'],
    );
  });

  it('or a token field is required of refresh and logout', async () => {
    for (const name of ['refresh', 'logout']) {
      const [setting, message] = await refusal(() => define({ [name]: { path: '/x' } }));
      assert.equal(setting, `partner.${name}.tokenField`);
      assert.match(message, /is missing/);
    }
    const otp = {
      path: '/o',
      sessionIn: 's',
      sessionField: 's',
      codeField: 'c',
      lifetime: 9,
      authorization: 'accessToken',
    };
    assert.equal((await refusal(() => define({ oneTimeCode: otp })))[0], 'partner.oneTimeCode.authorization');
  });
});

describe('further fields of auth calls', () => {
  const partner = define({
    logout: { path: '/logout', tokenField: 'refresh', extraFields: { reason: 'user' } },
    oneTimeCode: { path: '/otp', sessionIn: 's', sessionField: 's', codeField: 'otp', lifetime: 60 },
    errors: [{ on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' }],
  });

  it('are sent with logout and one-time code too', () => {
    const extraFields = { oneTimeCode: { trust: true }, logout: { allOf: 'me' } };
    return withRawPartner({ partner, extraFields, signedIn: false }, async ({ session, received, on }) => {
      on('POST /login', (response) => response.end('{"code":"OTP","s":"pending"}'));
      on('POST /otp', (response) => response.end('{"access":"a","refresh":"r","expires":3600}'));
      await session.login({ user: 'ann', password: 'S3cret-of-ann', otp: '123456' });
      await session.signOut();
      assert.deepEqual(
        received.slice(1).map(({ body }) => JSON.parse(String(body)) as unknown),
        [
          { otp: '123456', s: 'pending', trust: true },
          { refresh: 'r', allOf: 'me', reason: 'user' },
        ],
      );
    });
  });

  for (const [extraFields, setting] of [
    [{ logout: { refresh: 'x' } }, 'extraFields.logout.refresh'],
    [{ logout: { reason: 'x' } }, 'extraFields.logout.reason'],
    [{ oneTimeCode: { otp: 'x' } }, 'extraFields.oneTimeCode.otp'],
    [{ oneTimeCode: { s: 'x' } }, 'extraFields.oneTimeCode.s'],
    [{ logout: [] }, 'extraFields.logout'],
  ] as const) {
    it(`refuses ${setting}`, async () => {
      const baseUrl = 'https://partner.example';
      const [found] = await refusal(() => openSession({ partner, baseUrl, extraFields: extraFields as object }));
      assert.equal(found, setting);
    });
  }

  it('refuses those of a call that the definition lacks', async () => {
    const options = { partner: plainPartner, baseUrl: 'https://partner.example', extraFields: { logout: { a: 1 } } };
    assert.match((await refusal(() => openSession(options)))[1], /extraFields\.logout has no effect.*no such call/);
  });
});

describe('names of payload fields with a dot', () => {
  const credentials = [
    { name: 'user.email', label: 'Email', account: true },
    { name: 'user.password', label: 'Password', secret: true },
  ];
  const partner = define({
    credentials,
    login: { path: '/login', extraFields: { user: { remember: true }, device: 'cli' } },
    refresh: { path: '/refresh', tokenField: 'data.refresh' },
  });
  const given = { 'user.email': 'ann@example.com', 'user.password': 'S3cret-of-ann' };

  it('are paths in JSON, next to constant fields in the same object', () =>
    withRawPartner({ partner, signedIn: false, extraFields: { login: { locale: 'vi' } } }, async (raw) => {
      const { session, received } = raw;
      await session.login(given);
      await session.refresh();
      assert.equal(session.status.account, 'ann@example.com');
      assert.deepEqual(
        received.map(({ body }) => JSON.parse(String(body)) as unknown),
        [
          {
            user: { email: 'ann@example.com', password: 'S3cret-of-ann', remember: true },
            locale: 'vi',
            device: 'cli',
          },
          { data: { refresh: 'refresh-1' } },
        ],
      );
    }));

  it('are shown and masked by their path', () =>
    withRawPartner({ partner, signedIn: false }, async ({ session }) => {
      const payloads: unknown[] = [];
      session.on('exchange', ({ payload }) => void payloads.push(payload));
      await session.login(given);
      const { user } = payloads[0] as { readonly user: Readonly<Record<string, unknown>> };
      assert.equal(user.email, 'ann@example.com');
      assert.match(String(user.password), /^•+$/);
    }));

  it('are names as they are in a form', () =>
    withRawPartner(
      { partner: { ...partner, body: { form: 'urlencoded' }, login: { path: '/login' } }, signedIn: false },
      async ({ session, received }) => {
        await session.login(given);
        assert.equal(String(received[0]?.body), 'user.email=ann%40example.com&user.password=S3cret-of-ann');
      },
    ));

  it('are understood by the sandbox', async () => {
    const definition: PartnerDefinition = { ...partner, id: 'nested', login: { ...partner.login, path: '/nested/in' } };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const profile = sandbox.profiles.nested;
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await session.login(profile.credentials);
    await session.refresh();
    await assert.rejects(session.login({ ...profile.credentials, 'user.password': 'wrong' }));
    assert.equal(sandbox.journal.at(-1)?.outcome, 'badCredentials');
  });

  for (const [title, change, setting] of [
    [
      'a name that is a part of another',
      { credentials: [...credentials, { name: 'user', label: 'User' }] },
      'partner.credentials',
    ],
    [
      'a constant in place of a nested field',
      { credentials, login: { path: '/login', extraFields: { user: { email: 'x' } } } },
      'partner.login.extraFields.user.email',
    ],
    [
      'a constant that is no object',
      { credentials, login: { path: '/login', extraFields: { user: 'x' } } },
      'partner.login.extraFields.user.email',
    ],
  ] as const) {
    it(`refuses ${title}`, async () => assert.equal((await refusal(() => define(change)))[0], setting));
  }
});

describe('an auth call with GET', () => {
  it('sends its constant fields as the query', () => {
    const partner = define({
      refresh: {
        method: 'GET',
        path: '/refresh',
        authorization: 'refreshToken',
        extraFields: { grant: 'a b', list: ['x', 'y'], n: 1 },
      },
      logout: { method: 'GET', path: '/logout?scope=local', authorization: 'accessToken' },
    });
    return withRawPartner({ partner, extraFields: { logout: { all: true } } }, async ({ session, received, on }) => {
      on('GET /refresh?grant=a%20b&list=x&list=y&n=1', (response) => response.end('{"access":"a","refresh":"r"}'));
      await session.refresh();
      await session.signOut();
      assert.deepEqual(
        received.slice(1).map(({ call, headers, body }) => [call, headers.authorization, body.length]),
        [
          ['GET /refresh?grant=a%20b&list=x&list=y&n=1', 'Bearer refresh-1', 0],
          ['GET /logout?scope=local&all=true', 'Bearer a', 0],
        ],
      );
    });
  });

  it('is understood by the sandbox', async () => {
    const { client: _, ...rest } = oauthPartner;
    const definition: PartnerDefinition = {
      ...rest,
      refresh: { method: 'GET', path: '/renew?v=1', authorization: 'refreshToken', extraFields: { a: 1 } },
      logout: { method: 'GET', path: '/logout', authorization: 'accessToken' },
    };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const profile = sandbox.profiles.oauth;
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await session.login(profile.credentials);
    await session.refresh();
    assert.deepEqual(await session.signOut(), { revoked: true });
  });

  it('sends no further credential, which would be in the URL', () => {
    const partner = define({ credentials: [], client: { send: 'basic' }, login: { method: 'GET', path: '/login' } });
    const options = { partner, client: { id: 'shop' }, signedIn: false };
    return withRawPartner(options, async ({ session, received }) => {
      assert.deepEqual(await refusal(() => session.login({ password: 'S3cret' })), [
        'password',
        'The credential password cannot be sent: the login of Plain Partner is a GET, so that it would have to be in the URL.',
      ]);
      assert.equal(received.length, 0);
    });
  });

  it('refuses further fields of a partner that encrypts its payloads', async () => {
    const partner = define({
      credentials: [],
      client: { send: 'basic' },
      body: { form: 'encrypted', field: 'data' },
      login: { method: 'GET', path: '/login' },
    });
    const cipher = { key: 'k'.repeat(32), iv: { from: 'zero' } } as const;
    const options = { partner, baseUrl: 'http://127.0.0.1:9', client: { id: 'shop' }, cipher };
    const [setting, text] = await refusal(() => openSession({ ...options, extraFields: { login: { pin: '1234' } } }));
    assert.equal(setting, 'extraFields.login');
    assert.match(text, /cannot be sent: .*encrypted, and that of a GET is in the URL/);
  });

  for (const [title, change, setting, message] of [
    ['credentials', { login: { method: 'GET', path: '/l' } }, 'partner.login.method', /"user", "password"/],
    [
      'a token',
      { refresh: { method: 'GET', path: '/r', tokenField: 't' } },
      'partner.refresh.method',
      /"t".*in the URL/,
    ],
    [
      'a secret of the client',
      { client: { send: 'body' }, logout: { method: 'GET', path: '/l', authorization: 'accessToken' } },
      'partner.logout.method',
      /client_secret/,
    ],
    [
      'an object',
      { logout: { method: 'GET', path: '/l', authorization: 'accessToken', extraFields: { a: { b: 1 } } } },
      'partner.logout.extraFields.a',
      /is an object/,
    ],
  ] as const) {
    it(`refuses ${title} in the URL`, async () => {
      const [found, text] = await refusal(() => define(change));
      assert.equal(found, setting);
      assert.match(text, message);
    });
  }
});
