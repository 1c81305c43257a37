import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, isPartnerAuthError, openSession, type PartnerDefinition } from '../../../core/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';

describe('headers of a definition', () => {
  it('replace the content type of each body, and are sent with every call', async () => {
    const headers = { 'Content-Type': 'application/vnd.acme+json; charset=utf-8', Accept: 'application/vnd.acme+json' };
    await withRawPartner({ partner: { ...plainPartner, headers } }, async ({ session, received }) => {
      await session.refresh();
      await session.request('/orders', { payload: { a: 1 } });
      await session.request('/orders');
      for (const { call, headers: sent } of received) {
        assert.equal(sent['content-type'], headers['Content-Type'], call);
        assert.equal(sent.accept, headers.Accept, call);
      }
      await assert.rejects(session.request('/orders', { headers: { 'content-type': 'text/plain' } }), TypeError);
    });
  });

  it('may state the content type of an encrypted body', async () => {
    const partner: PartnerDefinition = {
      ...plainPartner,
      headers: { 'content-type': 'text/plain' },
      body: { form: 'encrypted', field: 'data' },
    };
    const cipher = { key: '0123456789abcdef0123456789abcdef', iv: { from: 'key' } } as const;
    await withRawPartner({ partner, cipher }, ({ received }) => {
      assert.equal(received[0]?.headers['content-type'], 'text/plain');
      return Promise.resolve();
    });
  });

  it('lets a call state the content type of a JSON body, but not of a multipart one', async () => {
    await withRawPartner({}, async ({ session, received }) => {
      await session.request('/orders', {
        payload: { a: 1 },
        headers: { 'Content-Type': 'application/merge-patch+json' },
      });
      assert.equal(received.at(-1)?.headers['content-type'], 'application/merge-patch+json');
    });
    await withRawPartner({ partner: { ...plainPartner, requestBody: { form: 'multipart' } } }, async ({ session }) => {
      const options = { payload: { a: 1 }, headers: { 'Content-Type': 'multipart/form-data' } };
      await assert.rejects(session.request('/orders', options), TypeError);
    });
  });
});

type Change = Readonly<Record<string, unknown>>;

