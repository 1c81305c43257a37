import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProfiles } from '../../../core/profiles/index.ts';
import { activeProfile, type ActiveProfileFacts } from '../../../extension/model/active-profile.ts';

const { profiles } = parseProfiles(
  ['first', 'test', 'live'].map((id) => ({ id, label: id, partner: 'bizmail', baseUrl: `https://${id}.example` })),
);
const allowed = { id: 'live', origin: 'https://live.example', allowed: true };

function choose(facts: Partial<ActiveProfileFacts>): [string | undefined, string | undefined] {
  const { profile, undecided } = activeProfile({
    profiles,
    selection: undefined,
    userSetting: undefined,
    workspaceSetting: undefined,
    isTrusted: true,
    decisions: [],
    ...facts,
  });
  return [profile?.id, undecided?.id];
}

describe('activeProfile', () => {
  const rows: readonly (readonly [string, Partial<ActiveProfileFacts>, active: string | undefined, asks?: string])[] = [
    ['is the first profile without a choice', {}, 'first'],
    ['is undefined without profiles', { profiles: [], workspaceSetting: 'live' }, undefined],
    ['is the one of the user settings', { userSetting: 'test' }, 'test'],
    ['is the selected one', { selection: { id: 'test', instead: undefined } }, 'test'],
    ['asks before a workspace selects one', { workspaceSetting: 'live' }, 'first', 'live'],
    ['asks also for the first profile', { workspaceSetting: 'first' }, 'first', 'first'],
    ['is the one of the workspace once allowed', { workspaceSetting: 'live', decisions: [allowed] }, 'live'],
    [
      'does not ask again once refused',
      { workspaceSetting: 'live', userSetting: 'test', decisions: [{ ...allowed, allowed: false }] },
      'test',
    ],
    [
      'asks again for a profile at another address',
      { workspaceSetting: 'live', decisions: [{ ...allowed, origin: 'https://old.example' }] },
      'first',
      'live',
    ],
    ['asks for each profile', { workspaceSetting: 'test', decisions: [allowed] }, 'first', 'test'],
    [
      'ignores the workspace in Restricted Mode, also when allowed before',
      { workspaceSetting: 'live', userSetting: 'test', decisions: [allowed], isTrusted: false },
      'test',
    ],
    [
      'keeps what the user was using while it asks',
      { workspaceSetting: 'live', selection: { id: 'test', instead: undefined } },
      'test',
      'live',
    ],
    [
      'prefers what the user selected instead of the setting',
      { workspaceSetting: 'live', decisions: [allowed], selection: { id: 'test', instead: 'live' } },
      'test',
    ],
    [
      'prefers the setting once it has changed',
      { workspaceSetting: 'live', decisions: [allowed], selection: { id: 'test', instead: 'first' } },
      'live',
    ],
    [
      'does not ask if the user has selected that one',
      { workspaceSetting: 'live', selection: { id: 'live', instead: 'live' } },
      'live',
    ],
    ['ignores a selected profile that was removed', { selection: { id: 'gone', instead: undefined } }, 'first'],
    ['ignores an id that the user does not have', { workspaceSetting: 'gone', userSetting: 'test' }, 'test'],
    ...[{ id: 'live', baseUrl: 'https://evil.example' }, ['live'], 1, null, ''].map(
      (workspaceSetting) =>
        [`ignores ${JSON.stringify(workspaceSetting)}, which is no id`, { workspaceSetting }, 'first'] as const,
    ),
  ];
  for (const [title, facts, active, asks] of rows) it(title, () => assert.deepEqual(choose(facts), [active, asks]));

  it('reports an id that the user does not have', () => {
    const facts = { profiles, selection: undefined, userSetting: 'test', isTrusted: true, decisions: [] };
    assert.equal(activeProfile({ ...facts, workspaceSetting: 'gone' }).missing, 'gone');
    assert.equal(activeProfile({ ...facts, workspaceSetting: 'gone', isTrusted: false }).missing, undefined);
    assert.equal(activeProfile({ ...facts, workspaceSetting: 'live' }).missing, undefined);
  });
});
