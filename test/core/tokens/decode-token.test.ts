import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeToken } from '../../../core/index.ts';

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jwt = (header: unknown, claims: unknown, signature = 'c2ln'): string =>
  `${part(header)}.${part(claims)}.${signature}`;

describe('decodeToken', () => {
  it('reads header and claims and states that nothing was verified', () => {
    const header = { alg: 'RS256', typ: 'JWT' };
    const claims = { sub: 'Nguyễn Văn Ánh 👋', exp: 1_772_366_400, roles: ['a'], nested: { deep: null } };
    assert.deepEqual(decodeToken(jwt(header, claims)), { header, claims, verified: false });
  });

  it('reads a token without a signature', () => {
    assert.deepEqual(decodeToken(jwt({ alg: 'none' }, {}, ''))?.verified, false);
  });

  it('reads the example of RFC 7519 section 3.1', () => {
    const token = [
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9',
      'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
      'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    ].join('.');
    assert.deepEqual(decodeToken(token), {
      header: { typ: 'JWT', alg: 'HS256' },
      claims: { iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true },
      verified: false,
    });
  });

  const invalid: readonly (readonly [string, unknown])[] = [
    ['an empty string', ''],
    ['an opaque token', 'opaque-token'],
    ['only dots', '..'],
    ['one part', part({})],
    ['two parts', `${part({})}.${part({})}`],
    ['four parts', `${jwt({}, {})}.x`],
    ['an encrypted token of five parts', 'eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn'],
    ['claims that are not JSON', jwt({}, '{"a":')],
    ['claims that are a list', jwt({}, [])],
    ['claims that are null', jwt({}, null)],
    ['claims that are a number', jwt({}, 7)],
    ['claims that are a string', jwt({}, '"a"')],
    ['a header that is not an object', jwt([], {})],
    ['no claims', `${part({})}..sig`],
    ['base64 of the standard alphabet', `${part({})}.${Buffer.from('{"a":"???>>>"}').toString('base64')}.s`],
    ['padding', `${part({})}.${part({ a: 1 })}==.s`],
    ['a space in front', ` ${jwt({}, {})}`],
    ['a line break inside', jwt({}, {}).replace('.', '\n.')],
    ['a bearer header', `Bearer ${jwt({}, {})}`],
    ['more than 64 KiB', jwt({}, { filler: 'x'.repeat(65_536) })],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { split: () => ['a', 'b', 'c'] }],
    ['a list', [jwt({}, {})]],
  ];
  for (const [title, value] of invalid) {
    it(`returns undefined for ${title}`, () => assert.equal(decodeToken(value as string), undefined));
  }

  it('reads a claim named __proto__ without setting the prototype', () => {
    const decoded = decodeToken(jwt({}, '{"__proto__":{"admin":true}}'));
    assert.equal(decoded?.claims.admin, undefined);
    assert.equal(({} as Record<string, unknown>).admin, undefined);
  });

  it('reads arbitrary claims', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (claims) => {
        const plain = JSON.parse(JSON.stringify(claims)) as unknown;
        assert.deepEqual(decodeToken(jwt({ alg: 'HS256' }, claims))?.claims, plain);
      }),
    );
  });

  it('never throws', () => {
    const bytes = fc.uint8Array().map((array) => Buffer.from(array).toString('base64url'));
    const values = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(bytes, bytes, bytes).map((parts) => parts.join('.')),
      fc.tuple(fc.string(), fc.string()).map(([header, claims]) => jwt(header, claims)),
      fc.anything(),
    );
    fc.assert(
      fc.property(values, (text) => {
        const decoded = decodeToken(text as string);
        return !decoded?.verified;
      }),
      { numRuns: 3000 },
    );
  });
});
