import type { HeldLock, StoredRecord, TokenStore } from '../../core/index.ts';

type Step = 'read' | 'write';

export interface WatchedStore extends TokenStore {
  /** The lock that is held now counts as taken over by another process, until it is taken anew. */
  loseLock(): void;
  /** Called once before the next such step under the lock ends. */
  before(step: Step, then: (record?: StoredRecord) => Promise<void> | void): void;
  /** Every write that fits fails as on a full disk; undefined heals. */
  failWrites(fits: ((record: StoredRecord) => boolean) | undefined): void;
  /** The same store for a process that took the lock over and does not wait for this one. */
  readonly withoutLock: TokenStore;
}

/** A store whose lock can be lost and whose disk can be full. */
export function watchedStore(inner: TokenStore): WatchedStore {
  let lost = false;
  let hook: { step: Step; then: (record?: StoredRecord) => Promise<void> | void } | undefined;
  let full: ((record: StoredRecord) => boolean) | undefined;
  let locked = false;
  const step = async (name: Step, record?: StoredRecord): Promise<void> => {
    if (!locked || hook?.step !== name) return;
    const { then } = hook;
    hook = undefined;
    await then(record);
  };
  return {
    async read() {
      const record = await inner.read();
      await step('read', record);
      return record;
    },
    async write(record, options) {
      if (full?.(record) === true) throw new Error('ENOSPC');
      await inner.write(record, options);
      await step('write', record);
    },
    clear: () => inner.clear(),
    lock: (fn, options) =>
      inner.lock(async () => {
        lost = false;
        locked = true;
        const held: HeldLock = { stillHeld: () => Promise.resolve(!lost) };
        return fn(held).finally(() => (locked = false));
      }, options),
    ...(inner.onDidChange && { onDidChange: inner.onDidChange }),
    loseLock: () => void (lost = true),
    before: (name, then) => void (hook = { step: name, then }),
    failWrites: (fits) => void (full = fits),
    withoutLock: {
      read: inner.read,
      write: inner.write,
      clear: inner.clear,
      lock: (fn) => fn({ stillHeld: () => Promise.resolve(true) }),
    },
  };
}

/** Fits the records that carry new tokens, not the intent that is written before they are asked for. */
export const newTokens = (record: StoredRecord): boolean => 'tokens' in record && record.intent === undefined;