describe('what a definition says and a session could not do', () => {
  const otp = { path: '/otp', sessionIn: 's', sessionField: 's', codeField: 'otp', lifetime: 60 };
  const otpRule = { on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' };
  const captcha = { path: '/c', imageIn: 'i', ticketIn: 't', textField: 'text', ticketField: 'ticket' };
  const encrypted = { form: 'encrypted', field: 'data' };
  const { code: _, ...withoutCode } = plainPartner.response;
  const { message: __, ...withoutMessage } = plainPartner.response;
  const refused: readonly (readonly [title: string, change: Change, setting: string])[] = [
    ['a login path that leaves the base path', { login: { path: '/../admin' } }, 'partner.login.path'],
    ['one that is percent-encoded', { login: { path: '/x/%2E%2e/..%2f/%2e./../x' } }, 'partner.login.path'],
    ['one that returns', { refresh: { path: '/a/../../b', tokenField: 'r' } }, 'partner.refresh.path'],
    ['one of a captcha', { captcha: { ...captcha, path: '/..' } }, 'partner.captcha.path'],
    ['one of an example', { example: { method: 'GET', path: '/a/../..', safe: true } }, 'partner.example.path'],
    ['a placeholder in a path', { login: { path: '/{partnerCode}/login' } }, 'partner.login.path'],
    [
      'a placeholder in a constant field',
      { login: { path: '/l', extraFields: { merchant: '{partnerCode}' } } },
      'partner.login.extraFields.merchant',
    ],
    ['a GET for a login', { login: { path: '/l', method: 'GET' } }, 'partner.login.method'],
    ['a GET for a logout', { logout: { path: '/o', tokenField: 'r', method: 'GET' } }, 'partner.logout.method'],
    ['tokens in a logout', { logout: { path: '/o', tokenField: 'r', tokensIn: 'data' } }, 'partner.logout.tokensIn'],
    [
      'a content type for multipart',
      { headers: { 'content-type': 'x/y' }, body: { form: 'multipart' } },
      'partner.headers',
    ],
    [
      'a content type for multipart calls',
      { headers: { 'Content-Type': 'x/y' }, requestBody: { form: 'multipart' } },
      'partner.headers',
    ],
    ['an authorization for every call', { headers: { Authorization: 'Basic eA==' } }, 'partner.headers'],
    ['a header of the connection', { headers: { TE: 'trailers' } }, 'partner.headers'],
    ['a header with spaces around it', { headers: { 'X-A': ' a' } }, 'partner.headers.X-A'],
    [
      'a constant field instead of the ciphertext',
      { body: { ...encrypted, fields: { data: 'x' } } },
      'partner.body.fields.data',
    ],
    [
      'a constant instead of a credential',
      { login: { path: '/l', extraFields: { user: 'x' } } },
      'partner.login.extraFields.user',
    ],
    [
      'a constant instead of the refresh token',
      { refresh: { path: '/r', tokenField: 'r', extraFields: { r: 'x' } } },
      'partner.refresh.extraFields.r',
    ],
    [
      'a constant that a form cannot carry',
      { body: { form: 'multipart' }, refresh: { path: '/r', tokenField: 'r', extraFields: { scope: null } } },
      'partner.refresh.extraFields.scope',
    ],
    [
      'two accounts',
      { credentials: [...plainPartner.credentials, { name: 'b', label: 'B', account: true }] },
      'partner.credentials.2.account',
    ],
    [
      'a secret as account',
      { credentials: [{ name: 'a', label: 'A', secret: true, account: true }] },
      'partner.credentials.0.account',
    ],
    ['a one-time code that no rule asks for', { oneTimeCode: otp }, 'partner.oneTimeCode'],
    [
      'one field for the code and its session',
      { oneTimeCode: { ...otp, sessionField: 'otp' }, errors: [otpRule] },
      'partner.oneTimeCode.sessionField',
    ],
    ['a captcha that no rule asks for', { captcha }, 'partner.captcha'],
    [
      'a code that is never compared',
      { response: withoutCode, errors: [{ code: 'X', is: 'partnerRefused' }] },
      'partner.errors.0.code',
    ],
    [
      'a message that is never compared',
      { response: withoutMessage, errors: [{ message: 'X', is: 'partnerRefused' }] },
      'partner.errors.0.message',
    ],
    ['a rule for no call', { errors: [{ on: [], status: 401, is: 'partnerRefused' }] }, 'partner.errors.0.on'],
    ['a status that HTTP lacks', { errors: [{ status: 7, is: 'partnerRefused' }] }, 'partner.errors.0.status'],
    [
      'a refused token at the login',
      { errors: [{ on: ['login'], status: 401, is: 'tokenRefused' }] },
      'partner.errors.0.on',
    ],
    [
      'an example that sends a payload with a GET',
      { example: { method: 'GET', path: '/x', payload: { a: 1 }, safe: true } },
      'partner.example.payload',
    ],
    [
      'an example that its form cannot carry',
      { requestBody: { form: 'multipart' }, example: { method: 'POST', path: '/x', payload: { a: null }, safe: true } },
      'partner.example.payload.a',
    ],
    [
      'a server that is no base URL',
      { baseUrls: [{ label: 'A', url: 'http://acme.example' }] },
      'partner.baseUrls.0.url',
    ],
    [
      'a server with a query',
      { baseUrls: [{ label: 'A', url: 'https://acme.example?a=b' }] },
      'partner.baseUrls.0.url',
    ],
  ];
  for (const [title, change, setting] of refused) {
    it(`is refused: ${title}`, () => {
      assert.throws(
        () => definePartner({ ...plainPartner, ...change }),
        (error: unknown) => {
          assert.ok(isPartnerAuthError(error), String(error));
          assert.deepEqual([error.code, error.setting], ['configuration', setting]);
          assert.ok(error.message.startsWith(setting), error.message);
          return true;
        },
      );
    });
  }

  it('does not include paths with ".." that stay below the base path', async () => {
    const partner = { ...plainPartner, login: { path: '/x/../login?next=/../y' } };
    await withRawPartner({ partner, signedIn: false }, async ({ session, calls }) => {
      await session.login({ user: 'a', password: 'b' }).catch(() => undefined);
      assert.deepEqual(calls(), ['POST /login?next=/../y']);
    });
  });
});

describe('options that a session could not follow', () => {
  const login = { path: '/login', extraFields: { grant_type: 'password' } };
  const options: readonly (readonly [title: string, options: object, setting: string])[] = [
    [
      'an extra field that the definition sets',
      { extraFields: { login: { grant_type: 'x' } } },
      'extraFields.login.grant_type',
    ],
    [
      'an extra field for the refresh token',
      { extraFields: { refresh: { refresh: 'x' } } },
      'extraFields.refresh.refresh',
    ],
    ['an unknown body form', { bodyForm: 'xml' }, 'bodyForm'],
    ['a string as response settings', { response: 'data' }, 'response'],
    ['a path as store', { store: '/tmp/session.json' }, 'store'],
    ['a store without a lock', { store: { read: Date, write: Date, clear: Date } }, 'store'],
    ['a string as logger', { logger: 'console' }, 'logger'],
    ['a string for autoRefresh', { autoRefresh: 'no' }, 'autoRefresh'],
    ['a number for globalAgent', { globalAgent: 1 }, 'globalAgent'],
    ['Date as clock', { clock: Date }, 'clock'],
  ];
  for (const [title, change, setting] of options) {
    it(`are refused: ${title}`, async () => {
      await assert.rejects(
        openSession({ partner: { ...plainPartner, login }, baseUrl: 'https://h', ...change }),
        (error: unknown) => {
          assert.ok(isPartnerAuthError(error), String(error));
          assert.deepEqual([error.code, error.setting], ['configuration', setting]);
          return true;
        },
      );
    });
  }

  it('include a credential that the extra fields replace', () =>
    withRawPartner({ signedIn: false, extraFields: { login: { otp_type: 'sms' } } }, async ({ session, received }) => {
      await assert.rejects(session.login({ user: 'a', password: 'b', otp_type: 'mail' }), {
        code: 'configuration',
        setting: 'otp_type',
      });
      assert.equal(received.length, 0);
    }));

  it('apply tokensIn to the one-time code too', async () => {
    const partner: PartnerDefinition = {
      ...plainPartner,
      oneTimeCode: { path: '/otp', sessionIn: 'session', sessionField: 'session', codeField: 'otp', lifetime: 60 },
      errors: [{ on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' }],
    };
    await withRawPartner({ partner, response: { tokensIn: 'data' }, signedIn: false }, async ({ session, on }) => {
      on('POST /login', (response) => response.writeHead(400).end('{"code":"OTP","session":"s"}'));
      on('POST /otp', (response) => response.end('{"data":{"access":"a","refresh":"r"}}'));
      await assert.rejects(session.login({ user: 'a', password: 'b' }), { code: 'oneTimeCodeRequired' });
      await session.login({ otp: '123456' });
      assert.equal(await session.accessToken(), 'a');
    });
  });
});
