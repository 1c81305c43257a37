import type { StoredRecord } from '../session/record/record.ts';

/** A lock while it is held. */
export interface HeldLock {
  /** False once another process has taken the lock over, because this one seemed dead. */
  stillHeld(): Promise<boolean>;
}

/**
 * Where a session is kept: one store, one session. Sharing a store between processes is safe when `lock` excludes all
 * who share it.
 */
export interface TokenStore {
  /**
   * What was written last, undefined when there is nothing.
   *
   * @throws PartnerAuthError `store` when what is there can not be read or is no record; nothing of it is lost.
   */
  read(): Promise<StoredRecord | undefined>;
  /** Durable when it resolves. */
  write(record: StoredRecord): Promise<void>;
  /** Leaves no token behind. A session that still runs in another process may write itself again. */
  clear(): Promise<void>;
  /**
   * Runs `fn` while nobody else who shares the store runs theirs.
   *
   * @throws PartnerAuthError `lock` when it was not to be had within `timeout` ms.
   */
  lock<T>(fn: (held?: HeldLock) => Promise<T>, options?: { readonly timeout?: number }): Promise<T>;
  /** Calls back when the stored session may have changed, by whomever; returns a function that ends it. */
  onDidChange?(listener: () => void): () => void;
}
