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
    foundBy: 'resolves what the function under the lock resolves, and rejects with its error',
  },
  'a fence that keeps nothing out': {
    store() {
      const store = fencedStore();
      return { ...store, write: (record) => store.write(record) };
    },
    foundBy: 'has fences that grow with each lock',
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
    foundBy: 'returns to everyone who shares it what was written last, unknown fields included',
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
    foundBy: 'keeps what was written although the object is changed afterwards',
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
    foundBy: 'shows a reader a whole record',
  },
  'a clear that does nothing': {
    store: () => ({ ...memoryStore(), clear: () => Promise.resolve() }),
    foundBy: 'has nothing once it is cleared',
  },
  'changes that nobody hears of': {
    store: () => ({ ...memoryStore(), onDidChange: () => () => undefined }),
    foundBy: 'calls back when another has written',
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
    foundBy: 'calls back when another has written',
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
