import type { Connection } from '../exchange/connection.ts';
import type { Clock } from '../lib/clock.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { Redactor } from '../redact/redactor.ts';
import { encryptedRecordError, newerRecordError } from '../stores/store-errors.ts';
import { isTombstone, parseStoredRecord, type PlainRecord, type StoredSession } from '../stores/stored-record.ts';
import type { HeldLock, LockOptions, TokenStore } from '../stores/token-store.ts';
import type { LocalState, SessionState } from './state.ts';

/** How long to wait before a refreshed token set is saved again, in ms. The lock is held meanwhile. */
const saveDelays = [100, 400, 1_500];

export interface SessionReplicaOptions {
  readonly store: TokenStore;
  readonly connection: Connection;
  readonly state: SessionState;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly log: Logger;
}

/** The local and the stored record of one session, and their reconciliation. */
export class SessionReplica {
  readonly #options: SessionReplicaOptions;

  constructor(options: SessionReplicaOptions) {
    this.#options = options;
  }

  get local(): LocalState {
    return this.#options.state;
  }

  /**
   * The stored record. Tokens are never sent to another origin, partner or partner code than those that they belong to.
   *
   * @throws PartnerAuthError `store` if it cannot be read, is not valid or belongs to another connection.
   */
  async readStored(): Promise<PlainRecord | undefined> {
    const value: unknown = await this.#options.store.read();
    if (value === undefined) return undefined;
    const parsed = parseStoredRecord(value);
    switch (parsed.kind) {
      case 'record':
        return this.#assertOwn(parsed.record);
      case 'encrypted':
        throw encryptedRecordError(parsed.record);
      case 'newer':
        throw newerRecordError('The store', parsed.version);
      case 'invalid':
        throw new PartnerAuthError('store', `The content of the store is not a valid session: ${parsed.problem}.`, {
          setting: 'store',
        });
    }
  }

  /** Makes a record the current one of this process. */
  adopt(record: StoredSession | undefined, unsaved = false): void {
    const { redactor, state } = this.#options;
    redactor.add(record?.tokens.accessToken, record?.tokens.refreshToken);
    state.adopt(record, unsaved);
  }

  lock: TokenStore['lock'] = (fn, options) => this.#options.store.lock(fn, options);

  /**
   * Runs `fn` under the lock. Without it if the store cannot be locked and the session has never been stored, since no
   * other process can then have its tokens.
   *
   * @param isHarmless whether `fn` may run without the lock in any session.
   */
  async lockOrContinue<T>(fn: (held: HeldLock) => Promise<T>, options?: LockOptions, isHarmless = false): Promise<T> {
    const run = { started: false };
    try {
      return await this.lock((held) => {
        run.started = true;
        return fn(held);
      }, options);
    } catch (error) {
      const isLocked = error instanceof PartnerAuthError && error.code === 'lock';
      if (run.started || isLocked || (!this.local.neverStored && !isHarmless)) throw error;
      this.#options.log.warn(`${storeErrorMessage(error)} Continuing with the session of this process.`);
      return fn({ stillHeld: () => Promise.resolve(true) });
    }
  }

  /** The newer of the local and the stored record, and whether it is stored; undefined if signed out. */
  async newest(): Promise<{ readonly record: StoredSession; readonly isStored: boolean } | undefined> {
    const { log } = this.#options;
    const { record: local, unsaved, replaced } = this.local;
    let stored: PlainRecord | undefined;
    try {
      stored = await this.readStored();
    } catch (error) {
      // An error that is not retryable, such as a record of a newer version, must not be worked around.
      const canContinue = error instanceof PartnerAuthError && error.code === 'store' && error.retryable;
      if (local === undefined || !canContinue) throw error;
      log.warn(`${error.message} Continuing with the session of this process.`);
      return { record: local, isStored: false };
    }
    if (stored !== undefined && local !== undefined && unsaved && !supersedes(stored, local, replaced)) {
      return { record: local, isStored: false };
    }
    if (stored !== undefined && isTombstone(stored)) return undefined;
    if (local === undefined) return stored && { record: stored, isStored: true };
    if (stored === undefined) {
      if (!unsaved) log.warn('The store has lost the session; continuing with the one of this process.');
      return { record: local, isStored: false };
    }
    if (stored.sessionId === local.sessionId && stored.generation < local.generation) {
      log.warn(
        `The store has the older generation ${stored.generation}; continuing with generation ${local.generation}.`,
      );
      return { record: local, isStored: false };
    }
    return { record: stored, isStored: true };
  }

