import type { StoredRecord } from './stored-record.ts';

/** A lock while it is held. */
export interface HeldLock {
  /** False once another process has taken the lock over because its owner seemed dead. */
  stillHeld(): Promise<boolean>;
  /** Grows with each acquisition, in stores that can compare it with the last one when they write. */
  readonly fence?: bigint;
}

export interface WriteOptions {
  /** The lock under which the record is written. A store with fences rejects a write whose fence is not the latest. */
  readonly held?: HeldLock | undefined;
}

export interface LockOptions {
  /** How long to wait for the lock, ms. Default 90,000. */
  readonly timeout?: number;
}

/** Longer than a refresh with the default `timeout` of a session may take, plus the takeover of an abandoned lock. */
export const defaultLockTimeout = 90_000;

/**
 * Where a session is kept: one store, one session. Sharing a store between processes is safe if `lock` excludes all
 * who share it.
 */
export interface TokenStore {
  /**
   * What was written last, undefined if there is nothing.
   *
   * @throws PartnerAuthError `store` if what is there cannot be read or is not a valid record; nothing of it is lost.
   */
  read(): Promise<StoredRecord | undefined>;
  /**
   * Durable when it resolves.
   *
   * @throws PartnerAuthError `store` if it cannot be written, `lock` if the fence of `held` is not the latest.
   */
  write(record: StoredRecord, options?: WriteOptions): Promise<void>;
  /** Leaves no token behind. A session that still runs in another process may write itself again. */
  clear(): Promise<void>;
  /**
   * Runs `fn` while nobody else who shares the store runs theirs.
   *
   * A session holds the lock over a whole refresh: up to twice its `timeout` plus 5 s, so 65 s by default and 605 s at
   * most. A store whose locks are leases renews them while `fn` runs.
   *
   * @throws PartnerAuthError `lock` if it could not be acquired within `timeout` ms; whatever `fn` throws.
   */
  lock<T>(fn: (held: HeldLock) => Promise<T>, options?: LockOptions): Promise<T>;
  /**
   * Who holds the lock, for messages and diagnostics; undefined if nobody does. `owner` names a process or machine,
   * `until` is when the lock expires unless it is renewed, in epoch ms.
   */
  lockState?(): Promise<{ readonly owner?: string; readonly until?: number } | undefined>;
  /** Calls back when the stored session may have changed, by any process. Returns an unsubscribe function. */
  onDidChange?(listener: () => void): () => void;
}
