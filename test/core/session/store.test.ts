import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore, type StoredRecord } from '../../../core/index.ts';
import { readSession, withSession, type Fixture } from '../../helpers/with-session.ts';
import { faultInjectingStore, hasNewTokens, type FaultInjectingStore } from '../../helpers/fault-injecting-store.ts';

describe('tokens that could not be saved', () => {
  it('are used instead of the previous session after a login', () =>
    run(async ({ session, store, sandbox, credentials }) => {
      const before = (await readSession(store)).sessionId;
      store.failWrites(() => true);
      await assert.rejects(session.login(credentials), { code: 'store' });
      const token = await session.accessToken();
      assert.equal(token, sandbox.tokens('tconnect')?.accessToken);
      store.failWrites(undefined);
      await session.refresh();
      assert.notEqual((await readSession(store)).sessionId, before);
      assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('replace the previous session on close() after a login', () =>
    run(async ({ session, store, sandbox, credentials }) => {
      store.failWrites(() => true);
      await assert.rejects(session.login(credentials), { code: 'store' });
      store.failWrites(undefined);
      await session.close();
      assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('are dropped for a later login of another process', () =>
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

  it('are dropped for a later sign-out in another process', () =>
    run(async ({ session, store, sibling, clock }) => {
      const other = await sibling();
      store.failWrites(hasNewTokens);
      await assert.rejects(session.refresh(), { code: 'store' });
      store.failWrites(undefined);
      clock.advance(1000);
      await other.signOut();
      await session.close();
      assert.deepEqual(Object.keys((await store.read()) ?? {}), ['version', 'signedOutAt']);
    }));

  it('are saved by the same refresh if the disk was full only for a moment', () =>
    run(async ({ session, store, sandbox }) => {
      let left = 2;
      store.failWrites((record) => hasNewTokens(record) && left-- > 0);
      await session.refresh();
      assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
      assert.equal(session.status.lastError, undefined);
    }));
});

describe('a sign-out that could not be saved', () => {
  it('still signs out in this process', () =>
    run(async ({ session, store }) => {
      store.failWrites(() => true);
      await assert.rejects(session.signOut(), { code: 'store' });
      assert.equal(session.status.phase, 'signedOut');
      store.failWrites(undefined);
      await assert.rejects(session.accessToken(), { code: 'signedOut' });
      assert.equal(await store.read(), undefined);
    }));
});

describe('a sign-out that is cut off', () => {
  for (let step = 1; step <= 2; step++) {
    it(`before change ${step} of the store is either not made or not undone by a sibling`, () =>
      run(async ({ session, store, sibling }) => {
        const { write, clear } = store;
        let changes = 0;
        const { promise: cutOff, resolve: cut } = Promise.withResolvers<undefined>();
        const { promise: end, resolve: finish } = Promise.withResolvers<undefined>();
        const change = async (make: () => Promise<void>): Promise<void> => {
          if (++changes < step) return make();
          cut(undefined);
          await end;
          throw new Error('The process was killed.');
        };
        const other = await sibling({ store: store.withoutLock });
        store.write = (record, options) => change(() => write(record, options));
        store.clear = () => change(clear);
        const signedOut = session.signOut().catch(() => undefined);
        await Promise.race([cutOff, signedOut]);
        assert.notEqual(await store.read(), undefined, 'a sibling would take an empty store for a lost one');
        const isMade = isTombstone(await store.read());
        const code = await other.refresh().then(
          () => undefined,
          (error: unknown) => (error as { code?: unknown }).code,
        );
        assert.equal(code, isMade ? 'signedOut' : undefined);
        assert.equal(isTombstone(await store.read()), isMade);
        finish(undefined);
        await signedOut;
      }));
  }
});

describe('a slow read of the store', () => {
  it('does not undo a login that this process made in the meantime', async () => {
    const store = memoryStore();
    const { read } = store;
    let slow: Promise<void> | undefined;
    let reads = 0;
    store.read = async (): Promise<StoredRecord | undefined> => {
      const record = await read();
      if (slow !== undefined && ++reads === 1) await slow;
      return record;
    };
    let notify = (): void => undefined;
    store.onDidChange = (listener) => {
      notify = listener;
      return () => undefined;
    };
    await withSession({ session: { store } }, async ({ session, sandbox, credentials }) => {
      await session.signOut();
      const gate = Promise.withResolvers<undefined>();
      slow = gate.promise;
      notify();
      await session.login(credentials);
      gate.resolve(undefined);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(session.status.phase, 'valid');
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
    });
  });
});

describe('close()', () => {
  it('waits until a login is saved, and nothing is written to the store afterwards', () => {
    const store = memoryStore();
    const { write } = store;
    let onWrite = (): void => undefined;
    const started = new Promise<void>((resolve) => (onWrite = resolve));
    let written = 0;
    store.write = async (record) => {
      onWrite();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await write(record);
      written++;
    };
    return withSession({ session: { store }, signedIn: false }, async ({ session, credentials }) => {
      const login = session.login(credentials);
      await started;
      await Promise.all([session.close(), session.close().then(() => assert.equal(written, 1))]);
      assert.equal(written, 1);
      await login;
    });
  });
});

const isTombstone = (record: StoredRecord | undefined): boolean => record !== undefined && 'signedOutAt' in record;

function run(test: (fixture: Fixture & { readonly store: FaultInjectingStore }) => Promise<void>): Promise<void> {
  const store = faultInjectingStore(memoryStore());
  return withSession({ session: { store } }, (fixture) => test({ ...fixture, store }));
}
