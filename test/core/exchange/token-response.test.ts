import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isPartnerAuthError,
  partners,
  type ExpiryUnit,
  type PartnerDefinition,
  type TokenSet,
} from '../../../core/index.ts';
import type { ResponseContent } from '../../../core/exchange/response-fields.ts';
import { readTokenSet } from '../../../core/exchange/token-response.ts';
import { jwt, now, response } from './responses.ts';

const { tconnect, cloudreve, bizmail } = partners;
const hour = 3_600_000;
const inOneHour = now / 1000 + 3600;

function read(
  definition: PartnerDefinition,
  fields: Record<string, unknown>,
  headers: Record<string, string> = {},
  warn?: (message: string) => void,
): TokenSet {
  const http = response(200, fields, headers);
  return readTokenSet(definition, { path: '/x' }, content(fields), http, warn);
}

function content(json: unknown): ResponseContent {
  return { text: JSON.stringify(json), json, headers: {} };
}

/** Seconds until the access token expires. */
function secondsLeft({ accessExpiresAt }: TokenSet): number | undefined {
  return accessExpiresAt === undefined ? undefined : (accessExpiresAt - now) / 1000;
}

describe('token response with lifetimes', () => {
  const opaque = 'opaque-token';
  const dated = jwt({ exp: inOneHour });
  const table: readonly (readonly [title: string, token: string, expiresIn: unknown, expected: number | undefined])[] =
    [
      ['accepts a number', opaque, 36_000, 36_000],
      ['accepts a fraction', opaque, 1.5, 1.5],
      ['accepts digits in a string', opaque, '7200', 7200],
      ['accepts 10 years', opaque, 315_576_000, 315_576_000],
      ['prefers the stated lifetime over a later exp', dated, 60, 60],
      ['prefers exp over a later stated lifetime', dated, 36_000, 3600],
      ['prefers exp over milliseconds that are taken for seconds', dated, 3_600_000, 3600],
      ['accepts a decimal string', opaque, '3600.0', 3600],
      ['accepts a string with spaces around it', opaque, ' 3600\n', 3600],
      ['accepts a string with a plus sign', opaque, '+3600', 3600],
      ['accepts a string with an exponent', opaque, '3.6e3', 3600],
      ['accepts an epoch in seconds in place of a lifetime', opaque, inOneHour, 3600],
      ['accepts an epoch in seconds in a string', opaque, String(inOneHour), 3600],
      ['accepts an epoch in milliseconds in place of a lifetime', opaque, now + hour, 3600],
      ['counts a lifetime of 10 ms as one second', opaque, 0.01, 1],
      ['returns no deadline of an opaque token with lifetime 0', opaque, 0, undefined],
      ['falls back to exp for 0', dated, 0, 3600],
      ['falls back to exp for "0"', dated, '0', 3600],
      ['falls back to exp for a negative number', dated, -5, 3600],
      ['falls back to exp for a negative string', dated, '-5', 3600],
      ['falls back to exp for 1e12', dated, 1e12, 3600],
      ['falls back to exp for epoch milliseconds', dated, 1_772_366_400_000, 3600],
      ['falls back to exp for NaN', dated, NaN, 3600],
      ['falls back to exp for Infinity', dated, Infinity, 3600],
      ['falls back to exp for null', dated, null, 3600],
      ['falls back to exp for a list', dated, [60], 3600],
      ['falls back to exp for a number with a unit', dated, '60 s', 3600],
      ['falls back to exp for a number with two points', dated, '1.5.0', 3600],
      ['falls back to exp for spaces', dated, '  ', 3600],
      ['falls back to exp for hex in a string', dated, '0x10', 3600],
      ['falls back to exp for an empty string', dated, '', 3600],
      ['falls back to exp for a missing field', dated, undefined, 3600],
      ['accepts exp as a string of digits', jwt({ exp: String(inOneHour) }), undefined, 3600],
      ['returns no deadline if exp is in the past', jwt({ exp: now / 1000 - 1 }), undefined, undefined],
      ['accepts exp in milliseconds', jwt({ exp: now + hour }), undefined, 3600],
      ['accepts exp as a decimal string', jwt({ exp: `${inOneHour}.5` }), undefined, 3600.5],
      ['prefers exp in milliseconds over a later stated lifetime', jwt({ exp: now + hour }), 36_000, 3600],
      ['ignores exp in the past', jwt({ exp: now / 1000 - 1 }), 60, 60],
      ['ignores exp in 20 years', jwt({ exp: inOneHour + 20 * 31_557_600 }), 60, 60],
      ['returns no deadline if exp is not a number', jwt({ exp: { at: 1 } }), undefined, undefined],
      ['returns no deadline of an opaque token without a lifetime', opaque, undefined, undefined],
    ];
  for (const [title, accessToken, expiresIn, expected] of table) {
    it(title, () => {
      const set = read(tconnect, { access_token: accessToken, expires_in: expiresIn });
      assert.equal(secondsLeft(set), expected);
      assert.equal('accessExpiresAt' in set, expected !== undefined);
      assert.equal(set.issuedAt, now);
    });
  }

  it('reads both lifetimes of TCONNECT', () => {
    const fields = { access_token: 'a', expires_in: 36_000, refresh_token: 'r', refresh_expires_in: 2_592_000 };
    assert.deepEqual(read(tconnect, fields), {
      accessToken: 'a',
      refreshToken: 'r',
      issuedAt: now,
      accessExpiresAt: now + 36_000_000,
      refreshExpiresAt: now + 2_592_000_000,
    });
  });

  it("reads BizMail's refresh lifetime from the token itself", () => {
    const refresh = jwt({ type: 'refresh', exp: now / 1000 + 7_776_000 });
    const set = read(bizmail, { success: true, access_token: 'a', refresh_token: refresh, expires_in: 86_400 });
    assert.equal(set.refreshExpiresAt, now + 7_776_000_000);
  });

  it('returns no refresh deadline without a refresh token', () => {
    const set = read(tconnect, { access_token: 'a', expires_in: 60, refresh_expires_in: 600 });
    assert.equal('refreshToken' in set, false);
    assert.equal('refreshExpiresAt' in set, false);
  });

  for (const empty of ['', null, 7, {}]) {
    it(`treats ${JSON.stringify(empty)} as no refresh token`, () => {
      assert.equal('refreshToken' in read(tconnect, { access_token: 'a', refresh_token: empty }), false);
    });
  }

  it("corrects exp, but not a lifetime, by the partner's clock", () => {
    const fast = { date: new Date(now + hour).toUTCString() };
    const fields = { access_token: jwt({ exp: (now + 2 * hour) / 1000 }) };
    // The partner's clock is an hour minus 200 ms ahead, so one of the two hours is left.
    assert.equal(secondsLeft(read(tconnect, fields, fast)), 3600.2);
    assert.equal(secondsLeft(read(tconnect, { ...fields, expires_in: 60 }, fast)), 60);
  });
});

