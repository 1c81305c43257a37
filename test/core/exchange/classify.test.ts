import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, partners } from '../../../core/index.ts';
import type { CallKind } from '../../../core/partners/definition.ts';
import { now, interpret, response, summarize } from './responses.ts';

type Row = readonly [call: CallKind, status: number, body: unknown, expected: string, mayHaveActed?: boolean];

function table(partner: keyof typeof partners, rows: readonly Row[]): void {
  for (const [call, status, body, expected, mayHaveActed = false] of rows) {
    const shown = typeof body === 'string' ? body : JSON.stringify(body);
    it(`${call} HTTP ${status} ${shown.slice(0, 70)} is ${expected}`, () => {
      const interpretation = interpret(partner, call, response(status, body));
      assert.equal(summarize(interpretation), expected);
      if (interpretation.kind !== 'failure') return;
      assert.equal(interpretation.error.status, status);
      assert.equal(interpretation.mayHaveActed, mayHaveActed);
      assert.ok(interpretation.error.message.includes(partners[partner].label), interpretation.error.message);
      assert.match(interpretation.error.message, /\.$/);
    });
  }
}

const html = '<!DOCTYPE html><html><body>Bad gateway</body></html>';
const everyCall = ['login', 'refresh', 'request'] as const;

/** Responses that are classified by HTTP status, because no partner definition has a rule for them. */
const byStatus: readonly Row[] = everyCall.flatMap((call): Row[] => [
  [call, 301, '', 'redirect (baseUrl)'],
  [call, 302, html, 'redirect (baseUrl)'],
  [call, 307, '', 'redirect (baseUrl)'],
  [call, 308, '{}', 'redirect (baseUrl)'],
  [call, 403, html, 'invalidResponse'],
  [call, 404, html, 'invalidResponse'],
  [call, 407, html, 'invalidResponse'],
  [call, 418, '', 'invalidResponse'],
  [call, 400, 'Bad Request', 'invalidResponse'],
  [call, 403, { error: { status: 403, reason: 'policy' } }, 'invalidResponse'],
  [call, 404, ['no', 'route'], 'invalidResponse'],
  [call, 429, '', 'rateLimited'],
  [call, 429, html, 'rateLimited'],
  [call, 500, html, 'partnerUnavailable', true],
  [call, 502, html, 'partnerUnavailable', true],
  [call, 503, '', 'partnerUnavailable', true],
  [call, 504, html, 'partnerUnavailable', true],
]);

/** Gateways, proxies and captive portals say 401 and 200 in their own forms. */
const foreign: readonly Row[] = (['login', 'refresh'] as const).flatMap((call): Row[] => [
  [call, 401, html, 'invalidResponse'],
  [call, 401, '', 'invalidResponse'],
  [call, 401, 'Unauthorized', 'invalidResponse'],
  [call, 401, { error: 'invalid_token', error_description: 'expired' }, 'invalidResponse'],
  [call, 401, { fault: { faultstring: 'Invalid access token' } }, 'invalidResponse'],
  [call, 401, '"Unauthorized"', 'invalidResponse'],
  [call, 200, html, 'invalidResponse', true],
  [call, 200, '', 'invalidResponse', true],
  [call, 204, '', 'invalidResponse', true],
  [call, 200, '{"access_token":"cut of', 'invalidResponse', true],
]);

/** Without the success marker, whatever the body. */
const unmarked: readonly Row[] = [
  ['request', 200, html, 'invalidResponse', true],
  ['request', 200, '', 'invalidResponse', true],
  ['request', 204, '', 'success'],
];

