import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore } from '../../../core/index.ts';
import { fencedStore, type FencedStore } from '../../helpers/fenced-store.ts';
import { readSession, withSession, type Fixture } from '../../helpers/with-session.ts';
import { faultInjectingStore, type FaultInjectingStore } from '../../helpers/fault-injecting-store.ts';

describe('a refresh whose lock was taken over by another process', () => {
  for (const [moment, step] of [
    ['before its intent is written', 'read'],
    ['before its request is sent', 'write'],
  ] as const) {
    it(`sends no refresh token and adopts the new tokens if the takeover happens ${moment}`, () =>
      run(async ({ session, store, sandbox, sibling }) => {
        const other = await sibling({ store: store.withoutLock });
        store.interceptNext(step, async () => {
          store.simulateTakeover();
          await other.refresh();
        });
        await session.refresh();
        assert.deepEqual(outcomes(sandbox.journal), ['ok']);
        assert.equal(await session.accessToken(), await other.accessToken());
        assert.equal((await readSession(store)).generation, 2);
        assert.equal((await readSession(store)).intent, undefined);
      }));
  }

  it('does not send the replaced refresh token if the takeover happens before a retry', () =>
    run(async ({ session, store, sandbox, sibling, clock }) => {
      const other = await sibling({ store: store.withoutLock });
      const { wait } = clock;
      clock.wait = async (delay) => {
        clock.wait = wait;
        store.simulateTakeover();
        await other.refresh();
        return wait(delay);
      };
      sandbox.fail('resetBefore', { call: 'refresh' });
      await session.refresh();
      assert.deepEqual(outcomes(sandbox.journal), ['fault', 'ok']);
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
    }));

  it('does not undo a sign-out of the other process', () =>
    run(async ({ session, store, sibling, sandbox }) => {
      const other = await sibling({ store: store.withoutLock });
      store.interceptNext('write', () => {
        sandbox.set({ delay: 20 });
        setTimeout(() => {
          store.simulateTakeover();
          void other.signOut();
        }, 5);
      });
      await session.refresh().catch(() => undefined);
      assert.deepEqual(Object.keys((await store.read()) ?? {}), ['version', 'signedOutAt']);
      assert.equal(session.status.phase, 'signedOut');
    }));

  it('fails with the code lock if it loses the lock repeatedly', () =>
    run(async ({ session, store, sandbox }) => {
      const takeOver = (): void => {
        store.simulateTakeover();
        store.interceptNext('read', takeOver);
      };
      store.interceptNext('read', takeOver);
      await assert.rejects(session.refresh(), { code: 'lock', retryable: true });
      assert.deepEqual(outcomes(sandbox.journal), []);
      store.interceptNext('read', () => undefined);
      await session.refresh();
    }));
});

describe('a refresh whose lock was taken over in a store with fences', () => {
  it('saves the new tokens under the next lock if the request was already sent', async () => {
    const store = fencedStore();
    const onRequest = ({ call }: { readonly call?: string }): void => {
      if (call === 'refresh') void takeOverLock(store);
    };
    await withSession(
      { sandbox: { rotation: 'reuseDetection', onRequest }, session: { store } },
      async ({ session, sandbox, sibling }) => {
        await session.refresh();
        assert.deepEqual(outcomes(sandbox.journal), ['ok']);
        assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
        const restarted = await sibling();
        await restarted.refresh();
        assert.deepEqual(outcomes(sandbox.journal), ['ok', 'ok']);
      },
    );
  });

  it('acquires another lock before it sends its request', async () => {
    const store = fencedStore();
    await withSession({ sandbox: { rotation: 'reuseDetection' }, session: { store } }, async ({ session, sandbox }) => {
      const { write } = store;
      let isFenced = false;
      store.write = async (record, options) => {
        if (!isFenced) await takeOverLock(store);
        isFenced = true;
        return write(record, options);
      };
      await session.refresh();
      assert.deepEqual(outcomes(sandbox.journal), ['ok']);
      assert.equal((await readSession(store)).intent, undefined);
    });
  });
});

/** Simulates another process that takes the lock over and releases it. */
function takeOverLock(store: FencedStore): Promise<void> {
  store.expire();
  return store.lock(() => Promise.resolve());
}

function run(test: (fixture: Fixture & { readonly store: FaultInjectingStore }) => Promise<void>): Promise<void> {
  const store = faultInjectingStore(memoryStore());
  return withSession({ sandbox: { rotation: 'reuseDetection' }, session: { store } }, (fixture) =>
    test({ ...fixture, store }),
  );
}

function outcomes(journal: Fixture['sandbox']['journal']): string[] {
  return journal.filter(({ call }) => call === 'refresh').map(({ outcome }) => outcome);
}