describe('token response with a unit', () => {
  const table: readonly (readonly [unit: ExpiryUnit, value: unknown, expected: number | undefined])[] = [
    ['seconds', 3600, 3600],
    ['milliseconds', 3_600_000, 3600],
    ['milliseconds', '3600000.0', 3600],
    ['milliseconds', 1_500, 1.5],
    ['milliseconds', now + hour, 3600],
    ['milliseconds', -1, undefined],
    ['epochSeconds', inOneHour, 3600],
    ['epochSeconds', ` ${inOneHour}.25`, 3600.25],
    ['epochSeconds', now + hour, 3600],
    ['epochSeconds', now / 1000 - 60, undefined],
    ['epochSeconds', 3600, undefined],
    ['epochMilliseconds', now + hour, 3600],
    ['epochMilliseconds', String(now + hour), 3600],
    ['epochMilliseconds', inOneHour, 3600],
    ['epochMilliseconds', now - 1, undefined],
    ['rfc3339', ' 2026-03-01T13:00:00Z ', 3600],
  ];
  for (const [unit, value, expected] of table) {
    it(`reads ${JSON.stringify(value)} in ${unit} as ${expected ?? 'no'} seconds`, () => {
      const expiry = { field: 'end', unit };
      const definition = {
        ...tconnect,
        response: { ...tconnect.response, accessExpiry: expiry, refreshExpiry: expiry },
      };
      const set = read(definition, { access_token: 'a', refresh_token: 'r', end: value });
      assert.equal(secondsLeft(set), expected);
      assert.equal(set.refreshExpiresAt, set.accessExpiresAt);
    });
  }

  it("corrects an epoch by the partner's clock", () => {
    const definition = {
      ...tconnect,
      response: { ...tconnect.response, accessExpiry: { field: 'end', unit: 'epochSeconds' } as const },
    };
    const fast = { date: new Date(now + hour).toUTCString() };
    assert.equal(secondsLeft(read(definition, { access_token: 'a', end: inOneHour + 3600 }, fast)), 3600.2);
  });
});

