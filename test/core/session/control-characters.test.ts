import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, memoryStore, openSession, partners } from '../../../core/index.ts';
import { resolveOptions } from '../../../core/session/options.ts';
import { failure } from '../../helpers/with-session.ts';

const evil = '\u001b[2J\u202e\r\nevil';
const unknown: object = { [evil]: 1 };

describe('errors show no control or direction-changing characters', () => {
  it('of what a store claims about its session', async () => {
    const store = memoryStore();
    await store.write({
      version: 1,
      sessionId: 'x',
      generation: 1,
      partner: '\u001b[2Jbizmail\u202e',
      origin: 'https://h\r\nFake: line',
      tokens: { accessToken: 'a', issuedAt: 1 },
    });
    const error = await failure(openSession({ partner: 'bizmail', baseUrl: 'https://h', store }));
    assert.doesNotMatch(String(error), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  const calls: Readonly<Record<string, () => unknown>> = {
    definition: () => definePartner({ ...partners.bizmail, ...unknown }),
    'nested definition': () => definePartner({ ...partners.bizmail, login: { ...partners.bizmail.login, ...unknown } }),
    'nested option': () => resolveOptions({ partner: 'bizmail', baseUrl: 'https://h', response: unknown }),
    option: () => resolveOptions({ partner: 'bizmail', baseUrl: 'https://h', ...unknown }),
  };
  for (const [where, call] of Object.entries(calls)) {
    it(`of the name of an unknown field of a ${where}`, () => {
      assert.throws(call, (error: Error) => {
        assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
        assert.match(error.message, /evil/);
        return true;
      });
    });
  }
});
