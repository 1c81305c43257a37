import { PartnerAuthError, type HeldLock, type StoredRecord, type TokenStore } from '../../core/index.ts';

export interface FencedStore extends TokenStore {
  /** Lets the next who waits have the lock although its holder still runs, as a store does whose lease has expired. */
  expire(): void;
}

interface Lease {
  readonly held: HeldLock;
  end(): void;
}

/** A store whose locks are leases with fences, as one on a database has them, within this process. */
export function fencedStore(): FencedStore {
  let stored: string | undefined;
  let lastFence = 0n;
  let lease: Lease | undefined;
  const waiting: (() => void)[] = [];
  const listeners = new Set<() => void>();

  const grant = (): Lease => {
    const fence = ++lastFence;
    const own: Lease = {
      held: { fence, stillHeld: () => Promise.resolve(lease === own) },
      end() {
        if (lease !== own) return;
        lease = undefined;
        waiting.shift()?.();
      },
    };
    return (lease = own);
  };
  const acquire = async (timeout: number): Promise<Lease> => {
    const deadline = performance.now() + timeout;
    while (lease !== undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const next = (): void => resolve(undefined);
      waiting.push(next);
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(next), 1);
        reject(new PartnerAuthError('lock', 'The lock is held by another. Try again.'));
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
        return Promise.reject(new PartnerAuthError('lock', 'Another has had the lock since. Try again.'));
      set(JSON.stringify(record));
      return Promise.resolve();
    },
    clear() {
      set(undefined);
      return Promise.resolve();
    },
    async lock(fn, { timeout = 90_000 } = {}) {
      const own = await acquire(timeout);
      try {
        return await fn(own.held);
      } finally {
        own.end();
      }
    },
    lockState: () => Promise.resolve(lease && { owner: 'this process', until: Date.now() + 1_000 }),
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    expire: () => lease?.end(),
  };
}
