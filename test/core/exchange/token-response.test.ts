import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPartnerAuthError, partners, type PartnerDefinition, type TokenSet } from '../../../core/index.ts';
import { readTokenSet } from '../../../core/exchange/token-response.ts';
import { jwt, now, response } from './responses.ts';

const { tconnect, cloudreve, bizmail } = partners;
const hour = 3_600_000;
const inOneHour = now / 1000 + 3600;

function read(
  definition: PartnerDefinition,
  fields: Record<string, unknown>,
  headers: Record<string, string> = {},
): TokenSet {
  const http = response(200, fields, headers);
  return readTokenSet(definition, { path: '/x' }, fields, http);
}

/** Seconds from now to the access token's deadline. */
function secondsLeft({ accessExpiresAt }: TokenSet): number | undefined {
  return accessExpiresAt === undefined ? undefined : (accessExpiresAt - now) / 1000;
}

describe('token answer with lifetimes', () => {
  const opaque = 'opaque-token';
  const dated = jwt({ exp: inOneHour });
  const table: readonly (readonly [title: string, token: string, expiresIn: unknown, expected: number | undefined])[] =
    [
      ['takes a number', opaque, 36_000, 36_000],
      ['takes a fraction', opaque, 1.5, 1.5],
      ['takes digits in a text', opaque, '7200', 7200],
      ['takes 10 years', opaque, 315_576_000, 315_576_000],
      ['prefers what the partner states over exp', dated, 60, 60],
      ['knows no deadline for 0 on an opaque token', opaque, 0, undefined],
      ['falls back to exp for 0', dated, 0, 3600],
      ['falls back to exp for "0"', dated, '0', 3600],
      ['falls back to exp for a negative number', dated, -5, 3600],
      ['falls back to exp for a negative text', dated, '-5', 3600],
      ['falls back to exp for 1e12', dated, 1e12, 3600],
      ['falls back to exp for milliseconds that were meant as seconds', dated, 1_772_366_400_000, 3600],
      ['falls back to exp for NaN', dated, NaN, 3600],
      ['falls back to exp for Infinity', dated, Infinity, 3600],
      ['falls back to exp for null', dated, null, 3600],
      ['falls back to exp for a list', dated, [60], 3600],
      ['falls back to exp for a fraction in a text', dated, '1.5', 3600],
      ['falls back to exp for hex in a text', dated, '0x10', 3600],
      ['falls back to exp for an empty text', dated, '', 3600],
      ['falls back to exp for a missing field', dated, undefined, 3600],
      ['takes an exp in digits', jwt({ exp: String(inOneHour) }), undefined, 3600],
      ['knows no deadline for an exp that is past', jwt({ exp: now / 1000 - 1 }), undefined, undefined],
      ['knows no deadline for an exp in milliseconds', jwt({ exp: now + hour }), undefined, undefined],
      ['knows no deadline for an exp that is no number', jwt({ exp: { at: 1 } }), undefined, undefined],
      ['knows no deadline for an opaque token without a lifetime', opaque, undefined, undefined],
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

  it('knows no refresh deadline without a refresh token', () => {
    const set = read(tconnect, { access_token: 'a', expires_in: 60, refresh_expires_in: 600 });
    assert.equal('refreshToken' in set, false);
    assert.equal('refreshExpiresAt' in set, false);
  });

  for (const empty of ['', null, 7, {}]) {
    it(`takes ${JSON.stringify(empty)} for no refresh token`, () => {
      assert.equal('refreshToken' in read(tconnect, { access_token: 'a', refresh_token: empty }), false);
    });
  }

  it("corrects exp, but not a lifetime, by the partner's clock", () => {
    const fast = { date: new Date(now + hour).toUTCString() };
    const fields = { access_token: jwt({ exp: (now + 2 * hour) / 1000 }) };
    // The partner's clock is an hour less 200 ms ahead; of its two hours, one is left.
    assert.equal(secondsLeft(read(tconnect, fields, fast)), 3600.2);
    assert.equal(secondsLeft(read(tconnect, { ...fields, expires_in: 60 }, fast)), 60);
  });
});

describe('token answer with moments', () => {
  const moment = (access_expires: unknown, headers: Record<string, string> = {}): number | undefined =>
    secondsLeft(read(cloudreve, { access_token: 'opaque', access_expires }, headers));
  const table: readonly (readonly [title: string, text: unknown, expected: number | undefined])[] = [
    ['takes UTC', '2026-03-01T13:00:00Z', 3600],
    ['takes the zone of Vietnam', '2026-03-01T20:00:00+07:00', 3600],
    ['takes a zone in the west', '2026-03-01T05:30:00-07:30', 3600],
    ["takes Go's fraction of nine digits", '2026-03-01T20:00:00.123456789+07:00', 3600.123],
    ['takes lower-case t and z', '2026-03-01t13:00:00z', 3600],
    ['takes a space for the T', '2026-03-01 13:00:00Z', 3600],
    ['refuses a moment without a zone', '2026-03-01T13:00:00', undefined],
    ['refuses a zone without a colon', '2026-03-01T13:00:00+0700', undefined],
    ['refuses a zone by name', '2026-03-01T13:00:00 GMT', undefined],
    ['refuses a date alone', '2026-03-01', undefined],
    ['refuses an HTTP date', 'Sun, 01 Mar 2026 13:00:00 GMT', undefined],
    ['refuses the 25th hour', '2026-03-01T25:00:00Z', undefined],
    ['refuses a moment that is past', '2026-03-01T11:59:59Z', undefined],
    ['refuses the year 9999', '9999-12-31T23:59:59Z', undefined],
    ['refuses seconds since 1970', inOneHour, undefined],
    ['refuses an empty text', '', undefined],
    ['knows none where none is given', undefined, undefined],
  ];
  for (const [title, text, expected] of table) it(title, () => assert.equal(moment(text), expected));

  it("corrects a moment by the answer's Date header", () => {
    const at = (ms: number) => ({ date: new Date(now + ms).toUTCString() });
    const text = '2026-03-01T13:00:00Z';
    assert.equal(moment(text, at(30 * 60_000)), 1800.2);
    assert.equal(moment(text, at(-30 * 60_000)), 5400.2);
    // Under its whole seconds a Date header says nothing.
    assert.equal(moment(text, at(2_000)), 3600);
    assert.equal(moment(text, { date: 'yesterday' }), 3600);
  });

  it("serves a token that is past by our clock but not by the partner's", () => {
    const slow = { date: new Date(now - 2 * hour).toUTCString() };
    assert.equal(moment('2026-03-01T11:00:00Z', slow), 3600.2);
  });

  it('falls back to exp where the moment is absurd', () => {
    const fields = { access_token: jwt({ exp: inOneHour }), access_expires: '0001-01-01T00:00:00Z' };
    assert.equal(secondsLeft(read(cloudreve, fields)), 3600);
  });
});

describe('token answer without a token', () => {
  const refused: readonly (readonly [string, unknown])[] = [
    ['no field', undefined],
    ['an empty text', ''],
    ['null', null],
    ['a number', 12],
    ['an object', { token: 'a' }],
    ['a line break inside', 'abc\r\nX-Evil: 1'],
    ['a line break at its end', 'abc\n'],
    ['a space', 'abc def'],
    ['a letter outside ASCII', 'abcđ'],
    ['more than 16 KiB', 'a'.repeat(16_385)],
  ];
  for (const [title, value] of refused) {
    it(`refuses ${title} in place of an access token and shows nothing of it`, () => {
      assert.throws(
        () => read(tconnect, { access_token: value, refresh_token: 'secret-refresh' }),
        (error: unknown) => {
          assert.ok(isPartnerAuthError(error));
          assert.equal(error.code, 'invalidResponse');
          assert.equal(error.setting, 'response');
          assert.equal(error.status, 200);
          assert.match(error.message, /sent no access token in "access_token".*option `response`/);
          assert.doesNotMatch(`${error.message}${JSON.stringify(error)}`, /secret-refresh|abc|X-Evil|aaaa/);
          return true;
        },
      );
    });
  }

  it('names the wrapper that it looked in', () => {
    const call = { path: '/x', tokensIn: 'data.token' };
    const fields = { data: { access_token: 'a' } };
    assert.throws(() => readTokenSet(cloudreve, call, fields, response(200, fields)), /in "data\.token\.access_token"/);
  });

  it('reads own fields only', () => {
    const call = { path: '/x', tokensIn: '__proto__' };
    const definition = { ...tconnect, response: { ...tconnect.response, accessToken: 'constructor.name' } };
    for (const fields of [{}, [], 'text', null, 7]) {
      assert.throws(() => readTokenSet(definition, call, fields, response(200, 'null')), { code: 'invalidResponse' });
      assert.throws(() => readTokenSet(definition, { path: '/x' }, fields, response(200, 'null')), {
        code: 'invalidResponse',
      });
    }
  });

  it('gives for any JSON either that error or deadlines that lie ahead', () => {
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
          return readTokenSet(tconnect, { path: '/x' }, fields, response(200, '')).accessToken !== '';
        } catch (error) {
          return isPartnerAuthError(error) && error.code === 'invalidResponse';
        }
      }),
    );
  });
});