  /** Writes a record under the lock without adopting it. */
  async write(record: PlainRecord, held: HeldLock): Promise<void> {
    await this.#options.store.write(record, { held });
  }

  /**
   * Saves and adopts the record of a refresh. If a sibling has stored a newer session meanwhile, adopts it instead.
   *
   * @throws PartnerAuthError `store` if it could not be saved, `lock` if the store rejected it because the lock was
   * taken over, `signedOut` if a sibling signed out meanwhile.
   */
  async save(record: StoredSession, held: HeldLock): Promise<void> {
    const { clock, log } = this.#options;
    if (await isLockLost(held)) {
      log.warn('The lock was taken over during the refresh.');
      const stored = await this.readStored().catch(() => undefined);
      if (stored !== undefined && isTombstone(stored)) {
        this.adopt(undefined);
        throw new PartnerAuthError('signedOut', 'Another process signed out during the refresh. Sign in with login().');
      }
      // A sibling that has refreshed too has the tokens that the partner issued last.
      if (stored !== undefined && stored.ended === undefined && isNewer(stored, this.local.record)) {
        this.adopt(stored);
        return;
      }
    }
    for (let attempt = 0; ; attempt++) {
      try {
        await this.write(record, held);
        this.adopt(record);
        return;
      } catch (error) {
        this.adopt(record, true);
        const isFinal = this.local.neverStored || (error instanceof PartnerAuthError && error.code === 'lock');
        const delay = isFinal ? undefined : saveDelays[attempt];
        if (delay !== undefined) {
          await clock.wait(delay);
          if (!(await isLockLost(held))) continue;
        }
        if (error instanceof PartnerAuthError) throw error;
        throw new PartnerAuthError('store', 'The session could not be saved. Its tokens are in memory only.', {
          setting: 'store',
        });
      }
    }
  }

  /** Removes every stored token. */
  async clear(): Promise<void> {
    await this.#options.store.clear();
  }

  /**
   * Replaces the stored record with a new session, and adopts it. `held` is the lock, if the caller holds it.
   *
   * @throws PartnerAuthError `store` if it could not be saved, although it is adopted.
   */
  async replace(record: StoredSession, held?: HeldLock): Promise<void> {
    const { state } = this.#options;
    const write = async (lock: HeldLock): Promise<void> => {
      await this.assertWritable();
      await this.write(record, lock);
    };
    try {
      await (held === undefined ? this.lock(write) : write(held));
    } catch (error) {
      const unsaved = new PartnerAuthError('store', `Signed in for this process only. ${storeErrorMessage(error)}`, {
        setting: error instanceof PartnerAuthError && error.code === 'store' ? error.setting : 'store',
      });
      const stored = await this.readStored().catch(() => undefined);
      const replaced = stored !== undefined && !isTombstone(stored) ? stored.sessionId : this.local.record?.sessionId;
      this.#options.redactor.add(record.tokens.accessToken, record.tokens.refreshToken);
      state.recordFailure(unsaved);
      state.adoptUnsaved(record, replaced);
      throw unsaved;
    }
    state.recordSuccess();
    this.adopt(record);
  }

