import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partnerNames, stored, withSession } from '../../helpers/with-session.ts';

/** A refresh answer with its access token replaced, wherever the partner puts it. */
function withAccessToken(answer: unknown, value: unknown): unknown {
  const copy = answer as { data?: Record<string, unknown> };
  const holder: Record<string, unknown> = copy.data ?? copy;
  if (value === undefined) delete holder.access_token;
  else holder.access_token = value;
  return copy;
}

describe('an answer with a new refresh token but without a usable access token', () => {
  for (const partner of partnerNames) {
    for (const value of [undefined, 7, 'two\r\nlines', '']) {
      it(`of ${partner} (${value === undefined ? 'missing' : JSON.stringify(value)}) does not cost the session`, () =>
        withSession(
          { partner, sandbox: { rotation: 'reuseDetection' } },
          async ({ session, sandbox, store, sibling }) => {
            const before = await stored(store);
            sandbox.fail({ rewrite: (answer) => withAccessToken(answer, value) }, { call: 'refresh' });
            await assert.rejects(session.refresh(), { code: 'invalidResponse' });
            assert.equal(session.status.phase, 'valid', 'the access token at hand is still good');
            const after = await stored(store);
            assert.notEqual(after.tokens.refreshToken, before.tokens.refreshToken);
            assert.equal(after.tokens.accessToken, before.tokens.accessToken);
            const restarted = await sibling();
            await restarted.refresh();
            assert.equal(await restarted.accessToken(), sandbox.tokens(partner)?.accessToken);
          },
        ));
    }
  }
});
