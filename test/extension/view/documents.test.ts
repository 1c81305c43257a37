import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProfileStatus } from '../../../core/profiles/index.ts';
import { tokenDocument } from '../../../extension/view/token-document.ts';
import { english } from '../../helpers/fake-app.ts';

describe('the document of a token', () => {
  const status: ProfileStatus = {
    phase: 'valid',
    refreshing: false,
    storage: 'kept',
    issuedAt: Date.UTC(2026, 0, 1),
    accessExpiresAt: Date.UTC(2026, 0, 1, 10),
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signature = 'c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';
  const jwt = `${part({ alg: 'HS256' })}.${part({ sub: 'ann', exp: 1_767_225_600, iat: 'odd' })}.${signature}`;
  const of = (token: string, now: ProfileStatus = status): Record<string, unknown> =>
    JSON.parse(tokenDocument(token, now, english)) as Record<string, unknown>;

  it('shows header, claims and their times', () => {
    const document = of(jwt);
    assert.deepEqual(document.header, { alg: 'HS256' });
    assert.deepEqual(document.claims, { sub: 'ann', exp: 1_767_225_600, iat: 'odd' });
    assert.deepEqual(document.claimTimes, { exp: '2026-01-01T00:00:00.000Z' });
    assert.equal(document.format, 'JWT');
  });

  it('says that nothing was verified', () => assert.match(String(of(jwt).note), /Nothing here was verified/));

  it('holds no part of the token', () => {
    const text = tokenDocument(jwt, status, english);
    for (const piece of jwt.split('.')) assert.ok(!text.includes(piece));
  });

  it('shows the lifetimes, and no moment that is not known', () => {
    assert.deepEqual(of(jwt).lifetimes, {
      issuedAt: '2026-01-01T00:00:00.000Z',
      accessTokenExpiresAt: '2026-01-01T10:00:00.000Z',
    });
  });

  for (const odd of ['opaque-token', 'a.b.c', '', `${'x'.repeat(70_000)}.y.z`]) {
    it(`says that a token is no JWT: ${JSON.stringify(odd.slice(0, 20))}`, () => {
      const document = of(odd);
      assert.match(String(document.format), /not a JWT/);
      assert.equal(document.claims, undefined);
      assert.ok(odd === '' || !JSON.stringify(document).includes(odd));
    });
  }

  for (const exp of [1e300, -1e300, 8.64e12 + 1, 1e15]) {
    it(`stands a time of ${exp} in a claim`, () => {
      const token = `${part({ alg: 'none' })}.${part({ exp })}.${signature}`;
      assert.deepEqual(of(token).claims, { exp });
    });
  }

  it('stands claims named like properties of objects', () => {
    const token = `${part({})}.${Buffer.from('{"__proto__":{"a":1},"constructor":"x"}').toString('base64url')}.${signature}`;
    assert.match(tokenDocument(token, status, english), /"constructor": "x"/);
  });
});
