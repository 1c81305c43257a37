import assert from 'node:assert/strict';
import { it } from 'node:test';
import { memoryStore, openSession } from '../../../../core/index.ts';
import { failure } from '../../../helpers/with-session.ts';

it('what a store claims about its session reaches no terminal as control or direction-changing characters', async () => {
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
