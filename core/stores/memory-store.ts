import { callSafely } from '../lib/call-safely.ts';
import { checkClock, completeClock, type Clock } from '../lib/clock.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import type { StoredRecord } from './stored-record.ts';
import { defaultLockTimeout, type HeldLock, type TokenStore } from './token-store.ts';

/** Options of `memoryStore()`. */
export interface MemoryStoreOptions {
  /** By which the wait for a lock counts, for tests, such as the `clock` of a sandbox. Default: `systemClock`. */
  readonly clock?: Partial<Clock> | undefined;
}

/**
 * Stores the session in memory, for the lifetime of the process. Sessions that use the same store share its tokens.
 *
 * @throws TypeError for an unknown option.
 */
export function memoryStore(options: MemoryStoreOptions = {}): TokenStore {
  assertKnownKeys('memoryStore', options, ['clock']);
  checkClock(options.clock);
  const clock = completeClock(options.clock);
  let stored: StoredRecord | undefined;
  let queue: Promise<unknown> | undefined;
  const listeners = new Set<() => void>();
  // This lock cannot be lost without the store itself.
  const held: HeldLock = { stillHeld: () => Promise.resolve(true) };
  const set = (record: StoredRecord | undefined): Promise<void> => {
    stored = copyOf(record);
    for (const listener of listeners) queueMicrotask(() => callSafely(listener));
    return Promise.resolve();
  };
  return {
    read: () => Promise.resolve(copyOf(stored)),
    write: set,
    clear: () => set(undefined),
    async lock(fn, { timeout = defaultLockTimeout } = {}) {
      const turn = queue;
      const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
      const nextTurn = turn === undefined ? released : turn.then(() => released);
      queue = nextTurn;
      void nextTurn.then(() => {
        if (queue === nextTurn) queue = undefined;
      });
      try {
        if (turn !== undefined) await waitForTurn(turn, timeout, clock);
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

async function waitForTurn(turn: Promise<unknown>, timeout: number, clock: Clock): Promise<void> {
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const cancel = clock.timer(timeout, () =>
    reject(new PartnerAuthError('lock', `The session's lock was held for more than ${timeout / 1000} s. Try again.`)),
  );
  // The timers of a clock do not keep the process alive, and it may have nothing else to do than to wait here.
  const keepAlive = setInterval(() => undefined, 60_000);
  try {
    await Promise.race([turn, timedOut]);
  } finally {
    clearInterval(keepAlive);
    cancel();
  }
}

/** A record is two levels deep; structuredClone would take ten times as long, five times in each refresh. */
function copyOf(record: StoredRecord | undefined): StoredRecord | undefined {
  if (record === undefined) return undefined;
  const entries = Object.entries<unknown>({ ...record });
  const copy: unknown = Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? { ...value } : value]),
  );
  return copy as StoredRecord;
}