describe('token response with an absurd lifetime', () => {
  const dated = jwt({ exp: inOneHour });
  const table: readonly (readonly [title: string, fields: Record<string, unknown>, expected: RegExp])[] = [
    ['zero', { access_token: 'a', expires_in: 0 }, /"expires_in" 0,.*deadline is unknown.*response\.accessExpiry/],
    ['a negative number', { access_token: dated, expires_in: -5 }, /"expires_in" -5,.*own exp counts/],
    ['text', { access_token: 'a', expires_in: 'secret' }, /"expires_in" a value of type string, .*"seconds"/],
    ['an object', { access_token: 'a', expires_in: { secret: 1 } }, /of type object,/],
    ['an epoch', { access_token: 'a', expires_in: inOneHour }, /read as "epochSeconds", not as "seconds"/],
    ['10 ms', { access_token: 'a', expires_in: 0.01 }, /lifetime of 0\.01 seconds; 1 second counts/],
    ['milliseconds', { access_token: dated, expires_in: 36_000_000 }, /417 days, but .* 3600 seconds, which counts/],
    ['over a year', { access_token: 'a', expires_in: 36_000_000 }, /417 days, which is unusual/],
    ['a refresh token', { access_token: 'a', refresh_token: 'r', refresh_expires_in: 1e12 }, /response\.refreshExpiry/],
  ];
  for (const [title, fields, expected] of table) {
    it(`warns of ${title}`, () => {
      const warnings: string[] = [];
      read(tconnect, fields, {}, (message) => warnings.push(message));
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', expected);
      assert.doesNotMatch(warnings[0] ?? '', /secret/);
    });
  }

  const short = jwt({ exp: now / 1000 + 3 });
  const mistakes: readonly (readonly [
    title: string,
    unit: ExpiryUnit,
    token: string,
    value: unknown,
    expected: RegExp,
  ])[] = [
    [
      'milliseconds called seconds',
      'seconds',
      dated,
      3_600_000,
      /42 days, but .* 3600 seconds, which counts.*"milliseconds"/,
    ],
    [
      'few milliseconds called seconds',
      'seconds',
      short,
      3_000,
      /3000 seconds, but .* 3 seconds, which counts.*"milliseconds"/,
    ],
    [
      'milliseconds of an opaque token',
      'seconds',
      'a',
      3_600_000,
      /42 days.*3600 seconds if .*"milliseconds"; .*itself states none/,
    ],
    ['15 minutes in milliseconds', 'seconds', 'a', 900_000, /10 days.*900 seconds if .*"milliseconds"/],
    [
      'seconds called milliseconds',
      'milliseconds',
      dated,
      3_600,
      /4 seconds, which counts, but .* 3600 seconds.*"seconds"/,
    ],
    ['an epoch called seconds', 'seconds', dated, inOneHour, /read as "epochSeconds".*own exp is in 3600 seconds/],
    ['an epoch of an opaque token', 'seconds', 'a', now + hour, /read as "epochMilliseconds".*itself states none/],
    [
      'a date called seconds',
      'seconds',
      dated,
      '2026-03-01T13:00:00Z',
      /a date, .*own exp counts, which is in 3600 seconds/,
    ],
    [
      'a date without a zone',
      'rfc3339',
      dated,
      '2026-03-01T13:00:00',
      /without a time zone.*own exp counts, which is in 3600 s/,
    ],
    [
      'a date without a zone of an opaque token',
      'rfc3339',
      'a',
      '2026-03-01 13:00:00',
      /without a time zone.*deadline is unknown/,
    ],
    ['a number with a unit', 'seconds', dated, '15m', /a number with a unit.*own exp counts, which is in 3600 seconds/],
    ['a lifetime called a date', 'rfc3339', dated, 3600, /3600, which is not a plausible expiry in the unit "rfc3339"/],
  ];
  for (const [title, unit, token, value, expected] of mistakes) {
    it(`names the field, and what the token's own exp says, for ${title}`, () => {
      for (const name of ['accessExpiry', 'refreshExpiry'] as const) {
        if (name === 'refreshExpiry' && token === 'a' && unit === 'seconds' && Number(value) < 1e8) continue;
        const warnings: string[] = [];
        const { accessExpiry: _, ...shape } = tconnect.response;
        const definition: PartnerDefinition = {
          ...tconnect,
          response: { ...shape, [name]: { field: 'lives', unit } },
        };
        read(definition, { access_token: token, refresh_token: token, lives: value }, {}, (text) =>
          warnings.push(text),
        );
        assert.equal(warnings.length, 1, title);
        assert.match(warnings[0] ?? '', expected);
        assert.ok(warnings[0]?.startsWith('TCONNECT sent in "lives" '));
        assert.ok(warnings[0]?.endsWith(`Check response.${name} of the partner definition.`));
      }
    });
  }

  it('does not warn of usual lifetimes of opaque tokens', () => {
    const days = [1, 5, 7, 10, 14, 15, 20, 30, 45, 60, 90, 180, 365].map((day) => day * 86_400);
    for (const expires_in of [60, 300, 900, 1800, 3600, 7200, 28_800, 36_000, 86_399, ...days]) {
      const fail = (message: string): never => assert.fail(message);
      read(tconnect, { access_token: 'a', expires_in }, {}, fail);
      read(tconnect, { access_token: 'a', refresh_token: 'r', refresh_expires_in: expires_in }, {}, fail);
    }
  });

  it('does not warn of plausible or missing lifetimes', () => {
    const fail = (message: string): never => assert.fail(message);
    for (const expires_in of [36_000, '36000', ' 36000.0', null, undefined]) {
      read(tconnect, { access_token: 'a', refresh_token: 'r', expires_in, refresh_expires_in: 0 }, {}, fail);
      read(tconnect, { access_token: dated, expires_in: 3599 }, {}, fail);
    }
  });
});

