import { describe } from 'node:test';
import { memoryStore, type StoredRecord, type TokenStore } from '../../core/index.ts';
import { testTokenStore } from '../../core/stores/conformance.ts';
import { fencedStore } from './fenced-store.ts';

/** Each defect with the test of the conformance suite that finds it. */
export const defects: Readonly<Record<string, { readonly store: () => TokenStore; readonly foundBy: string }>> = {
  'a lock that excludes nobody': {
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
  'a lock that stays after an error': {
    store() {
      const store = memoryStore();
      let stuck = false;
      return {
        ...store,
        lock: (fn, options) =>
          stuck
            ? Promise.reject(new Error('locked'))
            : store.lock(fn, options).catch((error: unknown) => {
                stuck = true;
                throw error;
              }),
      };
    },
    foundBy: 'passes on the result and the error of the function under the lock',
  },
  'a fence that keeps nothing out': {
    store() {
      const store = fencedStore();
      return { ...store, write: (record) => store.write(record) };
    },
    foundBy: 'increases its fence with each lock',
  },
  'fields dropped': {
    store() {
      const store = memoryStore();
      const known = (record: StoredRecord): StoredRecord => {
        if ('signedOutAt' in record) return record;
        const { version, sessionId, generation, partner, origin, partnerCode = '', tokens } = record;
        return { version, sessionId, generation, partner, origin, partnerCode, tokens };
      };
      return { ...store, write: (record, options) => store.write(known(record), options) };
    },
    foundBy: 'returns the last written record through every instance, with its unknown fields',
  },
  'the object itself kept': {
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
  'a record written in parts': {
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
  'changes that nobody hears of': {
    store: () => ({ ...memoryStore(), onDidChange: () => () => undefined }),
    foundBy: 'calls its listener after a write by another instance',
  },
  'callbacks that do not stop': {
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
          const made = stores.get(name) ?? store();
          stores.set(name, made);
          return Promise.resolve(made);
        },
        { holdFor: 200, reportedWithin: 500 },
      ),
    );
  }
}
