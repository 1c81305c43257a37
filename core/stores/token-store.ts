import type { StoredRecord } from './stored-record.ts';

/** A lock that is held. */
export interface HeldLock {
  /** Resolves false once another process has taken the lock over because this one seemed to have died. */
  stillHeld(): Promise<boolean>;
  /** Increases with each acquisition. Present in stores that compare it with the latest one when they write. */
  readonly fence?: bigint;
}

/** Options of `TokenStore.write()`. */
export interface WriteOptions {
  /** The lock under which the record is written. A store with fences rejects a write unless its fence is the latest. */
  readonly held?: HeldLock | undefined;
}

/** Options of `TokenStore.lock()`. */
export interface LockOptions {
  /** How long to wait for the lock, in ms. Default 90,000 (90 seconds). */
  readonly timeout?: number;
}

/** Longer than a refresh with a session's default `timeout` plus the takeover of an abandoned lock. */
export const defaultLockTimeout = 90_000;

/**
 * Stores one session. Processes and machines may share a store if its `lock` excludes all of them.
 */
export interface TokenStore {
  /** The absolute path of the file in which the session is, for `status.storePath`; absent where there is none. */
  readonly path?: string | undefined;
  /**
   * The last record written; undefined if there is none.
   *
   * @throws PartnerAuthError `store` if it cannot be read or is not a valid record. Its content is preserved.
   */
  read(): Promise<StoredRecord | undefined>;
  /**
   * Replaces the record. It is durable once the promise resolves. A `Tombstone` also removes every other copy of tokens
   * that the store keeps, such as those of the previous generation.
   *
   * @throws PartnerAuthError `store` if it cannot be written, `lock` if the fence of `held` is not the latest.
   */
  write(record: StoredRecord, options?: WriteOptions): Promise<void>;
  /** Removes every stored token. A session that is still open in another process may write its record again. */
  clear(): Promise<void>;
  /**
   * Runs `fn` while holding the store's lock, which excludes all others that share the store.
   *
   * A session holds the lock during a whole refresh: up to twice its `timeout` plus 5 s, which is 65 s by default and
   * 605 s at most. A store whose locks are leases must renew them while `fn` runs.
   *
   * @throws PartnerAuthError `lock` if it could not be acquired within `timeout` ms; whatever `fn` throws.
   */
  lock<T>(fn: (held: HeldLock) => Promise<T>, options?: LockOptions): Promise<T>;
  /**
   * Who holds the lock, for messages and diagnostics; undefined if it is free. `owner` names a process or machine,
   * `until` is when the lock expires unless it is renewed, in epoch ms.
   */
  lockState?(): Promise<
    | {
        /** A process or machine. */
        readonly owner?: string;
        /** When the lock expires unless it is renewed, epoch ms. */
        readonly until?: number;
      }
    | undefined
  >;
  /** Calls `listener` when any process may have changed the record. Returns an unsubscribe function. */
  onDidChange?(listener: () => void): () => void;
}
