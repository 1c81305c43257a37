import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PartnerResponse } from '../../../core/index.ts';
import { withSession } from '../../helpers/with-session.ts';

// A route of Cloudreve that is open to anonymous callers, to which a dead token is no error.
const route = '/api/v4/site/config/basic';

function emailIn({ body }: PartnerResponse): string | undefined {
  return (body as { data: { user: { email?: string } } }).data.user.email;
}

describe('a call on a route that is open to anonymous callers', () => {
  it('is made with a refreshed token if the one at hand has expired', () =>
    withSession({ partner: 'cloudreve', session: { refreshMargin: 0 } }, async (fixture) => {
      const { session, clock, credentials, refreshes } = fixture;
      assert.equal(emailIn(await session.request(route)), credentials.email);
      clock.advance(3_600_000);
      assert.equal(emailIn(await session.request(route)), credentials.email);
      assert.equal(refreshes(), 1);
    }));

  it('is not made with an expired token if the refresh fails', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, clock }) => {
      clock.advance(3_600_000);
      sandbox.set({ database: 'down' });
      await assert.rejects(session.request(route), { code: 'partnerUnavailable' });
      sandbox.set({ database: 'usersDown' });
      clock.advance(60_000);
      await assert.rejects(session.request(route), { code: 'sessionEnded' });
      assert.ok(!sandbox.journal.some(({ path }) => path === route));
    }));

  it('is made with a fresh token if the clock of the partner is ahead', () =>
    withSession({ partner: 'cloudreve', session: { refreshMargin: 0 } }, async (fixture) => {
      const { session, sandbox, clock, credentials } = fixture;
      sandbox.advance(30);
      await session.refresh();
      clock.advance(3_599_000);
      assert.equal(emailIn(await session.request(route)), credentials.email);
    }));
});
