import assert from 'node:assert/strict';
import { it } from 'node:test';
import { definePartner, partners } from '../../../../core/index.ts';
import { resolveOptions } from '../../../../core/session/options.ts';

const evil = '\u001b[2J\u202e\r\nevil';
const unknown: object = { [evil]: 1 };

it('the name of an unknown field reaches no terminal as control or direction-changing characters', () => {
  const wrong: (() => unknown)[] = [
    () => definePartner({ ...partners.bizmail, ...unknown }),
    () => definePartner({ ...partners.bizmail, login: { ...partners.bizmail.login, ...unknown } }),
    () => resolveOptions({ partner: 'bizmail', baseUrl: 'https://h', response: unknown }),
    () => resolveOptions({ partner: 'bizmail', baseUrl: 'https://h', ...unknown }),
  ];
  for (const call of wrong) {
    assert.throws(call, (error: Error) => {
      assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
      assert.match(error.message, /evil/);
      return true;
    });
  }
});
