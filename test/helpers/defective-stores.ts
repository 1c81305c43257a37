import { describe } from 'node:test';
import { memoryStore, type StoredRecord, type TokenStore } from '../../core/index.ts';
import { testTokenStore } from '../../core/stores/conformance.ts';
import { fencedStore } from './fenced-store.ts';

/** Each defect with the conformance test that finds it. With the argument `run`, this file runs the suite on all of them. */
export const defects: Readonly<Record<string, { readonly store: () => TokenStore; readonly foundBy: string }>> = {
  'a lock without mutual exclusion': {
    store: () => ({ ...memoryStore(), lock: (fn) => fn({ stillHeld: () => Promise.resolve(true) }) }),
    foundBy: 'runs one function under the lock at a time',
  },
  'a lock that expires while it is held': {
    store() {
      const store = fencedStore();
      return {
        ...store,
        lock: (fn, options) =>
          store.lock((held) => {
            setTimeout(store.expire, 50);
            return fn(held);
          }, options),
      };
    },
    foundBy: 'keeps the lock for as long as it is held',
  },
  'a lock that is not released after an error': {
    store() {
      const store = memoryStore();
      let isStuck = false;
      return {
        ...store,
        lock: (fn, options) =>
          isStuck
            ? Promise.reject(new Error('locked'))
            : store.lock(fn, options).catch((error: unknown) => {
                isStuck = true;
                throw error;
              }),
      };
    },
    foundBy: 'passes on the result and the error of the function under the lock',
  },
  'a write that ignores the fence': {
    store() {
      const store = fencedStore();
      return { ...store, write: (record) => store.write(record) };
    },
    foundBy: 'increases its fence with each lock',
  },
  'a write that drops unknown fields': {
    store() {
      const store = memoryStore();
      const withoutUnknownFields = (record: StoredRecord): StoredRecord => {
        if (!('tokens' in record)) return record;
        const { version, sessionId, generation, partner, origin, partnerCode = '', tokens } = record;
        return { version, sessionId, generation, partner, origin, partnerCode, tokens };
      };
      return { ...store, write: (record, options) => store.write(withoutUnknownFields(record), options) };
    },
    foundBy: 'returns the last written record through every instance, with its unknown fields',
  },
  'a write that keeps a reference instead of a copy': {
    store() {
      let record: StoredRecord | undefined;
      return {
        ...memoryStore(),
        read: () => Promise.resolve(record),
        write(value) {
          record = value;
          return Promise.resolve();
        },
      };
    },
    foundBy: 'is unaffected by later changes of a written or returned object',
  },
  'a write in two steps': {
    store() {
      const store = memoryStore();
      return {
        ...store,
        async write(record, options) {
          if ('tokens' in record && record.generation > 1)
            await store.write({ ...record, tokens: { ...record.tokens, accessToken: 'half' } }, options);
          await new Promise((resolve) => setTimeout(resolve, 5));
          await store.write(record, options);
        },
      };
    },
    foundBy: 'returns only complete records',
  },
  'a clear that does nothing': {
    store: () => ({ ...memoryStore(), clear: () => Promise.resolve() }),
    foundBy: 'is empty after clear()',
  },
  'missing change notifications': {
    store: () => ({ ...memoryStore(), onDidChange: () => () => undefined }),
    foundBy: 'calls its listener after a write by another instance',
  },
  'change notifications after unsubscribing': {
    store() {
      const store = memoryStore();
      return {
        ...store,
        onDidChange(listener) {
          store.onDidChange?.(listener);
          return () => undefined;
        },
      };
    },
    foundBy: 'calls its listener after a write by another instance',
  },
};

if (process.argv[2] === 'run') {
  for (const [defect, { store }] of Object.entries(defects)) {
    const stores = new Map<string, TokenStore>();
    void describe(defect, () =>
      testTokenStore(
        (name) => {
          const shared = stores.get(name) ?? store();
          stores.set(name, shared);
          return Promise.resolve(shared);
        },
        { holdFor: 200, reportedWithin: 500 },
      ),
    );
  }
}
