import { PartnerAuthError, type HeldLock, type StoredRecord, type TokenStore } from '../../core/index.ts';

export interface FencedStore extends TokenStore {
  /** Expires the current lease: the next waiter acquires the lock although its holder still runs. */
  expire(): void;
}

interface Lease {
  readonly held: HeldLock;
  release(): void;
}

/** An in-memory store whose locks are leases with fences, as those of a database store. */
export function fencedStore(): FencedStore {
  let stored: string | undefined;
  let lastFence = 0n;
  let lease: Lease | undefined;
  const waiters: (() => void)[] = [];
  const listeners = new Set<() => void>();

  const grant = (): Lease => {
    const fence = ++lastFence;
    const granted: Lease = {
      held: { fence, stillHeld: () => Promise.resolve(lease === granted) },
      release() {
        if (lease !== granted) return;
        lease = undefined;
        waiters.shift()?.();
      },
    };
    return (lease = granted);
  };
  const acquire = async (timeout: number): Promise<Lease> => {
    const deadline = performance.now() + timeout;
    while (lease !== undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const wake = (): void => resolve(undefined);
      waiters.push(wake);
      const timer = setTimeout(() => {
        waiters.splice(waiters.indexOf(wake), 1);
        reject(new PartnerAuthError('lock', 'Another process holds the lock. Try again.'));
      }, deadline - performance.now());
      await promise.finally(() => clearTimeout(timer));
    }
    return grant();
  };
  const set = (value: string | undefined): void => {
    stored = value;
    for (const listener of listeners) queueMicrotask(listener);
  };

  return {
    read: () => Promise.resolve(stored === undefined ? undefined : (JSON.parse(stored) as StoredRecord)),
    write(record, { held } = {}) {
      if (held?.fence !== undefined && held.fence < lastFence)
        return Promise.reject(new PartnerAuthError('lock', 'Another process has acquired the lock since. Try again.'));
      set(JSON.stringify(record));
      return Promise.resolve();
    },
    clear() {
      set(undefined);
      return Promise.resolve();
    },
    async lock(fn, { timeout = 90_000 } = {}) {
      const granted = await acquire(timeout);
      try {
        return await fn(granted.held);
      } finally {
        granted.release();
      }
    },
    lockState: () => Promise.resolve(lease && { owner: 'this process', until: Date.now() + 1_000 }),
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    expire: () => lease?.release(),
  };
}