describe('TCONNECT response', () => {
  const tokens = { access_token: 'a', expires_in: 36_000, refresh_token: 'r', token_type: 'Bearer' };
  table('tconnect', [
    ['login', 200, tokens, 'success'],
    ['refresh', 200, tokens, 'success'],
    ['request', 200, { message: 'Push to Soundbox' }, 'success'],
    ['request', 200, html, 'success'],
    ['request', 204, '', 'success'],
    ['login', 401, { message: 'refused' }, 'invalidCredentials'],
    ['refresh', 401, { code: 'X', message: 'refused' }, 'sessionEnded'],
    ['request', 401, '', 'tokenRefused'],
    ['request', 401, html, 'tokenRefused'],
    ['login', 403, { code: 'X' }, 'partnerRefused (partnerCode)'],
    ['refresh', 403, { code: 'X' }, 'partnerRefused (partnerCode)'],
    ['request', 403, { code: 'X' }, 'partnerRefused'],
    ['login', 400, { message: '' }, 'partnerRefused (cipher)'],
    ['refresh', 400, { message: '' }, 'partnerRefused (cipher)'],
    ['request', 400, { message: '' }, 'partnerRefused'],
    ...byStatus,
    ...foreign,
  ]);
});

describe('BizMail response', () => {
  const refusal = (message: string) => ({ success: false, message });
  const tokens = { success: true, access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 86_400 };
  table('bizmail', [
    ['login', 200, tokens, 'success'],
    ['refresh', 200, tokens, 'success'],
    // The seven messages that the token and refresh pages document.
    ['login', 400, refusal('username and password are required'), 'configuration (credentials)'],
    ['login', 401, refusal('Invalid credentials'), 'invalidCredentials'],
    ['refresh', 400, refusal('refresh_token is required'), 'partnerRefused (bodyForm)'],
    ['refresh', 401, refusal('Refresh token expired'), 'sessionEnded'],
    ['refresh', 401, refusal('Invalid refresh token'), 'sessionEnded'],
    ['refresh', 401, refusal('User not found'), 'accountUnavailable'],
    ['login', 500, refusal('Internal server error'), 'partnerUnavailable', true],
    ['refresh', 500, refusal('Internal server error'), 'partnerUnavailable', true],
    // An undocumented message never ends a session.
    ['refresh', 401, refusal('Refresh token expired!'), 'partnerRefused'],
    ['refresh', 401, refusal('Service under maintenance'), 'partnerRefused'],
    ['refresh', 200, refusal('Refresh token expired'), 'partnerRefused', true],
    ['login', 200, { ...tokens, success: 'true' }, 'partnerRefused', true],
    ['login', 200, { ...tokens, success: undefined }, 'invalidResponse', true],
    ['request', 401, refusal('Token expired'), 'tokenRefused'],
    ['request', 401, '', 'tokenRefused'],
    ['request', 400, refusal('attachments too large'), 'partnerRefused'],
    ...byStatus,
    ...foreign,
    ...unmarked,
  ]);
});

