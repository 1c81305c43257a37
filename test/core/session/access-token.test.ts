import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catchError, partnerNames, withSession } from '../../helpers/with-session.ts';
import { PartnerAuthError } from '../../../core/index.ts';

describe('accessToken', () => {
  it('sends no request while the token is valid', () =>
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

    it(`refreshes once at ${partner} for 1,000 concurrent callers with an expired token`, () =>
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

  it('limits the refresh margin to half of a short lifetime', () =>
    withSession({ sandbox: { accessLifetime: 60 } }, async ({ session, clock, refreshes }) => {
      clock.advance(29_000);
      await session.accessToken();
      assert.equal(refreshes(), 0);
      clock.advance(2_000);
      await session.accessToken();
      assert.equal(refreshes(), 1);
    }));

  it('refreshes for a caller that requires a longer validity', () =>
    withSession({}, async ({ session, clock, refreshes }) => {
      clock.advance(35_000_000);
      await session.accessToken({ minValidity: 500 });
      assert.equal(refreshes(), 0);
      await session.accessToken({ minValidity: 2000 });
      assert.equal(refreshes(), 1);
    }));

  it('refuses a minValidity that is not a valid number of seconds', () =>
    withSession({}, async ({ session, refreshes }) => {
      for (const minValidity of [Number(undefined), -1, -Infinity, 'soon', {}] as number[])
        await assert.rejects(session.accessToken({ minValidity }), {
          name: 'TypeError',
          message: /minValidity.*seconds/,
        });
      assert.equal(refreshes(), 0);
    }));

  it('returns the new token after one refresh even if its lifetime is shorter than minValidity', () =>
    withSession({ sandbox: { accessLifetime: 10 } }, async ({ session, sandbox, refreshes }) => {
      const token = await session.accessToken({ minValidity: 3600 });
      assert.equal(refreshes(), 1);
      assert.equal(token, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('returns the valid token if a refresh fails, and waits before the next refresh', () =>
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

  it('fails while the token has expired and the partner is unavailable, and recovers afterwards', () =>
    withSession({}, async ({ session, sandbox, clock }) => {
      clock.advance(40_000_000);
      sandbox.fail({ status: 500 }, { call: 'refresh', times: 5 });
      await assert.rejects(session.accessToken(), { code: 'partnerUnavailable', retryable: true, status: 500 });
      assert.equal(session.status.phase, 'expired');
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
    }));

  it('fails with signedOut without a session', () =>
    withSession({ signedIn: false }, async ({ session }) => {
      await assert.rejects(session.accessToken(), { code: 'signedOut' });
      await assert.rejects(session.refresh(), { code: 'signedOut' });
    }));

  it('rejects a caller that aborts and continues the refresh for the others', () =>
    withSession({ sandbox: { delay: 50 } }, async ({ session, clock, refreshes, sandbox }) => {
      clock.advance(40_000_000);
      const controller = new AbortController();
      const aborted = catchError(session.accessToken({ signal: controller.signal }));
      const other = session.accessToken();
      controller.abort();
      const error = await aborted;
      assert.ok(error instanceof PartnerAuthError);
      assert.equal(error.code, 'aborted');
      assert.equal(await other, sandbox.tokens('tconnect')?.accessToken);
      assert.equal(refreshes(), 1);
    }));

  it('fails after close()', () =>
    withSession({}, async ({ session }) => {
      await session.close();
      await assert.rejects(session.accessToken(), { code: 'closed' });
    }));
});
