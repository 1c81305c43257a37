import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProfileStatus } from '../../../core/profiles/index.ts';
import { tokenDocument } from '../../../extension/view/token-document.ts';
import { english } from '../../helpers/fake-app.ts';

describe('tokenDocument', () => {
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
  const documentOf = (token: string, now: ProfileStatus = status): Record<string, unknown> =>
    JSON.parse(tokenDocument(token, now, english)) as Record<string, unknown>;

  it('shows the header, the claims and their times', () => {
    const document = documentOf(jwt);
    assert.deepEqual(document.header, { alg: 'HS256' });
    assert.deepEqual(document.claims, { sub: 'ann', exp: 1_767_225_600, iat: 'odd' });
    assert.deepEqual(document.claimTimes, { exp: '2026-01-01T00:00:00.000Z' });
    assert.equal(document.format, 'JWT');
  });

  it('states that nothing was verified', () =>
    assert.match(String(documentOf(jwt).note), /None of this has been verified/));

  it('contains no part of the raw token', () => {
    const text = tokenDocument(jwt, status, english);
    for (const piece of jwt.split('.')) assert.ok(!text.includes(piece));
  });

  it('shows the known lifetimes only', () => {
    assert.deepEqual(documentOf(jwt).lifetimes, {
      issuedAt: '2026-01-01T00:00:00.000Z',
      accessTokenExpiresAt: '2026-01-01T10:00:00.000Z',
    });
  });

  it('says of a refused session what can be done', () => {
    const { session } = documentOf(jwt, { ...status, phase: 'ended', refused: true }).lifetimes as { session: string };
    assert.equal(session, 'refused; refresh to ask once more, or sign in again');
  });

  it('promises nothing about the token of a session that has ended', () => {
    const ended: ProfileStatus = { ...status, phase: 'ended', refreshExpiresAt: Date.UTC(2026, 1, 1) };
    assert.deepEqual(documentOf(jwt, ended).lifetimes, {
      issuedAt: '2026-01-01T00:00:00.000Z',
      session: 'ended; sign in again',
      accessTokenMayBeAcceptedUntil: '2026-01-01T10:00:00.000Z',
    });
  });

  for (const opaque of ['opaque-token', 'a.b.c', '', `${'x'.repeat(70_000)}.y.z`]) {
    it(`reports that a token is not a JWT: ${JSON.stringify(opaque.slice(0, 20))}`, () => {
      const document = documentOf(opaque);
      assert.match(String(document.format), /not a JWT/);
      assert.equal(document.claims, undefined);
      assert.ok(opaque === '' || !JSON.stringify(document).includes(opaque));
    });
  }

  for (const exp of [1e300, -1e300, 8.64e12 + 1, 1e15]) {
    it(`tolerates an exp claim of ${exp}`, () => {
      const token = `${part({ alg: 'none' })}.${part({ exp })}.${signature}`;
      assert.deepEqual(documentOf(token).claims, { exp });
    });
  }

  it('shows claims named like properties of Object.prototype', () => {
    const token = `${part({})}.${Buffer.from('{"__proto__":{"a":1},"constructor":"x"}').toString('base64url')}.${signature}`;
    assert.match(tokenDocument(token, status, english), /"constructor": "x"/);
  });
});
