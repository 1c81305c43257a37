import { PartnerAuthError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { TokenStore } from '../../stores/token-store.ts';
import { isSignedOut, type StoredRecord, type StoredSession } from './record.ts';

/** What this process holds. */
export interface Held {
  readonly record: StoredSession | undefined;
  /** The record is newer than what the store held, because saving it failed. */
  readonly unsaved: boolean;
  /** The session that an unsaved login was to take the place of. */
  readonly replaced: string | undefined;
}

/** Whether `a` says something that `b` does not know yet. A session that a login here has replaced does not. */
export function isNewer(a: StoredSession, b: StoredSession | undefined, replaced?: string): boolean {
  if (a.sessionId !== b?.sessionId) return replaced === undefined || a.sessionId !== replaced;
  return (
    a.generation > b.generation || (a.generation === b.generation && a.ended !== undefined && b.ended === undefined)
  );
}

/** Whether what the store holds must not be overwritten with a record whose saving failed before. */
export function supersedes(stored: StoredRecord, mine: StoredSession, replaced: string | undefined): boolean {
  return isSignedOut(stored) ? stored.signedOutAt > mine.tokens.issuedAt : isNewer(stored, mine, replaced);
}

/** Our record or the stored one, whichever is newer; `stored` tells whether the store holds it. Undefined: signed out. */
export async function newest(
  { record: mine, unsaved, replaced }: Held,
  readStored: () => Promise<StoredRecord | undefined>,
  log: Logger,
): Promise<{ record: StoredSession; stored: boolean } | undefined> {
  let stored: StoredRecord | undefined;
  try {
    stored = await readStored();
  } catch (error) {
    // A store that says that trying again is of no use knows something that our copy does not.
    const damaged = error instanceof PartnerAuthError && error.code === 'store' && error.retryable;
    if (mine === undefined || !damaged) throw error;
    log.warn(`${error.message} Going on with the session of this process.`);
    return { record: mine, stored: false };
  }
  if (stored !== undefined && mine !== undefined && unsaved && !supersedes(stored, mine, replaced)) {
    return { record: mine, stored: false };
  }
  if (stored !== undefined && isSignedOut(stored)) return undefined;
  if (mine === undefined) return stored && { record: stored, stored: true };
  if (stored === undefined) {
    log.warn('The store lost the session; going on with the one of this process.');
    return { record: mine, stored: false };
  }
  if (stored.sessionId === mine.sessionId && stored.generation < mine.generation) {
    log.warn(`The store went back to generation ${stored.generation}; going on with ${mine.generation}.`);
    return { record: mine, stored: false };
  }
  return { record: stored, stored: true };
}

/** Tries again to save what could not be saved, unless the store has moved on since. Says in the log when it can not. */
export async function saveUnsaved({
  store,
  log,
  mine,
  readStored,
  adopt,
}: {
  readonly store: TokenStore;
  readonly log: Logger;
  readonly mine: () => Held;
  readonly readStored: () => Promise<StoredRecord | undefined>;
  readonly adopt: (record: StoredSession) => void;
}): Promise<void> {
  const { record, unsaved, replaced } = mine();
  if (record === undefined || !unsaved) return;
  try {
    await store.lock(async () => {
      const stored = await readStored();
      if (stored !== undefined && supersedes(stored, record, replaced)) return;
      await store.write(record);
      if (mine().record === record) adopt(record);
    });
  } catch (error) {
    log.warn(error instanceof PartnerAuthError ? error.message : 'The store could not be written.');
  }
}
