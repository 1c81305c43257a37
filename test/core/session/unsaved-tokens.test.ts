import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore } from '../../../core/index.ts';
import { stored, withSession, type Fixture } from '../../helpers/with-session.ts';
import { newTokens, watchedStore, type WatchedStore } from '../../helpers/watched-store.ts';

describe('tokens that could not be saved', () => {
  it('of a new login are not given up for the session before it', () =>
    run(async ({ session, store, sandbox, credentials }) => {
      const before = (await stored(store)).sessionId;
      store.failWrites(() => true);
      await assert.rejects(session.login(credentials), { code: 'store' });
      const token = await session.accessToken();
      assert.equal(token, sandbox.tokens('tconnect')?.accessToken);
      store.failWrites(undefined);
      await session.refresh();
      assert.notEqual((await stored(store)).sessionId, before);
      assert.equal((await stored(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('of a new login are saved at the end over the session before it', () =>
    run(async ({ session, store, sandbox, credentials }) => {
      store.failWrites(() => true);
      await assert.rejects(session.login(credentials), { code: 'store' });
      store.failWrites(undefined);
      await session.close();
      assert.equal((await stored(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('of a new login give way to a login of another process since', () =>
    run(async ({ session, store, sibling, credentials, clock }) => {
      store.failWrites(() => true);
      await assert.rejects(session.login(credentials), { code: 'store' });
      store.failWrites(undefined);
      clock.advance(1000);
      const other = await sibling();
      await other.login(credentials);
      await session.refresh();
      assert.equal(await session.accessToken(), await other.accessToken());
    }));

  it('of a refresh do not come back after a sign-out in another process', () =>
    run(async ({ session, store, sibling, clock }) => {
      const other = await sibling();
      store.failWrites(newTokens);
      await assert.rejects(session.refresh(), { code: 'store' });
      store.failWrites(undefined);
      clock.advance(1000);
      await other.signOut();
      await session.close();
      assert.deepEqual(Object.keys((await store.read()) ?? {}), ['version', 'signedOutAt']);
    }));

  it('because of a disk that was full for a moment only are saved in the same refresh', () =>
    run(async ({ session, store, sandbox }) => {
      let left = 2;
      store.failWrites((record) => newTokens(record) && left-- > 0);
      await session.refresh();
      assert.equal((await stored(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
      assert.equal(session.status.lastError, undefined);
    }));
});

describe('a sign-out', () => {
  it('that the store could not keep is a sign-out in this process all the same', () =>
    run(async ({ session, store }) => {
      store.failWrites(() => true);
      await assert.rejects(session.signOut(), { code: 'store' });
      assert.equal(session.status.phase, 'signedOut');
      store.failWrites(undefined);
      await assert.rejects(session.accessToken(), { code: 'signedOut' });
      assert.equal(await store.read(), undefined);
    }));
});

function run(test: (fixture: Fixture & { readonly store: WatchedStore }) => Promise<void>): Promise<void> {
  const store = watchedStore(memoryStore());
  return withSession({ session: { store } }, (fixture) => test({ ...fixture, store }));
}
