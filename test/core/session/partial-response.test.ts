import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partnerNames, readSession, withSession } from '../../helpers/with-session.ts';

/** The response with its access token replaced, or removed if `value` is undefined. */
function withAccessToken(response: unknown, value: unknown): unknown {
  const copy = response as { data?: Record<string, unknown> };
  const parent: Record<string, unknown> = copy.data ?? copy;
  if (value === undefined) delete parent.access_token;
  else parent.access_token = value;
  return copy;
}

describe('a refresh response with a new refresh token but no usable access token', () => {
  for (const partner of partnerNames) {
    for (const value of [undefined, 7, 'two\r\nlines', '']) {
      it(`does not cost the session at ${partner} (${value === undefined ? 'missing' : JSON.stringify(value)})`, () =>
        withSession(
          { partner, sandbox: { rotation: 'reuseDetection' } },
          async ({ session, sandbox, store, sibling }) => {
            const before = await readSession(store);
            sandbox.fail({ rewrite: (response) => withAccessToken(response, value) }, { call: 'refresh' });
            await assert.rejects(session.refresh(), { code: 'invalidResponse' });
            assert.equal(session.status.phase, 'valid', 'the current access token is still valid');
            const after = await readSession(store);
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