describe('Cloudreve response', () => {
  const refusal = (code: number, msg = '') => ({ code, msg, correlation_id: '6dd9b4f8-0b5f-4e5d-9b3c-0d3d1b9ad6c5' });
  table('cloudreve', [
    ['login', 200, { code: 0, msg: '', data: { user: {}, token: {} } }, 'success'],
    ['refresh', 200, { code: 0, msg: '', data: {} }, 'success'],
    ['logout', 200, { code: 0, msg: '', data: '' }, 'success'],
    ['login', 200, { code: 203, msg: '', data: '3f0f…' }, 'oneTimeCodeRequired'],
    ['login', 200, refusal(40026, 'CAPTCHA not match.'), 'captchaRequired'],
    ['login', 200, refusal(40026, 'Captcha validation failed'), 'captchaRequired'],
    ['login', 200, refusal(40026, 'Captcha configuration error'), 'captchaRequired'],
    ['login', 200, refusal(40080, 'Incorrect password or email address'), 'invalidCredentials'],
    ['login', 200, { code: 40001, msg: 'Email cannot be empty' }, 'configuration (credentials)'],
    ['login', 200, { code: 40001, msg: 'Parameter error' }, 'configuration (credentials)'],
    ['login', 200, refusal(40017, 'This account has been blocked'), 'accountUnavailable'],
    ['login', 200, refusal(40018, 'This account is not activated'), 'accountUnavailable'],
    ['login', 200, refusal(50002, 'Failed to issue token pair'), 'partnerUnavailable', true],
    ['oneTimeCode', 200, refusal(40022, 'Incorrect 2FA code'), 'invalidOneTimeCode'],
    ['oneTimeCode', 200, refusal(404, 'Session not found'), 'invalidOneTimeCode (credentials)'],
    ['oneTimeCode', 200, { code: 40001, msg: 'OTP cannot be empty' }, 'invalidOneTimeCode'],
    ['refresh', 200, refusal(40020, 'Failed to issue token pair'), 'sessionEnded'],
    ...(['login', 'oneTimeCode', 'refresh', 'logout'] as const).flatMap((call): Row[] => [
      [call, 200, refusal(50001, 'failed to get login user'), 'partnerUnavailable', true],
      [call, 200, refusal(40087), 'configuration (baseUrl)'],
      [call, 200, refusal(40019), 'partnerRefused'],
      [call, 404, '404 page not found', 'configuration (baseUrl)'],
      [call, 404, '', 'configuration (baseUrl)'],
      [
        call,
        404,
        refusal(404),
        call === 'oneTimeCode' ? 'invalidOneTimeCode (credentials)' : 'configuration (baseUrl)',
      ],
    ]),
    ['request', 404, '404 page not found', 'invalidResponse'],
    ['refresh', 200, refusal(401, 'Login required'), 'partnerRefused', true],
    ['refresh', 200, { code: 40001, msg: 'RefreshToken cannot be empty' }, 'partnerRefused', true],
    ['logout', 200, refusal(40020, 'Failed to parse token'), 'partnerRefused', true],
    ['request', 200, refusal(401, 'Login required'), 'tokenRefused'],
    ['request', 200, refusal(40020, 'Invalid token type'), 'tokenRefused'],
    ['request', 200, refusal(50001, 'failed to get login user'), 'accountUnavailable'],
    ['request', 200, refusal(40089, 'Insufficient scope: files'), 'partnerRefused'],
    ['request', 200, refusal(404, 'User not found'), 'partnerRefused'],
    ['request', 200, refusal(404, 'Object not found'), 'partnerRefused', true],
    // A code is a number; a string with the same digits does not match.
    ['refresh', 200, { code: '40020', msg: '' }, 'partnerRefused', true],
    ['refresh', 200, { code: '0', msg: '', data: {} }, 'partnerRefused', true],
    ['refresh', 200, {}, 'invalidResponse', true],
    ...byStatus.filter(([call, status]) => call === 'request' || status !== 404),
    ['login', 404, html, 'configuration (baseUrl)'],
    ['refresh', 404, html, 'configuration (baseUrl)'],
    ...foreign,
    ...unmarked,
  ]);

  it('provides its correlation id and code', () => {
    const interpretation = interpret(
      'cloudreve',
      'refresh',
      response(200, refusal(40020, 'Failed to issue token pair')),
    );
    assert.ok(interpretation.kind === 'failure');
    assert.equal(interpretation.error.correlationId, '6dd9b4f8-0b5f-4e5d-9b3c-0d3d1b9ad6c5');
    assert.match(interpretation.error.message, /HTTP 200, code 40020.*"Failed to issue token pair".*Sign in again/);
    assert.equal(interpretation.error.retryable, false);
  });

  it('ignores an invalid correlation id', () => {
    for (const correlation_id of ['a b', 'x\n', '<b>', 'x'.repeat(81), '', 7, { id: 1 }]) {
      const interpretation = interpret('cloudreve', 'refresh', response(200, { ...refusal(40020), correlation_id }));
      assert.ok(interpretation.kind === 'failure');
      assert.equal('correlationId' in interpretation.error, false);
    }
  });
});

