import type { Connection } from '../exchange/connection.ts';
import type { Clock } from '../lib/clock.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { Redactor } from '../redact/redactor.ts';
import { newerRecordError } from '../stores/store-errors.ts';
import { isTombstone, parseStoredRecord, type StoredRecord, type StoredSession } from '../stores/stored-record.ts';
import type { HeldLock, TokenStore } from '../stores/token-store.ts';
import type { LocalState, SessionState } from './state.ts';

/** ms before a refreshed token set is saved again, while the lock still keeps others from the token it replaced. */
const saveDelays = [100, 400, 1_500];

export interface SessionReplicaOptions {
  readonly store: TokenStore;
  readonly connection: Connection;
  readonly state: SessionState;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly log: Logger;
}

/** The local and the stored record of one session, and how they meet. */
export class SessionReplica {
  readonly #options: SessionReplicaOptions;

  constructor(options: SessionReplicaOptions) {
    this.#options = options;
  }

  get local(): LocalState {
    return this.#options.state;
  }

  /**
   * What the store holds, if it belongs to this connection: tokens never go to another origin, partner or partner code
   * than the one they came from.
   *
   * @throws PartnerAuthError `store`.
   */
  async readStored(): Promise<StoredRecord | undefined> {
    const value: unknown = await this.#options.store.read();
    if (value === undefined) return undefined;
    const parsed = parseStoredRecord(value);
    switch (parsed.kind) {
      case 'record':
        return this.#bound(parsed.record);
      case 'newer':
        throw newerRecordError('The store', parsed.version);
      case 'invalid':
        throw new PartnerAuthError('store', `What the store holds is not a valid session: ${parsed.problem}.`, {
          setting: 'store',
        });
    }
  }

  /** Makes a record, saved or not, the session's current one. */
  adopt(record: StoredSession | undefined, unsaved = false): void {
    const { redactor, state } = this.#options;
    redactor.add(record?.tokens.accessToken, record?.tokens.refreshToken);
    state.adopt(record, unsaved);
  }

  lock: TokenStore['lock'] = (fn, options) => this.#options.store.lock(fn, options);

  /** The local or the stored record, whichever is newer, and whether the store holds it. Undefined: signed out. */
  async newest(): Promise<{ readonly record: StoredSession; readonly isStored: boolean } | undefined> {
    const { log } = this.#options;
    const { record: mine, unsaved, replaced } = this.local;
    let stored: StoredRecord | undefined;
    try {
      stored = await this.readStored();
    } catch (error) {
      // A store that says that trying again is of no use knows something that our copy does not.
      const damaged = error instanceof PartnerAuthError && error.code === 'store' && error.retryable;
      if (mine === undefined || !damaged) throw error;
      log.warn(`${error.message} Continuing with the session of this process.`);
      return { record: mine, isStored: false };
    }
    if (stored !== undefined && mine !== undefined && unsaved && !supersedes(stored, mine, replaced)) {
      return { record: mine, isStored: false };
    }
    if (stored !== undefined && isTombstone(stored)) return undefined;
    if (mine === undefined) return stored && { record: stored, isStored: true };
    if (stored === undefined) {
      log.warn('The store lost the session; continuing with the one of this process.');
      return { record: mine, isStored: false };
    }
    if (stored.sessionId === mine.sessionId && stored.generation < mine.generation) {
      log.warn(`The store went back to generation ${stored.generation}; continuing with ${mine.generation}.`);
      return { record: mine, isStored: false };
    }
    return { record: stored, isStored: true };
  }

  /** Writes a record under the lock without adopting it. */
  async write(record: StoredRecord, held: HeldLock): Promise<void> {
    await this.#options.store.write(record, { held });
  }

