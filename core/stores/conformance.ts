import type assertModule from 'node:assert/strict';
import type testModule from 'node:test';
import type { TestContext } from 'node:test';
import { loadNodeModule } from '../lib/node-modules.ts';
import type { StoredSession } from './stored-record.ts';
import type { HeldLock, TokenStore } from './token-store.ts';

export interface ConformanceOptions {
  /**
   * How long the suite holds a lock, in ms. Default 2,000. Set it above the lease time of a store whose locks are
   * leases: a session holds the lock during a whole refresh, 65 s by default and 605 s at most.
   */
  readonly holdFor?: number;
  /** How long `onDidChange` may take to call its listener, in ms. Default 10,000. */
  readonly reportedWithin?: number;
}

/**
 * Registers the tests that a store must pass to be shared by sessions, processes and machines. They use `node:test`,
 * which is loaded by this call.
 *
 * @param createStore resolves with a store. Stores with the same name share their record and their lock, like those of
 * two processes. Names are unique and have no record yet.
 */
export function testTokenStore(
  createStore: (name: string) => Promise<TokenStore>,
  { holdFor = 2_000, reportedWithin = 10_000 }: ConformanceOptions = {},
): void {
  const { describe, it } = loadNodeModule('node:test') as typeof testModule;
  const assert: typeof assertModule = loadNodeModule('node:assert/strict') as typeof assertModule;
  const run = Date.now().toString(36);
  let count = 0;
  const newName = (): string => `conformance-${run}-${count++}`;
  const pair = async (): Promise<[TokenStore, TokenStore]> => {
    const name = newName();
    return [await createStore(name), await createStore(name)];
  };
  const write = (store: TokenStore, record: StoredSession): Promise<void> =>
    store.lock((held) => store.write(record, { held }));

  const tests: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
    'is empty at first': async () => {
      const store = await createStore(newName());
      assert.equal(await store.read(), undefined);
      await store.clear();
      assert.equal(await store.read(), undefined);
    },

    'returns the last written record through every instance, with its unknown fields': async () => {
      const [store, other] = await pair();
      await write(store, session(1));
      const record = { ...session(2), later: { than: ['this', 'version'] } };
      await write(store, record);
      assert.deepEqual(await store.read(), record);
      assert.deepEqual(await other.read(), record);
    },

    'is unaffected by later changes of a written or returned object': async () => {
      const store = await createStore(newName());
      const record = session(1);
      await write(store, record);
      Object.assign(record.tokens, { accessToken: 'changed' });
      assert.deepEqual(await store.read(), session(1));
      Object.assign((await store.read()) ?? {}, { generation: 9 });
      assert.deepEqual(await store.read(), session(1));
    },

    'stores tokens of 16 KiB and names in any script': async () => {
      const [store, other] = await pair();
      const { tokens } = session(1);
      const record = {
        ...session(1),
        account: 'Nguyễn Văn A 🔑',
        tokens: { ...tokens, accessToken: 'a'.repeat(16_384) },
      };
      await write(store, record);
      assert.deepEqual(await other.read(), record);
    },

    'returns only complete records, also during a write': async () => {
      const [store, other] = await pair();
      await write(store, session(1));
      const progress = { writing: true };
      const writes = (async () => {
        for (let generation = 2; generation <= 20; generation++) await write(store, session(generation));
      })().finally(() => (progress.writing = false));
      let last = 1;
      while (progress.writing) {
        const record = await other.read();
        assert.ok(record !== undefined && 'generation' in record);
        assert.deepEqual(record, session(record.generation));
        assert.ok(record.generation >= last);
        last = record.generation;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writes;
    },

    'stores a sign-out': async () => {
      const [store, other] = await pair();
      await write(store, session(1));
      const tombstone = { version: 1, signedOutAt: 1_700_000_000_000 } as const;
      await store.lock((held) => store.write(tombstone, { held }));
      assert.deepEqual(await other.read(), tombstone);
    },

    'stores an encrypted record as it is': async () => {
      const [store, other] = await pair();
      const encrypted = { keyId: 'k1', iv: 'aXY=', tag: 'dGFn', data: 'ZGF0YQ==' };
      for (const record of [
        { version: 2, encrypted, generation: 3 },
        { version: 2, encrypted, generation: 0, signedOutAt: 1_700_000_000_000 },
      ] as const) {
        await store.lock((held) => store.write(record, { held }));
        assert.deepEqual(await other.read(), record);
      }
    },

    'is empty after clear(), through every instance': async () => {
      const [store, other] = await pair();
      await write(store, session(1));
      await store.clear();
      assert.equal(await store.read(), undefined);
      assert.equal(await other.read(), undefined);
    },

    'shares nothing with a store of another name': async () => {
      const [store, other] = [await createStore(newName()), await createStore(newName())];
      await write(store, session(1));
      assert.equal(await other.read(), undefined);
      await store.lock(async () =>
        assert.equal(await other.lock(() => Promise.resolve('not excluded')), 'not excluded'),
      );
    },

    'runs one function under the lock at a time': async () => {
      const [store, other] = await pair();
      let inside = 0;
      const most = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store : other).lock(async () => {
            const seen = ++inside;
            await new Promise((resolve) => setImmediate(resolve));
            inside--;
            return seen;
          }),
        ),
      );
      assert.equal(Math.max(...most), 1);
    },

    'passes on the result and the error of the function under the lock': async () => {
      const [store, other] = await pair();
      assert.equal(await store.lock(() => Promise.resolve(7)), 7);
      await assert.rejects(
        store.lock(() => Promise.reject(new RangeError('test'))),
        new RangeError('test'),
      );
      assert.equal(await other.lock(() => Promise.resolve('released')), 'released');
    },

    'rejects with the retryable code lock after the timeout, and still serves the next waiter': async () => {
      const [store, other] = await pair();
      const { promise: done, resolve: finish } = Promise.withResolvers<undefined>();
      const { promise: entered, resolve: enter } = Promise.withResolvers<undefined>();
      const holder = store.lock(() => {
        enter(undefined);
        return done;
      });
      await entered;
      let ran = false;
      await assert.rejects(
        other.lock(() => Promise.resolve((ran = true)), { timeout: 100 }),
        {
          code: 'lock',
          retryable: true,
        },
      );
      const next = other.lock(() => Promise.resolve('next'));
      finish(undefined);
      await holder;
      assert.equal(await next, 'next');
      assert.equal(ran, false);
    },

    [`keeps the lock for as long as it is held (here ${holdFor} ms; a session holds it for up to 605 s)`]: async () => {
      const [store, other] = await pair();
      await store.lock(async (held) => {
        assert.equal(await held.stillHeld(), true);
        await assert.rejects(
          other.lock(() => Promise.resolve(), { timeout: holdFor }),
          { code: 'lock' },
        );
        assert.equal(await held.stillHeld(), true);
        await store.write(session(1), { held });
      });
      assert.deepEqual(await other.read(), session(1));
    },

    'increases its fence with each lock and rejects writes with an earlier one, if it has fences': async (t) => {
      const [store, other] = await pair();
      const { promise: first, resolve } = Promise.withResolvers<HeldLock>();
      await store.lock((held) => {
        resolve(held);
        return Promise.resolve();
      });
      const earlier = await first;
      if (earlier.fence === undefined) {
        t.skip('no fences');
        return;
      }
      const fence = earlier.fence;
      await other.lock(async (held) => {
        assert.ok(held.fence !== undefined && held.fence > fence);
        await other.write(session(2), { held });
        await assert.rejects(store.write(session(1), { held: earlier }), { code: 'lock' });
        assert.equal(await earlier.stillHeld(), false);
      });
      assert.deepEqual(await store.read(), session(2));
    },

    'reports who holds the lock, if it has lockState()': async (t) => {
      const [store, other] = await pair();
      if (store.lockState === undefined) {
        t.skip('no lockState()');
        return;
      }
      assert.equal(await store.lockState(), undefined);
      await other.lock(async () => {
        const state = await store.lockState?.();
        assert.ok(state !== undefined);
        assert.ok(state.until === undefined || state.until > Date.now());
      });
      assert.equal(await store.lockState(), undefined);
    },

    'calls its listener after a write by another instance until it unsubscribes, if it has onDidChange()': async (
      t,
    ) => {
      const [store, other] = await pair();
      if (store.onDidChange === undefined) {
        t.skip('no onDidChange()');
        return;
      }
      await write(other, session(1));
      let calls = 0;
      const { promise: called, resolve } = Promise.withResolvers<undefined>();
      const unsubscribe = store.onDidChange(() => {
        calls++;
        resolve(undefined);
      });
      try {
        await write(other, session(2));
        let timer: NodeJS.Timeout | undefined;
        const timedOut = new Promise<string>((done) => (timer = setTimeout(done, reportedWithin, 'not called')));
        assert.equal(await Promise.race([called, timedOut]), undefined, `no call within ${reportedWithin} ms`);
        clearTimeout(timer);
      } finally {
        unsubscribe();
      }
      const before = calls;
      await write(other, session(3));
      assert.deepEqual(await store.read(), session(3));
      assert.equal(calls, before);
    },
  };

  void describe('a token store', { concurrency: true }, () => {
    for (const [title, test] of Object.entries(tests)) void it(title, test);
  });
}

function session(generation: number): StoredSession {
  return {
    version: 1,
    sessionId: 'b7c9e0a2-6c0e-4b44-9c55-0f6f3c9d6d11',
    generation,
    partner: 'tconnect',
    origin: 'https://api.example.com',
    partnerCode: 'ACME',
    tokens: { accessToken: `access-${generation}`, refreshToken: `refresh-${generation}`, issuedAt: 1_700_000_000_000 },
  };
}