describe('an error for a response', () => {
  it('provides Retry-After, however long it is', () => {
    const rows = [
      ['7', 7],
      ['86400', 86_400],
      [new Date(now + 60_200).toUTCString(), 60],
      ['soon', undefined],
    ] as const;
    for (const [header, expected] of rows) {
      for (const status of [429, 503]) {
        const interpretation = interpret('tconnect', 'refresh', response(status, '', { 'retry-after': header }));
        assert.ok(interpretation.kind === 'failure');
        assert.equal(interpretation.error.retryAfter, expected);
        assert.equal(interpretation.error.retryable, true);
      }
    }
  });

  for (const [status, body, who] of [
    [502, html, /^A gateway or proxy between this machine and TCONNECT/],
    [504, '', /^A gateway or proxy between this machine and TCONNECT/],
    [511, html, /^A gateway or proxy between this machine and TCONNECT/],
    [500, html, /^TCONNECT, or a gateway or proxy,/],
    [503, 'Service Unavailable', /^TCONNECT, or a gateway or proxy,/],
    [502, { code: 'DOWN', message: 'maintenance' }, /^TCONNECT reports a failure on its side/],
  ] as const) {
    it(`states who may have sent HTTP ${status} ${JSON.stringify(body).slice(0, 40)}`, () => {
      const interpretation = interpret('tconnect', 'refresh', response(status, body));
      assert.ok(interpretation.kind === 'failure');
      assert.match(interpretation.error.message, who);
      assert.equal(interpretation.error.foreign, typeof body === 'string' ? true : undefined);
    });
  }

  it('says what to do in each message', () => {
    const advice = [
      ['login', 401, { code: 'X' }, /Check username, password, client_id, client_secret\.$/],
      ['refresh', 401, { code: 'X' }, /Sign in again, or call refresh\(\) to ask once more\.$/],
      ['login', 400, { code: 'X' }, /cipher\.key, cipher\.iv, cipher\.output and partnerCode\. detectCipher\(\) finds/],
      ['login', 403, { code: 'X' }, /Check partnerCode\.$/],
      ['refresh', 302, '', /Check baseUrl\.$/],
      ['refresh', 429, '', /Try again later; the session is kept\.$/],
      ['refresh', 502, '', /Try again later; the session is kept\.$/],
      ['login', 429, '', /HTTP 429\)\. Try again later\.$/],
      ['login', 401, '', /no body.*gateway, proxy.*Try again later.*If TCONNECT did send it: Check username, /],
      [
        'refresh',
        401,
        html,
        /HTML.*gateway, proxy.*Try again later.*If TCONNECT did send it: Sign in again, or call refresh\(\) .*\.$/,
      ],
      ['login', 403, 'Forbidden', /not JSON.*If TCONNECT did send it: Check partnerCode\.$/],
      [
        'login',
        404,
        { status: 1 },
        /JSON with other fields.*Its definition states .* are JSON with code or message\.$/,
      ],
    ] as const;
    for (const [call, status, body, message] of advice) {
      const interpretation = interpret('tconnect', call, response(status, body));
      assert.ok(interpretation.kind === 'failure');
      assert.match(interpretation.error.message, message);
    }
  });
});

describe('a response that is encrypted according to its definition', () => {
  it('is decrypted, unless it is a plain error', () => {
    const cipher = createCipher({ key: 'k'.repeat(32), iv: { from: 'key' } });
    const definition = { ...partners.tconnect, response: { ...partners.tconnect.response, encryptedIn: 'data' } };
    const encrypted = response(200, { data: cipher.encrypt('{"access_token":"a"}') });
    assert.deepEqual(interpret(definition, 'login', encrypted, { cipher }), {
      kind: 'success',
      json: { access_token: 'a' },
    });

    const broken = interpret(definition, 'login', response(200, { data: 'ab'.repeat(16) }), { cipher });
    assert.equal(summarize(broken), 'cipher (cipher)');
    assert.ok(broken.kind === 'failure' && broken.mayHaveActed);
    const noJson = interpret(definition, 'login', response(200, { data: cipher.encrypt('hello') }), { cipher });
    assert.equal(summarize(noJson), 'invalidResponse');

    const plain = interpret(definition, 'login', response(401, { message: 'no' }), { cipher });
    assert.equal(summarize(plain), 'invalidCredentials');
  });
});
