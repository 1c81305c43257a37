import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore, PartnerAuthError, type StoredRecord, type TokenStore } from '../../../core/index.ts';
import { partnerNames, readSession, withSession } from '../../helpers/with-session.ts';

describe('refresh', () => {
  for (const partner of partnerNames) {
    it(`ends the session only when ${partner} refuses the stored refresh token`, () =>
      withSession({ partner }, async ({ session, sandbox, clock, store }) => {
        const token = await session.accessToken();
        sandbox.revoke(partner);
        await assert.rejects(session.refresh(), { code: 'sessionEnded', retryable: false });
        assert.equal(session.status.phase, 'ended');
        assert.equal(await session.accessToken(), token, 'the access token stays valid until it expires');
        assert.notEqual((await readSession(store)).tokens.refreshToken, undefined, 'for an explicit refresh');
        clock.advance(100_000_000);
        await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
        assert.equal(
          sandbox.journal.filter(({ call }) => call === 'refresh').length,
          partner === 'cloudreve' ? 2 : 1,
          'a refused refresh token is sent again only where that is harmless',
        );
      }));

    it(`survives a lost response if ${partner} grants a grace time`, () =>
      withSession({ partner, sandbox: { graceTime: 60 } }, async ({ session, sandbox, refreshes }) => {
        sandbox.fail('resetAfter', { call: 'refresh' });
        await session.refresh();
        assert.equal(refreshes(), 2);
        assert.equal(await session.accessToken(), sandbox.tokens(partner)?.accessToken);
      }));
  }

  it('joins the refresh in flight', () =>
    withSession({ sandbox: { delay: 20 } }, async ({ session, refreshes }) => {
      await Promise.all([session.refresh(), session.refresh(), session.refresh()]);
      assert.equal(refreshes(), 1);
    }));

  it('adopts the tokens that another process just got, without a request', () =>
    withSession(
      { session: { store: withoutEvents(memoryStore()) } },
      async ({ session, sibling, sandbox, refreshes }) => {
        const other = await sibling();
        await other.refresh();
        await session.refresh();
        assert.equal(refreshes(), 1);
        assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      },
    ));

  it('asks again after about 0.25, 1.25, 2.5 and 5.25 s while responses are lost, and not later', () =>
    withSession({ sandbox: { graceTime: 60 } }, async ({ session, sandbox, clock, refreshes }) => {
      const start = clock.now();
      sandbox.fail('resetAfter', { call: 'refresh', times: 5 });
      await assert.rejects(session.refresh(), { code: 'network' });
      const times = sandbox.journal.filter(({ call }) => call === 'refresh').map(({ at }) => at - start);
      assert.deepEqual(times, [0, 250, 1_250, 2_500, 5_250]);
      await session.refresh();
      assert.equal(refreshes(), 6);
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
    }));

  it('survives three lost responses if the partner grants a grace time of 3 seconds', () =>
    withSession({ sandbox: { graceTime: 3 } }, async ({ session, sandbox, refreshes }) => {
      sandbox.fail('resetAfter', { call: 'refresh', times: 3 });
      await session.refresh();
      assert.equal(refreshes(), 4);
      assert.equal(session.status.phase, 'valid');
    }));

  it('fails with refreshInterrupted if the response is lost and the partner grants no grace time', () =>
    withSession({}, async ({ session, sandbox }) => {
      const token = await session.accessToken();
      sandbox.fail('resetAfter', { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'refreshInterrupted', message: /interrupted.*sign in again/ });
      assert.equal(session.status.phase, 'ended');
      assert.equal(await session.accessToken(), token);
    }));

  it('fails with refreshInterrupted after a crash during a refresh', () =>
    withSession({}, async ({ session, sandbox, store, sibling }) => {
      const before = await readSession(store);
      await session.refresh();
      await store.write({ ...before, intent: { at: 0 } });
      const restarted = await sibling();
      await assert.rejects(restarted.refresh(), { code: 'refreshInterrupted' });
      assert.equal(sandbox.journal.filter(({ outcome }) => outcome === 'replayed').length, 1);
    }));

  it('writes its intent before the request and clears it after the response', () =>
    withSession({ sandbox: { delay: 20 } }, async ({ session, store }) => {
      const writes: StoredRecord[] = [];
      const { write } = store;
      store.write = (record) => {
        writes.push(record);
        return write(record);
      };
      await session.refresh();
      assert.deepEqual(
        writes.map((record) => 'tokens' in record && [record.generation, record.intent !== undefined]),
        [
          [1, true],
          [2, false],
        ],
      );
    }));

  it('sends no request if its intent cannot be written', () =>
    withSession({}, async ({ session, store, refreshes }) => {
      const token = await session.accessToken();
      store.write = () => Promise.reject(new Error('ENOSPC'));
      await assert.rejects(session.refresh(), {
        code: 'store',
        message: /was not refreshed, because the new refresh token could not be saved/,
      });
      assert.equal(refreshes(), 0);
      assert.equal(await session.accessToken(), token);
    }));

  it('names the setting of the store that could not be written', () =>
    withSession({}, async ({ session, store }) => {
      store.write = () => Promise.reject(new PartnerAuthError('store', 'locked', { setting: 'keyring.write' }));
      await assert.rejects(session.refresh(), { code: 'store', setting: 'keyring.write', message: /not refreshed/ });
    }));

  it('provides the new token although saving it failed, reports the failure, and saves with the next refresh', () =>
    withSession({}, async ({ session, sandbox, store }) => {
      const { write } = store;
      store.write = (record) =>
        'tokens' in record && record.intent === undefined ? Promise.reject(new Error('ENOSPC')) : write(record);
      await assert.rejects(session.refresh(), { code: 'store' });
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(session.status.lastError?.code, 'store');
      store.write = write;
      await session.refresh();
      assert.equal((await readSession(store)).generation, 3);
      assert.equal(session.status.lastError, undefined);
    }));

  it('keeps the refresh token if the response has none or the same', async () => {
    for (const refreshTokenInResponse of ['omitted', 'same'] as const) {
      await withSession({ sandbox: { refreshTokenInResponse } }, async ({ session, store }) => {
        const before = await readSession(store);
        await session.refresh();
        await session.refresh();
        const after = await readSession(store);
        assert.equal(after.tokens.refreshToken, before.tokens.refreshToken);
        assert.notEqual(after.tokens.accessToken, before.tokens.accessToken);
        assert.equal(after.generation, 3);
      });
    }
  });

  it('does not end the session for network and server faults', async () => {
    const faults = [
      'resetBefore',
      { status: 429 },
      { status: 500 },
      { status: 502, html: true },
      { status: 400 },
      { status: 404 },
      'brokenJson',
      'oversized',
      { redirect: 'http://127.0.0.1:9/' },
      { text: '' },
      { text: 'null' },
    ] as const;
    for (const fault of faults) {
      // With a grace time, the partner accepts the same token again, which is sent after a lost response.
      await withSession({ sandbox: { graceTime: 60 } }, async ({ session, sandbox }) => {
        const token = await session.accessToken();
        sandbox.fail(fault, { call: 'refresh', times: 5 });
        await assert.rejects(session.refresh());
        assert.equal(session.status.phase, 'valid', JSON.stringify(fault));
        assert.equal(await session.accessToken(), token);
        sandbox.heal();
        await session.refresh();
        assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      });
    }
  });

  it('adopts a new login of another process instead of refreshing the old session', () =>
    withSession({}, async ({ session, sibling, sandbox, credentials }) => {
      const other = await sibling();
      await other.login(credentials);
      sandbox.clearJournal();
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(sandbox.journal.length, 0);
    }));

  it('detects a sign-out of another process', () =>
    withSession({}, async ({ session, sibling }) => {
      const other = await sibling();
      await other.signOut();
      await assert.rejects(session.refresh(), { code: 'signedOut' });
      assert.equal(session.status.phase, 'signedOut');
    }));
});

/** A store without change notifications, such as a file in a folder that cannot be watched. */
function withoutEvents({ read, write, clear, lock }: TokenStore): TokenStore {
  return { read, write, clear, lock };
}
