import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, partnerNames, withSession } from '../../helpers/with-session.ts';
import { PartnerAuthError } from '../../../core/index.ts';

describe('accessToken', () => {
  it('asks nobody while the token is valid', () =>
    withSession({}, async ({ session, sandbox }) => {
      const before = sandbox.journal.length;
      const token = await session.accessToken();
      for (let call = 0; call < 100; call++) assert.equal(await session.accessToken(), token);
      assert.equal(sandbox.journal.length, before);
    }));

  for (const partner of partnerNames) {
    it(`refreshes an expired token at ${partner}`, () =>
      withSession({ partner }, async ({ session, sandbox, clock }) => {
        const old = await session.accessToken();
        clock.advance(11 * 3_600_000 + (partner === 'bizmail' ? 86_400_000 : 0));
        assert.equal(session.status.phase, 'expired');
        const token = await session.accessToken();
        assert.notEqual(token, old);
        assert.equal(token, sandbox.tokens(partner)?.accessToken);
        assert.equal(session.status.phase, 'valid');
      }));

    it(`makes one refresh for 1,000 callers of ${partner} at once on an expired token`, () =>
      withSession({ partner }, async ({ session, clock, refreshes }) => {
        clock.advance(100_000_000);
        const tokens = await Promise.all(Array.from({ length: 1000 }, () => session.accessToken()));
        assert.equal(new Set(tokens).size, 1);
        assert.equal(refreshes(), 1);
      }));
  }

  it('refreshes inside the refresh margin', () =>
    withSession({ session: { refreshMargin: 600 } }, async ({ session, clock, refreshes }) => {
      clock.advance((36_000 - 601) * 1000);
      await session.accessToken();
      assert.equal(refreshes(), 0);
      clock.advance(2000);
      assert.equal(session.status.phase, 'due');
      await session.accessToken();
      assert.equal(refreshes(), 1);
    }));

  it('counts no more than half of a short life as margin', () =>
    withSession({ sandbox: { accessLifetime: 60 } }, async ({ session, clock, refreshes }) => {
      clock.advance(29_000);
      await session.accessToken();
      assert.equal(refreshes(), 0);
      clock.advance(2_000);
      await session.accessToken();
      assert.equal(refreshes(), 1);
    }));

  it('refreshes for a caller who needs the token longer', () =>
    withSession({}, async ({ session, clock, refreshes }) => {
      clock.advance(35_000_000);
      await session.accessToken({ minValidity: 500 });
      assert.equal(refreshes(), 0);
      await session.accessToken({ minValidity: 2000 });
      assert.equal(refreshes(), 1);
    }));

  it('refuses a minValidity that is no time, rather than refresh with every call or return a token that is over', () =>
    withSession({}, async ({ session, refreshes }) => {
      for (const minValidity of [Number(undefined), -1, -Infinity, 'soon', {}] as number[])
        await assert.rejects(session.accessToken({ minValidity }), {
          name: 'TypeError',
          message: /minValidity.*seconds/,
        });
      assert.equal(refreshes(), 0);
    }));

  it('returns the new token of a partner whose tokens live shorter than asked for, after one refresh', () =>
    withSession({ sandbox: { accessLifetime: 10 } }, async ({ session, sandbox, refreshes }) => {
      const token = await session.accessToken({ minValidity: 3600 });
      assert.equal(refreshes(), 1);
      assert.equal(token, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('returns the valid token when a refresh fails, and leaves the partner alone for a while', () =>
    withSession({}, async ({ session, sandbox, clock, refreshes }) => {
      const token = await session.accessToken();
      clock.advance(35_900_000);
      sandbox.fail({ status: 400 }, { call: 'refresh', times: 10 });
      for (let call = 0; call < 5; call++) assert.equal(await session.accessToken(), token);
      assert.equal(refreshes(), 1);
      assert.equal(session.status.lastError?.code, 'partnerRefused');
      clock.advance(1_000);
      await session.accessToken();
      assert.equal(refreshes(), 2);
      sandbox.heal();
      clock.advance(2_000);
      assert.notEqual(await session.accessToken(), token);
      assert.equal(session.status.lastError, undefined);
    }));

  it('fails when the token is over and the partner is down, and recovers with it', () =>
    withSession({}, async ({ session, sandbox, clock }) => {
      clock.advance(40_000_000);
      sandbox.fail({ status: 500 }, { call: 'refresh', times: 4 });
      await assert.rejects(session.accessToken(), { code: 'partnerUnavailable', retryable: true, status: 500 });
      assert.equal(session.status.phase, 'expired');
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
    }));

  it('says that nobody is signed in', () =>
    withSession({ signedIn: false }, async ({ session }) => {
      await assert.rejects(session.accessToken(), { code: 'signedOut' });
      await assert.rejects(session.refresh(), { code: 'signedOut' });
    }));

  it('detaches a caller who aborts and goes on for the others', () =>
    withSession({ sandbox: { delay: 50 } }, async ({ session, clock, refreshes, sandbox }) => {
      clock.advance(40_000_000);
      const controller = new AbortController();
      const aborted = failure(session.accessToken({ signal: controller.signal }));
      const patient = session.accessToken();
      controller.abort();
      const error = await aborted;
      assert.ok(error instanceof PartnerAuthError);
      assert.equal(error.code, 'aborted');
      assert.equal(await patient, sandbox.tokens('tconnect')?.accessToken);
      assert.equal(refreshes(), 1);
    }));

  it('is refused after close', () =>
    withSession({}, async ({ session }) => {
      await session.close();
      await assert.rejects(session.accessToken(), { code: 'closed' });
    }));
});
