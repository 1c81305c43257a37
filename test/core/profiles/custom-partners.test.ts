import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partners } from '../../../core/index.ts';
import { parsePartners } from '../../../core/profiles/custom-partners.ts';
import { parseProfiles } from '../../../core/profiles/profile.ts';
import { acmePay, acmePayJson } from '../../helpers/acme-pay.ts';

const builtIn = Object.keys(partners);
const parse = parsePartners;
const problems = (setting: unknown): string[] =>
  parse(setting).problems.map(({ name, field, message, values }) => [name, field, message, ...values].join(' | '));

describe('the setting partnerAuth.partners', () => {
  it('adds partners to the built-in ones', () => {
    assert.deepEqual(Object.keys(parse(undefined).known), builtIn);
    assert.deepEqual(Object.keys(parse([]).known), builtIn);
    const { known, problems: none } = parse([acmePayJson()]);
    assert.deepEqual([Object.keys(known), none], [[...builtIn, 'acme-pay'], []]);
    assert.deepEqual(known['acme-pay'], acmePay);
  });

  const invalidPath = { ...acmePayJson(), login: { path: 'v2/token' } };
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['an unknown key', { ...acmePayJson(), cypher: {} }, 'acme-pay | cypher | is missing or wrong'],
    [
      'a nested unknown key',
      { ...acmePayJson(), body: { ...acmePay.body, feild: 'x' } },
      'acme-pay | body.feild | is not a known field; did you mean "{0}"? | field',
    ],
    ['an invalid path', invalidPath, 'acme-pay | login.path | is missing or wrong'],
    [
      'the former name of a field',
      { ...acmePayJson(), answer: {}, response: undefined },
      'acme-pay | answer | was renamed to "{0}" | response',
    ],
    ['no response', { ...acmePayJson(), response: undefined }, 'acme-pay | response | is missing or wrong'],
    [
      'a rule without a condition',
      { ...acmePayJson(), errors: [{ is: 'sessionEnded' }] },
      'acme-pay | errors.0 | is missing or wrong',
    ],
    [
      'the id of a built-in partner',
      { ...acmePayJson(), id: 'tconnect' },
      'tconnect | id | is used by another partner',
    ],
    ['a string', 'acme', '#1 |  | is missing or wrong'],
    ['null', null, '#1 |  | is missing or wrong'],
    ['an invalid id', { ...acmePayJson(), id: 'a b\n[x](command:y)' }, '#1 | id | is missing or wrong'],
    ['a label of 50 MB', { ...acmePayJson(), label: 'x'.repeat(50_000_000) }, 'acme-pay |  | is missing or wrong'],
  ];
  for (const [title, definition, problem] of wrong) {
    it(`reports ${title} and keeps the other definitions`, () => {
      assert.deepEqual(problems([definition]), [problem]);
      const good = { ...acmePayJson(), id: 'good-pay' };
      assert.deepEqual(Object.keys(parse([definition, good]).known), [...builtIn, 'good-pay']);
    });
  }

  it('reports a duplicate id', () =>
    assert.deepEqual(problems([acmePayJson(), acmePayJson()]), ['acme-pay | id | is used by another partner']));

  it('must be a list', () => {
    for (const setting of [{}, 'x', 7, null]) {
      assert.deepEqual(problems(setting), [' |  | must be a list']);
      assert.deepEqual(Object.keys(parse(setting).known), builtIn);
    }
  });

  it('keeps profiles of other partners if a definition is invalid', () => {
    const { known } = parse([invalidPath]);
    const acme = { id: 'acme', label: 'Acme', partner: 'acme-pay', baseUrl: 'https://acme.example' };
    const mail = { id: 'mail', label: 'Mail', partner: 'bizmail', baseUrl: 'https://mail.example' };
    const { profiles, problems: found } = parseProfiles([acme, mail], known);
    assert.deepEqual(
      profiles.map(({ id }) => id),
      ['mail'],
    );
    assert.deepEqual(
      found.map(({ name, field }) => `${name} ${field}`),
      ['Acme partner'],
    );
  });
});
