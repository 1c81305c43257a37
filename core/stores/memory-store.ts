import type { StoredRecord } from '../session/record/record.ts';
import type { TokenStore } from './token-store.ts';

/** Keeps the session for as long as the process lives. Sessions that share one such store share its tokens. */
export function memoryStore(): TokenStore {
  let stored: StoredRecord | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const listeners = new Set<() => void>();
  const set = (record: StoredRecord | undefined): Promise<void> => {
    stored = copied(record);
    for (const listener of listeners) queueMicrotask(listener);
    return Promise.resolve();
  };
  return {
    read: () => Promise.resolve(copied(stored)),
    write: set,
    clear: () => set(undefined),
    lock(fn) {
      const run = queue.then(() => fn());
      queue = run.catch(() => undefined);
      return run;
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A record is two levels deep; structuredClone takes ten times as long, five times in each refresh. */
function copied(record: StoredRecord | undefined): StoredRecord | undefined {
  if (record === undefined) return undefined;
  const entries = Object.entries<unknown>({ ...record });
  const copy: unknown = Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? { ...value } : value]),
  );
  return copy as StoredRecord;
}
