import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore } from '../../../core/index.ts';
import { fencedStore, type FencedStore } from '../../helpers/fenced-store.ts';
import { stored, withSession, type Fixture } from '../../helpers/with-session.ts';
import { watchedStore, type WatchedStore } from '../../helpers/watched-store.ts';

describe('a process that hung and lost its lock', () => {
  for (const [moment, step] of [
    ['before it wrote its intent', 'read'],
    ['before it asked', 'write'],
  ] as const) {
    it(`${moment} sends no refresh token and takes over what the other got`, () =>
      run(async ({ session, store, sandbox, sibling }) => {
        const other = await sibling({ store: store.withoutLock });
        store.before(step, async () => {
          store.loseLock();
          await other.refresh();
        });
        await session.refresh();
        assert.deepEqual(outcomes(sandbox.journal), ['ok']);
        assert.equal(await session.accessToken(), await other.accessToken());
        assert.equal((await stored(store)).generation, 2);
        assert.equal((await stored(store)).intent, undefined);
      }));
  }

  it('while it waited to ask again does not ask with the replaced refresh token', () =>
    run(async ({ session, store, sandbox, sibling, clock }) => {
      const other = await sibling({ store: store.withoutLock });
      const { wait } = clock;
      clock.wait = async (delay) => {
        clock.wait = wait;
        store.loseLock();
        await other.refresh();
        return wait(delay);
      };
      sandbox.fail('resetBefore', { call: 'refresh' });
      await session.refresh();
      assert.deepEqual(outcomes(sandbox.journal), ['fault', 'ok']);
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
    }));

  it('does not undo a sign-out that happened meanwhile', () =>
    run(async ({ session, store, sibling, sandbox }) => {
      const other = await sibling({ store: store.withoutLock });
      store.before('write', () => {
        sandbox.set({ delay: 20 });
        setTimeout(() => {
          store.loseLock();
          void other.signOut();
        }, 5);
      });
      await session.refresh().catch(() => undefined);
      assert.deepEqual(Object.keys((await store.read()) ?? {}), ['version', 'signedOutAt']);
      assert.equal(session.status.phase, 'signedOut');
    }));

  it('gives up with a code when it loses the lock again and again', () =>
    run(async ({ session, store, sandbox }) => {
      const lose = (): void => {
        store.loseLock();
        store.before('read', lose);
      };
      store.before('read', lose);
      await assert.rejects(session.refresh(), { code: 'lock', retryable: true });
      assert.deepEqual(outcomes(sandbox.journal), []);
      store.before('read', () => undefined);
      await session.refresh();
    }));
});

describe('a store with fences whose lock was taken over during a refresh', () => {
  it('gets the new tokens of the partner under the next lock', async () => {
    const store = fencedStore();
    const onRequest = ({ call }: { readonly call?: string }): void => {
      if (call === 'refresh') void overtake(store);
    };
    await withSession(
      { sandbox: { rotation: 'reuseDetection', onRequest }, session: { store } },
      async ({ session, sandbox, sibling }) => {
        await session.refresh();
        assert.deepEqual(outcomes(sandbox.journal), ['ok']);
        assert.equal((await stored(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
        const restarted = await sibling();
        await restarted.refresh();
        assert.deepEqual(outcomes(sandbox.journal), ['ok', 'ok']);
      },
    );
  });

  it('is asked for another lock before anything is sent', async () => {
    const store = fencedStore();
    await withSession({ sandbox: { rotation: 'reuseDetection' }, session: { store } }, async ({ session, sandbox }) => {
      const { write } = store;
      let fenced = false;
      store.write = async (record, options) => {
        if (!fenced) await overtake(store);
        fenced = true;
        return write(record, options);
      };
      await session.refresh();
      assert.deepEqual(outcomes(sandbox.journal), ['ok']);
      assert.equal((await stored(store)).intent, undefined);
    });
  });
});

/** Another process takes the lock over, and releases it. */
function overtake(store: FencedStore): Promise<void> {
  store.expire();
  return store.lock(() => Promise.resolve());
}

function run(test: (fixture: Fixture & { readonly store: WatchedStore }) => Promise<void>): Promise<void> {
  const store = watchedStore(memoryStore());
  return withSession({ sandbox: { rotation: 'reuseDetection' }, session: { store } }, (fixture) =>
    test({ ...fixture, store }),
  );
}

function outcomes(journal: Fixture['sandbox']['journal']): string[] {
  return journal.filter(({ call }) => call === 'refresh').map(({ outcome }) => outcome);
}
