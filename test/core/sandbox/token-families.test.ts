import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenFamilies, type RefreshRules } from '../../../core/sandbox/tokens/families.ts';

function rules(changes: Partial<RefreshRules> = {}): RefreshRules {
  let count = 0;
  return {
    mint: (kind, family) => `${kind}-${family}-${(count += 1)}`,
    accessLifetime: 1,
    refreshLifetime: 10,
    rotation: 'reuseDetection',
    graceTime: 0,
    keepRefreshToken: false,
    ...changes,
  };
}

describe('token families (internal)', () => {
  it('expires a token to the millisecond', () => {
    const families = new TokenFamilies();
    const pair = families.open('a', 500, rules());
    assert.equal(families.checkAccess(pair.accessToken, 1499), undefined);
    assert.equal(families.checkAccess(pair.accessToken, 1500), 'expired');
    assert.equal(families.refresh(pair.refreshToken, 10_500, rules()), 'expired');
  });

  it('does not treat an identical successor as a replay', () => {
    const families = new TokenFamilies();
    const same = rules({ mint: (kind, family) => `${kind}-${family}` });
    const pair = families.open('a', 0, same);
    for (let i = 0; i < 3; i += 1) assert.deepEqual(families.refresh(pair.refreshToken, 0, same), pair);
  });

  it('accepts an access token of two families until both are revoked', () => {
    const families = new TokenFamilies();
    const shared = rules({
      mint: (kind, family) => (kind === 'access' ? 'access' : `refresh-${family}-${Math.random()}`),
    });
    const first = families.open('a', 0, shared);
    families.open('b', 0, shared);
    families.refresh(first.refreshToken, 0, shared);
    assert.equal(families.refresh(first.refreshToken, 0, shared), 'replayed');
    assert.equal(families.checkAccess('access', 0), undefined);
    families.revokeAll();
    assert.equal(families.checkAccess('access', 0), 'revoked');
  });

  it('removes expired tokens over time', () => {
    const families = new TokenFamilies();
    const always = rules();
    let pair = families.open('a', 0, always);
    const first = pair;
    for (let now = 1000; now < 3_000_000; now += 1000) {
      const next = families.refresh(pair.refreshToken, now, always);
      assert.ok(typeof next === 'object');
      pair = next;
    }
    assert.equal(families.checkAccess(first.accessToken, 3_000_000), 'unknown');
    assert.equal(families.checkAccess(pair.accessToken, 2_999_000), undefined);
  });
});
