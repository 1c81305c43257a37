import type { HeldLock, StoredRecord, TokenStore } from '../../core/index.ts';

type Operation = 'read' | 'write';
type Callback = (record?: StoredRecord) => Promise<void> | void;

export interface FaultInjectingStore extends TokenStore {
  /** Makes the current lock count as taken over by another process, until it is acquired again. */
  simulateTakeover(): void;
  /** Calls `callback` once, after the next such operation under the lock and before its promise resolves. */
  interceptNext(operation: Operation, callback: Callback): void;
  /** Makes every matching write fail as on a full disk; undefined removes the fault. */
  failWrites(matches: ((record: StoredRecord) => boolean) | undefined): void;
  /** The same store for a process that has taken the lock over and does not wait for this one. */
  readonly withoutLock: TokenStore;
}

/** Wraps a store and injects faults: a lost lock, a full disk. */
export function faultInjectingStore(inner: TokenStore): FaultInjectingStore {
  let isLost = false;
  let isLocked = false;
  let hook: { readonly operation: Operation; readonly callback: Callback } | undefined;
  let failing: ((record: StoredRecord) => boolean) | undefined;
  const runHook = async (operation: Operation, record?: StoredRecord): Promise<void> => {
    if (!isLocked || hook?.operation !== operation) return;
    const { callback } = hook;
    hook = undefined;
    await callback(record);
  };
  return {
    async read() {
      const record = await inner.read();
      await runHook('read', record);
      return record;
    },
    async write(record, options) {
      if (failing?.(record) === true) throw new Error('ENOSPC');
      await inner.write(record, options);
      await runHook('write', record);
    },
    clear: () => inner.clear(),
    lock: (fn, options) =>
      inner.lock(async () => {
        isLost = false;
        isLocked = true;
        const held: HeldLock = { stillHeld: () => Promise.resolve(!isLost) };
        return fn(held).finally(() => (isLocked = false));
      }, options),
    ...(inner.onDidChange && { onDidChange: inner.onDidChange }),
    simulateTakeover: () => void (isLost = true),
    interceptNext: (operation, callback) => void (hook = { operation, callback }),
    failWrites: (matches) => void (failing = matches),
    withoutLock: {
      read: inner.read,
      write: inner.write,
      clear: inner.clear,
      lock: (fn) => fn({ stillHeld: () => Promise.resolve(true) }),
    },
  };
}

/** Matches records with new tokens, but not the intent that is written before the refresh request. */
export const hasNewTokens = (record: StoredRecord): boolean => 'tokens' in record && record.intent === undefined;
