import { PartnerAuthError } from '../lib/errors.ts';
import type { StoredRecord } from './stored-record.ts';
import { defaultLockTimeout, type HeldLock, type TokenStore } from './token-store.ts';

/** Keeps the session for as long as the process lives. Sessions that share one such store share its tokens. */
export function memoryStore(): TokenStore {
  let stored: StoredRecord | undefined;
  let queue: Promise<unknown> | undefined;
  const listeners = new Set<() => void>();
  // Only a process that dies could lose this lock, and the store with it.
  const held: HeldLock = { stillHeld: () => Promise.resolve(true) };
  const set = (record: StoredRecord | undefined): Promise<void> => {
    stored = copyOf(record);
    for (const listener of listeners) queueMicrotask(listener);
    return Promise.resolve();
  };
  return {
    read: () => Promise.resolve(copyOf(stored)),
    write: set,
    clear: () => set(undefined),
    async lock(fn, { timeout = defaultLockTimeout } = {}) {
      const turn = queue;
      const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
      const own = turn === undefined ? released : turn.then(() => released);
      queue = own;
      void own.then(() => {
        if (queue === own) queue = undefined;
      });
      try {
        if (turn !== undefined) await inTime(turn, timeout);
        return await fn(held);
      } finally {
        release(undefined);
      }
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function inTime(turn: Promise<unknown>, timeout: number): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      reject(new PartnerAuthError('lock', `The session's lock was held for more than ${timeout / 1000} s. Try again.`)),
    timeout,
  );
  try {
    await Promise.race([turn, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A record is two levels deep; structuredClone takes ten times as long, five times in each refresh. */
function copyOf(record: StoredRecord | undefined): StoredRecord | undefined {
  if (record === undefined) return undefined;
  const entries = Object.entries<unknown>({ ...record });
  const copy: unknown = Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? { ...value } : value]),
  );
  return copy as StoredRecord;
}