describe('token response with timestamps', () => {
  const lifetimeOf = (access_expires: unknown, headers: Record<string, string> = {}): number | undefined =>
    secondsLeft(read(cloudreve, { access_token: 'opaque', access_expires }, headers));
  const table: readonly (readonly [title: string, text: unknown, expected: number | undefined])[] = [
    ['accepts UTC', '2026-03-01T13:00:00Z', 3600],
    ['accepts the time zone of Vietnam', '2026-03-01T20:00:00+07:00', 3600],
    ['accepts a negative UTC offset', '2026-03-01T05:30:00-07:30', 3600],
    ["accepts Go's fraction of nine digits", '2026-03-01T20:00:00.123456789+07:00', 3600.123],
    ['accepts lower-case t and z', '2026-03-01t13:00:00z', 3600],
    ['accepts a space in place of the T', '2026-03-01 13:00:00Z', 3600],
    ['ignores a timestamp without a UTC offset', '2026-03-01T13:00:00', undefined],
    ['ignores a UTC offset without a colon', '2026-03-01T13:00:00+0700', undefined],
    ['ignores a time zone name', '2026-03-01T13:00:00 GMT', undefined],
    ['ignores a date without a time', '2026-03-01', undefined],
    ['ignores an HTTP date', 'Sun, 01 Mar 2026 13:00:00 GMT', undefined],
    ['ignores an invalid hour', '2026-03-01T25:00:00Z', undefined],
    ['ignores a timestamp in the past', '2026-03-01T11:59:59Z', undefined],
    ['ignores the year 9999', '9999-12-31T23:59:59Z', undefined],
    ['ignores epoch seconds', inOneHour, undefined],
    ['ignores an empty string', '', undefined],
    ['returns no deadline without a timestamp', undefined, undefined],
  ];
  for (const [title, text, expected] of table) it(title, () => assert.equal(lifetimeOf(text), expected));

  it("corrects a timestamp by the response's Date header", () => {
    const at = (ms: number) => ({ date: new Date(now + ms).toUTCString() });
    const text = '2026-03-01T13:00:00Z';
    assert.equal(lifetimeOf(text, at(30 * 60_000)), 1800.2);
    assert.equal(lifetimeOf(text, at(-30 * 60_000)), 5400.2);
    // A difference of a few seconds is not corrected.
    assert.equal(lifetimeOf(text, at(2_000)), 3600);
    assert.equal(lifetimeOf(text, { date: 'yesterday' }), 3600);
  });

  it("accepts a token that has expired by the local clock but not by the partner's", () => {
    const slow = { date: new Date(now - 2 * hour).toUTCString() };
    assert.equal(lifetimeOf('2026-03-01T11:00:00Z', slow), 3600.2);
  });

  it('falls back to exp if the timestamp is absurd', () => {
    const fields = { access_token: jwt({ exp: inOneHour }), access_expires: '0001-01-01T00:00:00Z' };
    assert.equal(secondsLeft(read(cloudreve, fields)), 3600);
  });
});

