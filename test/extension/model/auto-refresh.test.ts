import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProfileStatus } from '../../../core/profiles/index.ts';
import { automaticRefresh, type RefreshSituation } from '../../../extension/model/auto-refresh.ts';

describe('automaticRefresh', () => {
  const inUse: RefreshSituation = {
    active: { id: 'a' },
    focused: true,
    secretsAreIsolated: false,
    isStarting: false,
  };
  const rows: readonly (readonly [
    string,
    id: string,
    Partial<RefreshSituation>,
    expected: ReturnType<typeof automaticRefresh>,
  ])[] = [
    ['the window in use shows', 'a', {}, 'refresh'],
    ['the window in use shows, in a browser', 'a', { secretsAreIsolated: true }, 'refresh'],
    ['another window shows', 'a', { focused: false }, 'open'],
    ['another window shows, just after it was opened', 'a', { focused: false, isStarting: true }, 'leave'],
    ['another window shows, in a browser', 'a', { focused: false, secretsAreIsolated: true }, 'open'],
    ['a window does not show', 'b', {}, 'open'],
    ['a window does not show, just after it was opened', 'b', { isStarting: true }, 'leave'],
    ['a window does not show, in a browser', 'b', { secretsAreIsolated: true }, 'leave'],
    ['a background window does not show, in a browser', 'b', { secretsAreIsolated: true, focused: false }, 'leave'],
    ['is one of many, none of which is active', 'a', { active: undefined, secretsAreIsolated: true }, 'leave'],
  ];
  for (const [what, id, situation, expected] of rows) {
    it(`is '${expected}' for a due profile that ${what}`, () => {
      for (const phase of ['due', 'expired'] as const)
        assert.equal(automaticRefresh({ id }, { phase, refreshing: false }, { ...inUse, ...situation }), expected);
    });
  }

  it('refreshes an expired token that is shown just after the window was opened, and a due one a little later', () => {
    const starting = { ...inUse, isStarting: true };
    assert.equal(automaticRefresh({ id: 'a' }, { phase: 'expired', refreshing: false }, starting), 'refresh');
    assert.equal(automaticRefresh({ id: 'a' }, { phase: 'due', refreshing: false }, starting), 'leave');
  });

  it("is 'leave' unless a refresh is due and helps", () => {
    const others: readonly Pick<ProfileStatus, 'phase' | 'refreshing'>[] = [
      { phase: 'due', refreshing: true },
      ...(['signedOut', 'valid', 'ended'] as const).map((phase) => ({ phase, refreshing: false })),
    ];
    for (const status of others) assert.equal(automaticRefresh({ id: 'a' }, status, inUse), 'leave', status.phase);
  });
});
