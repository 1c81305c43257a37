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
    foundBy: 'resolves what the function under the lock resolves, and rejects with its error',
  },
  'a write that ignores the fence': {
    store() {
      const store = fencedStore();
      return { ...store, write: (record) => store.write(record) };
    },
    foundBy: 'has fences that grow with each lock',
  },
  'a write that drops unknown fields': {
    store() {
      const store = memoryStore();
      const withoutUnknownFields = (record: StoredRecord): StoredRecord => {
        if ('signedOutAt' in record) return record;
        const { version, sessionId, generation, partner, origin, partnerCode = '', tokens } = record;
        return { version, sessionId, generation, partner, origin, partnerCode, tokens };
      };
      return { ...store, write: (record, options) => store.write(withoutUnknownFields(record), options) };
    },
    foundBy: 'returns to everyone who shares it what was written last, unknown fields included',
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
    foundBy: 'keeps what was written although the object is changed afterwards',
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
    foundBy: 'shows a reader a whole record',
  },
  'a clear that does nothing': {
    store: () => ({ ...memoryStore(), clear: () => Promise.resolve() }),
    foundBy: 'has nothing once it is cleared',
  },
  'missing change notifications': {
    store: () => ({ ...memoryStore(), onDidChange: () => () => undefined }),
    foundBy: 'calls back when another has written',
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
    foundBy: 'calls back when another has written',
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
