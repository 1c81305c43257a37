import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withSession } from '../../helpers/with-session.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('a session', () => {
  it('does not return an expired token after the clock was set back', () =>
    withSession({}, async ({ session, clock, sandbox, refreshes }) => {
      clock.advance(11 * hour);
      clock.shiftWallClock(-day);
      assert.equal(session.status.phase, 'expired');
      await session.accessToken();
      assert.equal(refreshes(), 1);
      assert.equal(session.status.phase, 'valid', 'the new token is valid by the current clock');
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(refreshes(), 1);
    }));

  it('treats a stored token that was issued in the future as expired', () =>
    withSession({}, async ({ clock, sibling, refreshes }) => {
      clock.shiftWallClock(-day);
      const other = await sibling();
      assert.equal(other.status.phase, 'expired');
      await other.accessToken();
      assert.equal(refreshes(), 1);
      assert.equal(other.status.phase, 'valid');
    }));

  it('detects expiry after sleep, in which only the wall clock advances', () =>
    withSession({}, async ({ session, clock, refreshes }) => {
      clock.shiftWallClock(11 * hour);
      assert.equal(session.status.phase, 'expired');
      await session.accessToken();
      assert.equal(refreshes(), 1);
    }));

  it("corrects absolute deadlines if the partner's clock differs", () =>
    withSession({ partner: 'cloudreve', signedIn: false }, async ({ session, clock, sandbox, credentials }) => {
      sandbox.advance(7 * 3600);
      await session.login(credentials);
      assert.equal(session.status.phase, 'valid');
      const lifetime = (session.status.accessExpiresAt ?? 0) - clock.now();
      assert.ok(lifetime > 3_590_000 && lifetime <= 3_600_000, `${lifetime} ms`);
    }));

  it('is not ended by a clock that is set far into the future', () =>
    withSession({}, async ({ session, clock, sandbox, refreshes }) => {
      const partnerTime = sandbox.now();
      clock.shiftWallClock(400 * day);
      sandbox.advance((partnerTime - sandbox.now()) / 1000);
      assert.equal(session.status.phase, 'ended', 'the refresh token seems to have expired');
      await session.accessToken();
      assert.equal(refreshes(), 1);
      assert.equal(session.status.phase, 'valid');
    }));

  it('notifies its listeners when the token becomes due, expires and when the session ends', () =>
    withSession({ session: { refreshMargin: 600 } }, async ({ session, clock }) => {
      const phases: string[] = [];
      const off = session.on('change', ({ phase }) => phases.push(phase));
      clock.advance(9 * hour + 51 * 60_000);
      assert.deepEqual(phases, ['due']);
      clock.advance(hour);
      assert.deepEqual(phases, ['due', 'expired']);
      clock.advance(40 * day);
      assert.deepEqual(phases, ['due', 'expired', 'ended']);
      off();
      assert.equal(clock.timers, 0);
    }));

  it('uses one timer for several listeners and a distant deadline', () =>
    withSession(
      { sandbox: { accessLifetime: 400 * 86_400, refreshLifetime: 500 * 86_400 } },
      async ({ session, clock }) => {
        session.on('change', () => undefined);
        session.on('change', () => undefined);
        assert.equal(clock.timers, 1);
        clock.advance(90 * day);
        assert.equal(clock.timers, 1);
        assert.equal(session.status.phase, 'valid');
        await session.close();
        assert.equal(clock.timers, 0);
      },
    ));

  it('refreshes automatically before expiry with autoRefresh, until the session ends', () =>
    withSession({ session: { autoRefresh: true } }, async ({ session, clock, refreshes, sandbox }) => {
      for (let round = 1; round <= 3; round++) {
        const done = waitForStatus(session, (status) => !status.refreshing && status.phase === 'valid');
        clock.advance(10 * hour - 1000);
        await done;
        assert.equal(refreshes(), round);
      }
      sandbox.revoke('tconnect');
      const ended = waitForStatus(session, (status) => status.phase === 'ended' && !status.refreshing);
      clock.advance(10 * hour - 1000);
      await ended;
      clock.advance(20 * hour);
      assert.equal(refreshes(), 4);
      assert.equal(session.status.lastError?.code, 'sessionEnded');
    }));

  it('retries automatic refreshes with increasing delays', () =>
    withSession({ session: { autoRefresh: true } }, async ({ session, clock, sandbox, refreshes }) => {
      sandbox.fail({ status: 404 }, { call: 'refresh', times: 2 });
      const failed = waitForStatus(session, (status) => !status.refreshing && status.lastError !== undefined);
      clock.advance(10 * hour - 240_000);
      await failed;
      const failedAgain = waitForStatus(session, (status) => status.refreshing);
      clock.advance(1_000);
      await failedAgain;
      await waitForStatus(session, (status) => !status.refreshing);
      const recovered = waitForStatus(session, (status) => status.lastError === undefined && !status.refreshing);
      clock.advance(2_000);
      await recovered;
      assert.equal(refreshes(), 3);
      assert.equal(session.status.phase, 'valid');
    }));

  it('does not extend the lifetime of its token if it ends after the clock was set back', () =>
    withSession({}, async ({ session, clock, sandbox }) => {
      clock.advance(9 * hour);
      clock.shiftWallClock(-2 * hour);
      sandbox.revoke('tconnect');
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await session.accessToken();
      clock.advance(1.5 * hour);
      await assert.rejects(
        session.accessToken(),
        { code: 'sessionEnded' },
        'the token with a lifetime of 10 h is 10.5 h old',
      );
    }));
});

type Session = Parameters<Parameters<typeof withSession>[1]>[0]['session'];

/** Resolves on the first change to a matching status. */
function waitForStatus(session: Session, matches: (status: Session['status']) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const off = session.on('change', (status) => {
      if (!matches(status)) return;
      off();
      resolve();
    });
  });
}