  /**
   * Adopts a record that a refresh produced and saves it; a session that a sibling put in its place meanwhile is adopted
   * instead.
   *
   * @throws PartnerAuthError `store` if it could not be saved, `lock` if the store kept it out because the lock was taken
   * over, `signedOut` if a sibling signed out meanwhile.
   */
  async save(record: StoredSession, held: HeldLock): Promise<void> {
    const { clock, log } = this.#options;
    if (await isLost(held)) {
      log.warn('The lock was taken over during the refresh.');
      const stored = await this.readStored().catch(() => undefined);
      if (stored !== undefined && isTombstone(stored)) {
        this.adopt(undefined);
        throw new PartnerAuthError('signedOut', 'Another process signed out during the refresh. Sign in with login().');
      }
      // A sibling that got a response too has what the partner issued last.
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
        const delay = error instanceof PartnerAuthError && error.code === 'lock' ? undefined : saveDelays[attempt];
        if (delay !== undefined) {
          await clock.wait(delay);
          if (!(await isLost(held))) continue;
        }
        if (error instanceof PartnerAuthError) throw error;
        throw new PartnerAuthError('store', 'The session could not be saved; its tokens are kept in memory only.', {
          setting: 'store',
        });
      }
    }
  }

  /**
   * Puts a new session in the place of what the store holds, and adopts it.
   *
   * @throws PartnerAuthError `store` if it could not be saved; it is adopted all the same.
   */
  async replace(record: StoredSession): Promise<void> {
    const { state } = this.#options;
    try {
      await this.lock(async (held) => {
        await this.assertWritable();
        await this.write(record, held);
      });
    } catch (error) {
      const unsaved = new PartnerAuthError('store', `Signed in for this process only. ${reasonOf(error)}`, {
        setting: 'store',
      });
      const before = await this.readStored().catch(() => undefined);
      const replaced = before !== undefined && !isTombstone(before) ? before.sessionId : this.local.record?.sessionId;
      this.#options.redactor.add(record.tokens.accessToken, record.tokens.refreshToken);
      state.failed(unsaved);
      state.adoptUnsaved(record, replaced);
      throw unsaved;
    }
    state.succeeded();
    this.adopt(record);
  }

  /**
   * A record of a newer version is another program's session: only signing out may replace it.
   *
   * @throws PartnerAuthError `store`.
   */
  async assertWritable(): Promise<void> {
    const parsed = parseStoredRecord(await this.#options.store.read().catch(() => undefined));
    if (parsed.kind === 'newer') throw newerRecordError('The store', parsed.version);
  }

  /**
   * Forgets the session here and in the store, and returns what was forgotten. To be called under the lock.
   *
   * `failure` says why the store may still hold the session; here it is forgotten all the same.
   */
  async forget(held: HeldLock): Promise<{ readonly record: StoredSession | undefined; readonly failure?: string }> {
    const { store, clock } = this.#options;
    const stored = await this.readStored().catch(() => undefined);
    const record = stored === undefined || isTombstone(stored) ? this.local.record : stored;
    let failure: string | undefined;
    try {
      await store.clear();
      await this.write({ version: 1, signedOutAt: clock.now() }, held);
    } catch (error) {
      failure = reasonOf(error);
    }
    this.adopt(undefined);
    return { record, ...(failure !== undefined && { failure }) };
  }

  /** Tries again to save what could not be saved, unless the store has moved on since. Failures go to the log. */
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
   * Takes over what others who share the store have written to it. Resolves true if it must be looked at again: what was
   * read may be older than what a login here has put in its place since.
   *
   * @param isBusy whether the session is being closed or refreshed, which looks at the store by itself.
   */
  async takeOver(isBusy: () => boolean): Promise<boolean> {
    const { state, log } = this.#options;
    if (isBusy()) return false;
    const before = state.record;
    try {
      const stored = await this.readStored();
      if (isBusy() || state.unsaved) return false;
      if (state.record !== before) return true;
      // An empty store is not a sign-out: a failing secret storage looks just the same.
      if (stored === undefined) return false;
      if (isTombstone(stored)) this.adopt(undefined);
      else if (isNewer(stored, state.record)) this.adopt(stored);
    } catch (error) {
      log.warn(error instanceof Error ? error.message : 'The store could not be read.');
      if (!(error instanceof PartnerAuthError) || !error.retryable) return false;
      // What this process holds may now be the only copy.
      state.markUnsaved();
      await this.saveUnsaved();
    }
    return false;
  }

  /** The stored session if it no longer has the refresh token that was refused. */
  async movedOn(refused: StoredSession): Promise<StoredSession | undefined> {
    const stored = await this.readStored().catch(() => undefined);
    if (stored === undefined || isTombstone(stored) || stored.ended !== undefined) return undefined;
    return stored.tokens.refreshToken === refused.tokens.refreshToken ? undefined : stored;
  }

  #bound(record: StoredRecord): StoredRecord {
    const { definition, origin, partnerCode } = this.#options.connection;
    if (isTombstone(record)) return record;
    if (record.partner === definition.id && record.origin === origin && record.partnerCode === partnerCode)
      return record;
    throw new PartnerAuthError(
      'store',
      `The store has a session of ${plainLine(record.partner, 64)} at ${plainLine(record.origin)}, not of ${definition.id} at ${origin} with this partner code. Use another store, or sign out there first.`,
      { setting: 'store', retryable: false },
    );
  }
}

/** Whether another process has taken the lock over. */
export async function isLost(held: HeldLock): Promise<boolean> {
  return !(await held.stillHeld().catch(() => false));
}

/** Whether `a` says something that `b` does not know yet. A session that a login here has replaced does not. */
export function isNewer(a: StoredSession, b: StoredSession | undefined, replaced?: string): boolean {
  if (a.sessionId !== b?.sessionId) return replaced === undefined || a.sessionId !== replaced;
  return (
    a.generation > b.generation || (a.generation === b.generation && a.ended !== undefined && b.ended === undefined)
  );
}

/** Whether what the store holds must not be overwritten with a record whose saving failed before. */
function supersedes(stored: StoredRecord, mine: StoredSession, replaced: string | undefined): boolean {
  return isTombstone(stored) ? stored.signedOutAt > mine.tokens.issuedAt : isNewer(stored, mine, replaced);
}

/** The message of a store's error; any other error could quote a token. */
export function reasonOf(error: unknown): string {
  return error instanceof PartnerAuthError ? error.message : 'The store failed.';
}