  /**
   * A record of a newer version, or one that is encrypted, belongs to another program: only signing out may replace it.
   *
   * @throws PartnerAuthError `store` if the store holds such a record.
   */
  async assertWritable(): Promise<void> {
    const parsed = parseStoredRecord(await this.#options.store.read().catch(() => undefined));
    if (parsed.kind === 'newer') throw newerRecordError('The store', parsed.version);
    if (parsed.kind === 'encrypted') throw encryptedRecordError(parsed.record);
  }

  /**
   * Removes the session from this process and from the store, and returns it. Must be called under the lock.
   *
   * `failure` is why the store may still hold the session; this process no longer does.
   */
  async forget(held: HeldLock): Promise<{ readonly record: StoredSession | undefined; readonly failure?: string }> {
    const { store, clock } = this.#options;
    const stored = await this.readStored().catch(() => undefined);
    const record = stored === undefined || isTombstone(stored) ? this.local.record : stored;
    const isNowhere = stored === undefined && this.local.neverStored;
    let failure: string | undefined;
    try {
      // In place of the tokens, not after their removal: to a sibling, a store without a record has lost it, so that it
      // would write the tokens back.
      await this.write({ version: 1, signedOutAt: clock.now() }, held);
    } catch (error) {
      if (!isNowhere) failure = storeErrorMessage(error);
      await store.clear().catch(() => undefined);
    }
    this.adopt(undefined);
    return { record, ...(failure !== undefined && { failure }) };
  }

  /** Tries again to save a record that could not be saved, unless the store has a newer one. Logs failures. */
  async saveUnsaved(): Promise<void> {
    const { record, unsaved, replaced } = this.local;
    if (record === undefined || !unsaved) return;
    try {
      await this.lock(async (held) => {
        const stored = await this.readStored();
        if (stored !== undefined && supersedes(stored, record, replaced)) return;
        await this.write(record, held);
        if (this.local.record === record) this.adopt(record);
      });
    } catch (error) {
      this.#options.log.warn(error instanceof PartnerAuthError ? error.message : 'The store could not be written.');
    }
  }

  /**
   * Adopts a record that another process has written. Resolves true if the store must be read again, because a login in
   * this process has replaced the record during the read.
   *
   * @param isBusy whether the session is being closed or refreshed. A refresh reads the store itself.
   */
  async adoptStored(isBusy: () => boolean): Promise<boolean> {
    const { state, log } = this.#options;
    if (isBusy()) return false;
    const before = state.record;
    try {
      const stored = await this.readStored();
      if (isBusy() || state.unsaved) return false;
      if (state.record !== before) return true;
      // An empty store is not a sign-out: a failing secret storage looks the same.
      if (stored === undefined) return false;
      if (isTombstone(stored)) this.adopt(undefined);
      else if (isNewer(stored, state.record)) this.adopt(stored);
    } catch (error) {
      log.warn(error instanceof Error ? error.message : 'The store could not be read.');
      if (!(error instanceof PartnerAuthError) || !error.retryable) return false;
      // The record of this process may now be the only copy.
      state.markUnsaved();
      await this.saveUnsaved();
    }
    return false;
  }

  /** The stored session if its refresh token is another than the refused one; else undefined. */
  async readReplacement(refused: StoredSession): Promise<StoredSession | undefined> {
    const stored = await this.readStored().catch(() => undefined);
    if (stored === undefined || isTombstone(stored) || stored.ended !== undefined) return undefined;
    return stored.tokens.refreshToken === refused.tokens.refreshToken ? undefined : stored;
  }

  #assertOwn(record: PlainRecord): PlainRecord {
    const { definition, origin, apiOrigin, partnerCode } = this.#options.connection;
    if (isTombstone(record)) return record;
    const isSame = record.partner === definition.id && record.origin === origin && record.partnerCode === partnerCode;
    const isSameApi = (record.apiOrigin ?? record.origin) === apiOrigin;
    if (isSame && isSameApi) return record;
    if (isSame) {
      throw new PartnerAuthError(
        'store',
        `The store has a session whose protected calls are sent to ${plainLine(record.apiOrigin ?? record.origin)}, not to ${apiOrigin}. Use another store, or sign out of that session first.`,
        { setting: 'store', retryable: false },
      );
    }
    throw new PartnerAuthError(
      'store',
      `The store has a session of ${plainLine(record.partner, 64)} at ${plainLine(record.origin)}, not of ${definition.id} at ${origin} with this partner code. Use another store, or sign out of that session first.`,
      { setting: 'store', retryable: false },
    );
  }
}

/** Whether another process has taken the lock over. */
export async function isLockLost(held: HeldLock): Promise<boolean> {
  return !(await held.stillHeld().catch(() => false));
}

/** Whether `a` is newer than `b`. The session with the id `replaced`, which a local login replaced, is not. */
export function isNewer(a: StoredSession, b: StoredSession | undefined, replaced?: string): boolean {
  if (a.sessionId !== b?.sessionId) return replaced === undefined || a.sessionId !== replaced;
  return a.generation > b.generation || (a.generation === b.generation && endingOf(a) > endingOf(b));
}

/** How far a token set is from being refreshed: it only becomes further. */
function endingOf({ ended, unread }: StoredSession): number {
  return ended !== undefined ? 2 : unread !== undefined ? 1 : 0;
}

/** Whether the stored record is newer than a local one that could not be saved, so that it must not be overwritten. */
function supersedes(stored: PlainRecord, local: StoredSession, replaced: string | undefined): boolean {
  return isTombstone(stored) ? stored.signedOutAt > local.tokens.issuedAt : isNewer(stored, local, replaced);
}

/** The message of a `PartnerAuthError`. That of another error may contain a token, so it is replaced. */
export function storeErrorMessage(error: unknown): string {
  return error instanceof PartnerAuthError ? error.message : 'The store failed.';
}
