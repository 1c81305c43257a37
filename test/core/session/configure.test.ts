import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { PartnerSession } from '../../../core/index.ts';
import { withSession } from '../../helpers/with-session.ts';

const hour = 3_600_000;

/** Resolves when the session has new tokens. */
async function refreshed(session: PartnerSession): Promise<void> {
  const target = new EventTarget();
  const { issuedAt } = session.status;
  const stop = session.on('change', (status) => {
    if (!status.refreshing && status.issuedAt !== issuedAt) target.dispatchEvent(new Event('refreshed'));
  });
  await once(target, 'refreshed');
  stop();
}

describe('configure()', () => {
  it('refreshes a token that is due by a larger margin at once', () =>
    withSession({ session: { autoRefresh: true } }, async ({ session, clock, refreshes }) => {
      clock.advance(8 * hour);
      assert.equal(session.status.phase, 'valid');
      const done = refreshed(session);
      session.configure({ refreshMargin: 7200 + 3600 });
      clock.advance(1);
      await done;
      assert.equal(refreshes(), 1);
    }));

  it('notifies listeners of the phase that results from the new margin', () =>
    withSession({}, async ({ session, clock }) => {
      clock.advance(9 * hour);
      const phases: string[] = [];
      session.on('change', ({ phase }) => phases.push(phase));
      session.configure({ refreshMargin: 4 * 3600 });
      session.configure({ refreshMargin: 0 });
      assert.deepEqual(phases, ['due', 'valid']);
    }));

  it('turns automatic refreshes on, also for a token that is already due', () =>
    withSession({}, async ({ session, clock, refreshes }) => {
      clock.advance(10 * hour - 60_000);
      assert.equal(session.status.phase, 'due');
      assert.equal(refreshes(), 0);
      const done = refreshed(session);
      session.configure({ autoRefresh: true });
      clock.advance(60_000);
      await done;
      assert.equal(refreshes(), 1);
    }));

  it('turns automatic refreshes off', () =>
    withSession({ session: { autoRefresh: true } }, async ({ session, clock, refreshes }) => {
      session.configure({ autoRefresh: false });
      clock.advance(11 * hour);
      assert.equal(session.status.phase, 'expired');
      assert.equal(clock.timers, 0);
      assert.equal(refreshes(), 0);
    }));

  it('keeps what is omitted', () =>
    withSession({ session: { refreshMargin: 4 * 3600 } }, async ({ session, clock }) => {
      clock.advance(7 * hour);
      session.configure({ autoRefresh: false });
      session.configure({});
      assert.equal(session.status.phase, 'due');
    }));

  it('refuses a value out of range, another option and a closed session, and changes nothing', () =>
    withSession({}, async ({ session, clock }) => {
      for (const refreshMargin of [-1, NaN, 40_000_000, '300' as unknown as number]) {
        assert.throws(() => session.configure({ refreshMargin }), { code: 'configuration', setting: 'refreshMargin' });
      }
      assert.throws(() => session.configure({ autoRefresh: 'yes' as never }), { setting: 'autoRefresh' });
      assert.throws(() => session.configure({ timeout: 1 } as object), TypeError);
      clock.advance(9 * hour);
      assert.equal(session.status.phase, 'valid');
      await session.close();
      assert.throws(() => session.configure({}), { code: 'closed' });
    }));
});
