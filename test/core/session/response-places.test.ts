import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createCipher,
  definePartner,
  isPartnerAuthError,
  openSession,
  type PartnerDefinition,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const define = (change: object): PartnerDefinition => definePartner({ ...plainPartner, ...change });
const login = { user: 'ann', password: 'S3cret-of-ann' };
const json = { 'content-type': 'application/json' };

describe('where a response has its values', () => {
  it('may be a list', () => {
    const partner = define({
      response: {
        ...plainPartner.response,
        accessToken: 'tokens.0.value',
        refreshToken: 'tokens.1.value',
        code: 'errors.0.extensions.code',
      },
      errors: [{ on: ['login'], code: 'INVALID_CREDENTIALS', is: 'invalidCredentials' }],
    });
    return withPartner({ definition: partner }, async ({ session, reply }) => {
      reply('/login', { body: { tokens: [{ value: 'a' }, { value: 'r' }] } });
      await session.login(login);
      assert.equal(await session.accessToken(), 'a');
      reply('/login', { status: 401, body: { errors: [{ extensions: { code: 'INVALID_CREDENTIALS' } }] } });
      await assert.rejects(session.login(login), { code: 'invalidCredentials' });
      reply('/login', { status: 401, body: { errors: [] } });
      await assert.rejects(session.login(login), { code: 'invalidResponse' });
    });
  });

  it('may be headers, also without a body', () => {
    const partner = define({
      response: { accessToken: 'header:X-Token', refreshToken: 'header:x-refresh', code: 'header:X-Error' },
      login: { path: '/login', tokensIn: 'data' },
      errors: [{ on: ['refresh'], code: 'gone', is: 'sessionEnded' }],
    });
    return withPartner({ definition: partner }, async ({ session, reply }) => {
      reply('/login', { status: 204, headers: { 'x-token': 'a', 'x-refresh': 'r' } });
      await session.login(login);
      assert.equal(await session.accessToken(), 'a');
      reply('/refresh', { status: 401, headers: { 'x-error': 'gone' } });
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
    });
  });

  it('may be cookies, of which one is sent back', () => {
    const partner = define({
      response: { ...plainPartner.response, refreshToken: 'cookie:refresh_token' },
      refresh: { path: '/refresh', tokenCookie: 'refresh_token' },
      logout: { path: '/logout', tokenCookie: 'refresh_token' },
    });
    return withRawPartner({ partner, signedIn: false }, async ({ session, received, on }) => {
      const cookies = (value: string) => ['theme=dark', `refresh_token=${value}; Path=/; HttpOnly; Max-Age=9`];
      on('POST /login', (response) =>
        response.writeHead(200, { ...json, 'set-cookie': cookies('r%201') }).end('{"access":"a"}'),
      );
      on('POST /refresh', (response, number) =>
        response
          .writeHead(200, { ...json, ...(number === 1 && { 'set-cookie': cookies('r2') }) })
          .end('{"access":"b"}'),
      );
      await session.login(login);
      await session.refresh();
      await session.refresh();
      assert.deepEqual(await session.signOut(), { revoked: true });
      assert.deepEqual(
        received.map(({ headers, body }) => [headers.cookie, String(body)]),
        [
          [undefined, JSON.stringify(login)],
          ['refresh_token=r%201', '{}'],
          ['refresh_token=r2', '{}'],
          ['refresh_token=r2', '{}'],
        ],
      );
    });
  });

  for (const [title, line] of [
    ['an empty value', 'r=; Path=/'],
    ['Max-Age', 'r=deleted; max-age=0'],
    ['a time in the past', 'r=deleted; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/'],
  ] as const) {
    it(`takes a cookie that is removed by ${title} as none`, () => {
      const partner = define({
        response: { ...plainPartner.response, refreshToken: 'cookie:r' },
        refresh: { path: '/refresh', tokenCookie: 'r' },
      });
      return withPartner({ definition: partner }, async ({ session, reply, store }) => {
        const headers = { ...json, 'set-cookie': [line] };
        reply('/login', { headers, body: { access: 'a', expires: 60 } });
        await session.login(login);
        assert.doesNotMatch(JSON.stringify(await store.read()), /refreshToken/);
      });
    });
  }

  for (const [title, body, headers] of [
    ['text', 'eyJh.eyJi.c\n', { 'content-type': 'text/plain' }],
    ['text without a content type', 'eyJh.eyJi.c', {}],
    ['a string of JSON', '"eyJh.eyJi.c"', json],
  ] as const) {
    it(`may be the whole body as ${title}`, () => {
      const { refreshToken, ...shape } = plainPartner.response;
      const partner = define({ response: { ...shape, refreshToken, accessToken: 'body:', accessExpiry: undefined } });
      return withPartner({ definition: partner }, async ({ session, reply }) => {
        reply('/login', { headers, body });
        await session.login(login);
        assert.equal(await session.accessToken(), 'eyJh.eyJi.c');
      });
    });
  }

  it('is no JSON that is the whole body', () => {
    const partner = define({ response: { accessToken: 'body:', refreshToken: 'r' }, errors: [] });
    return withPartner({ definition: partner }, async ({ session, reply }) => {
      reply('/login', { body: { maintenance: true } });
      const message = /sent JSON in "body:", where a token is required.*It has the fields maintenance\./;
      await assert.rejects(session.login(login), { code: 'invalidResponse', message });
    });
  });

  it('is not taken from the page of a captive portal', () => {
    const partner = define({ response: { accessToken: 'body:', refreshToken: 'r' }, errors: [] });
    return withPartner({ definition: partner }, async ({ session, reply }) => {
      reply('/login', { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' });
      const error = await catchError(session.login(login));
      assert.ok(isPartnerAuthError(error));
      assert.deepEqual([error.code, error.retryable], ['invalidResponse', true]);
      assert.equal(session.status.phase, 'signedOut');
    });
  });

  it('may be ciphertext that is the whole body', () => {
    const settings = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
    const partner = define({ response: { ...plainPartner.response, encryptedIn: 'body:' } });
    return withPartner({ definition: partner, cipher: settings }, async ({ session, reply }) => {
      const sent = createCipher(settings).encrypt('{"access":"a","refresh":"r","expires":60}');
      reply('/login', { headers: { 'content-type': 'text/plain' }, body: `${sent}\n` });
      await session.login(login);
      assert.equal(await session.accessToken(), 'a');
      reply('/login', { status: 401, body: { code: 'BAD_LOGIN' } });
      await assert.rejects(session.login(login), { code: 'invalidCredentials' });
      reply('/login', { headers: { 'content-type': 'text/plain' }, body: 'f'.repeat(64) });
      await assert.rejects(session.login(login), { code: 'cipher' });
      for (const body of ['Unauthorized', 'This site is not available now']) {
        reply('/login', { status: 403, headers: { 'content-type': 'text/plain' }, body });
        await assert.rejects(session.login(login), { code: 'invalidResponse' });
      }
    });
  });

  it('may be ciphertext only without an IV in another field', async () => {
    const partner = define({ response: { ...plainPartner.response, encryptedIn: 'body:' } });
    const cipher = { key: 'k'.repeat(32), iv: { from: 'field', name: 'iv' } } as const;
    const error = await catchError(openSession({ partner, baseUrl: 'http://127.0.0.1:9', cipher }));
    assert.ok(isPartnerAuthError(error));
    assert.deepEqual([error.code, error.setting], ['configuration', 'cipher.iv']);
    assert.match(error.message, /a response of Plain Partner is nothing but the ciphertext/);
  });

  it('may differ from call to call', () => {
    const partner = define({
      login: {
        path: '/login',
        response: { accessToken: 'jwt', refreshToken: 'renew', success: { field: 'ok', equals: true }, code: 'why' },
      },
      refresh: { path: '/refresh', tokenField: 'refresh', response: { accessToken: 'token' } },
      errors: [{ on: ['login'], code: 'NO', is: 'accountUnavailable' }],
    });
    return withPartner({ definition: partner }, async ({ session, reply }) => {
      reply('/login', { body: { ok: true, jwt: 'a', renew: 'r' } });
      await session.login(login);
      reply('/refresh', { body: { token: 'b', refresh: 's' } });
      await session.refresh();
      assert.equal(await session.accessToken(), 'b');
      reply('/login', { body: { ok: false, why: 'NO' } });
      await assert.rejects(session.login(login), { code: 'accountUnavailable' });
      assert.equal((await session.request('/orders')).ok, true);
    });
  });

  const shapes: readonly (readonly [title: string, change: object])[] = [
    ['lists', { response: { accessToken: 'list.0.access', refreshToken: 'list.1.refresh', code: 'errors.0.code' } }],
    [
      'headers',
      { response: { accessToken: 'header:X-Access', refreshToken: 'header:X-Refresh', code: 'header:X-Code' } },
    ],
    ['the whole body', { response: { accessToken: 'body:', refreshToken: 'header:X-Refresh' }, errors: [] }],
    ['cookies', { response: { accessToken: 'cookie:a', refreshToken: 'cookie:r' }, errors: [] }],
    [
      'a cookie',
      {
        response: { accessToken: 'access', refreshToken: 'cookie:r' },
        refresh: { path: '/refresh', tokenCookie: 'r', response: { accessToken: 'data.0' } },
        logout: { path: '/logout', tokenCookie: 'r' },
        errors: [{ on: ['login'], status: 401, is: 'invalidCredentials' }],
      },
    ],
  ];
  for (const [title, change] of shapes) {
    it(`is where the sandbox puts them: ${title}`, async () => {
      const { code: _, message: __, ...shape } = plainPartner.response;
      const given = (change as { readonly response: object }).response;
      const rules = [{ on: ['login'], status: 401, is: 'invalidCredentials' }];
      const example = { method: 'GET', path: '/me', safe: true };
      const definition = define({
        id: 'placed',
        errors: rules,
        example,
        ...change,
        response: { ...shape, ...given, accessExpiry: undefined },
      });
      await using sandbox = await startSandbox({ definitions: [{ definition }] });
      const profile = sandbox.profiles.placed;
      assert.ok(profile);
      await using session = await openSession({ ...profile });
      await session.login(profile.credentials);
      assert.equal(await session.accessToken(), sandbox.tokens('placed')?.accessToken);
      await session.refresh();
      assert.equal(await session.accessToken(), sandbox.tokens('placed')?.accessToken);
      assert.equal((await session.request('/me')).ok, true);
      await assert.rejects(session.login({ ...plainCredentials, user: 'nobody' }));
    });
  }

  const paths: readonly (readonly [path: string, advice: RegExp])[] = [
    ['errors[0].code', /write errors\.0\.code/],
    ['$.data["token"]', /write data\.token/],
    ['data..token', /names joined by dots/],
    ['Header:X-Token', /such as header:X-Token/],
    ['headers:X-Token', /such as header:X-Token/],
    ['header: X-Token', /such as header:X-Token/],
    ['header:', /such as header:X-Token/],
    ['set-cookie:refresh_token', /such as cookie:refresh_token/],
    ['body:text', /"body:" alone/],
  ];
  for (const [path, advice] of paths) {
    it(`cannot be ${path}, and the error has the right spelling`, async () => {
      const change = { response: { ...plainPartner.response, code: path } };
      const error = await catchError(Promise.resolve().then(() => define(change)));
      assert.ok(isPartnerAuthError(error));
      assert.deepEqual([error.code, error.setting], ['configuration', 'partner.response.code']);
      assert.match(error.message, advice);
    });
  }

  it('must be JSON for the object with the tokens', async () => {
    const change = { login: { path: '/login', tokensIn: 'data[0]' } };
    const error = await catchError(Promise.resolve().then(() => define(change)));
    assert.ok(isPartnerAuthError(error));
    assert.match(error.message, /partner\.login\.tokensIn.*write data\.0/);
  });
});