describe('token response without a valid token', () => {
  const missing = /sent no access token in "access_token".*option `response`/;
  const invalid = /sent an access token in "access_token" with a space, a line break or another character/;
  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['no field', undefined, missing],
    ['an empty string', '', missing],
    ['null', null, missing],
    ['a number', 12_345, /sent a number in "access_token", where a string is required/],
    ['a boolean', true, /sent a boolean in "access_token"/],
    ['an object', { token: 'a' }, /sent an object in "access_token"/],
    ['a list', ['a'], /sent a list in "access_token"/],
    [
      'a token after "Bearer "',
      'Bearer abc',
      /in "access_token" that begins with "Bearer "\. The session adds this word/,
    ],
    ['a token after "bearer "', 'bearer abc', /begins with "Bearer "/],
    ['a line break inside', 'abc\r\nX-Evil: 1', invalid],
    ['a line break at its end', 'abc\n', invalid],
    ['a space', 'abc def', invalid],
    ['a letter outside ASCII', 'abcđ', invalid],
    ['more than 16 KiB', 'a'.repeat(16_385), /in "access_token" that is longer than 16 KiB/],
  ];
  for (const [title, value, message] of refused) {
    it(`is refused for ${title} in place of an access token, without quoting it`, () => {
      assert.throws(
        () => read(tconnect, { access_token: value, refresh_token: 'secret-refresh' }),
        (error: unknown) => {
          assert.ok(isPartnerAuthError(error));
          assert.equal(error.code, 'invalidResponse');
          assert.equal(error.setting, 'response');
          assert.equal(error.status, 200);
          assert.match(error.message, message);
          assert.match(error.message, /\.$/);
          assert.doesNotMatch(`${error.message}${JSON.stringify(error)}`, /secret-refresh|abc|12345|X-Evil|aaaa/);
          return true;
        },
      );
    });
  }

  it('is refused with the path of the missing token', () => {
    const call = { path: '/x', tokensIn: 'data.token' };
    const fields = { data: { access_token: 'a' } };
    assert.throws(
      () => readTokenSet(cloudreve, call, content(fields), response(200, fields)),
      /in "data\.token\.access_token"/,
    );
  });

  it('is refused for inherited properties', () => {
    const call = { path: '/x', tokensIn: '__proto__' };
    const definition = { ...tconnect, response: { ...tconnect.response, accessToken: 'constructor.name' } };
    for (const fields of [{}, [], 'text', null, 7]) {
      assert.throws(() => readTokenSet(definition, call, content(fields), response(200, 'null')), {
        code: 'invalidResponse',
      });
      assert.throws(() => readTokenSet(definition, { path: '/x' }, content(fields), response(200, 'null')), {
        code: 'invalidResponse',
      });
    }
  });

  it('is refused, or its deadlines are in the future, for arbitrary JSON', () => {
    const lifetime = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(lifetime, lifetime, (expires_in, refresh_expires_in) => {
        const set = read(tconnect, { access_token: 'a', refresh_token: 'r', expires_in, refresh_expires_in });
        const deadlines = [set.accessExpiresAt, set.refreshExpiresAt].filter((at) => at !== undefined);
        return deadlines.every((at) => Number.isSafeInteger(at) && at >= now && at <= now + 315_576_000_000);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (fields) => {
        try {
          return readTokenSet(tconnect, { path: '/x' }, content(fields), response(200, '')).accessToken !== '';
        } catch (error) {
          return isPartnerAuthError(error) && error.code === 'invalidResponse';
        }
      }),
    );
  });
});
