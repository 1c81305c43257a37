import type { PartnerCalls, TokenResult } from '../exchange/partner-calls.ts';
import { PartnerAuthError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { HeldLock, TokenStore } from '../stores/token-store.ts';
import type { Clock } from './clock.ts';
import { isSignedOut, type EndCode, type StoredRecord, type StoredSession } from './record.ts';

/** What a refresh needs from the session, which stays the only owner of its own state. */
export interface RefreshContext {
  readonly calls: PartnerCalls;
  readonly store: TokenStore;
  readonly log: Logger;
  readonly clock: Clock;
  /** Total deadline of one exchange, ms; a refresh takes twice that at most. */
  readonly timeout: number;
  /** The record that this process holds, and whether its last save failed. */
  readonly mine: () => { readonly record: StoredSession | undefined; readonly unsaved: boolean };
  /** Reads the store and refuses a record of another partner or origin. */
  readonly readStored: () => Promise<StoredRecord | undefined>;
  /** Whether the adopted token set needs a refresh. */
  readonly isDue: () => boolean;
  /** Takes a record over as the session's current one, saved or not. */
  readonly adopt: (record: StoredSession | undefined, unsaved?: boolean) => void;
}

/** ms before the same refresh token is sent again after an attempt whose outcome is unknown. */
const inDoubtDelays = [250, 1_000, 4_000];

/**
 * Gets a new token set, or adopts the one that a sibling process just got. Runs under the store's lock from the first read
 * to the last write, network call included: two processes must never send the same rotating refresh token.
 *
 * Resolves true when the partner was asked.
 *
 * @throws PartnerAuthError of the partner's refusal, of the last failed attempt, or `store` when saving failed; in the
 * last case the new token set is adopted all the same.
 */
export function refreshSession(context: RefreshContext): Promise<boolean> {
  return context.store.lock((held) => underLock(context, held), { timeout: context.timeout * 2 + 30_000 });
}

async function underLock(context: RefreshContext, held: HeldLock | undefined): Promise<boolean> {
  const { store, log } = context;
  const { now } = context.clock;
  const before = await newest(context);
  if (before === undefined) {
    context.adopt(undefined);
    throw new PartnerAuthError('signedOut', 'There is no session to refresh. Sign in with login().');
  }
  const { record, stored } = before;
  if (stored && isNewer(record, context.mine().record)) {
    context.adopt(record);
    if (record.ended === undefined && !context.isDue()) {
      log.info(`Took over generation ${record.generation}, which another process got.`);
      return false;
    }
  }
  const { refreshToken } = record.tokens;
  if (record.ended !== undefined || refreshToken === undefined) throw endError(record);

  const interrupted = record.intent !== undefined;
  const intended: StoredSession = { ...record, intent: { at: now() } };
  if (stored) await writeIntent(store, intended);
  // The store holds nothing that a lost answer could cost; the token set goes there with the answer if it can.
  else await store.write(intended).catch(() => undefined);

  const { result, doubt } = await askUntilClear(context, refreshToken);
  if ('tokens' in result) {
    const { tokens } = result;
    const next: StoredSession = {
      ...withoutIntent(record),
      generation: record.generation + 1,
      tokens: { ...tokens, ...keptRefreshToken(record, tokens.refreshToken) },
    };
    await save(context, next, held);
    log.info(`Refreshed: generation ${next.generation}.`);
    return true;
  }

  const { error } = result;
  const code = endCodeOf(error);
  if (code === undefined) {
    // An answer that leaves no doubt means that the refresh token is still good.
    if (stored && !doubt && !interrupted) await store.write(record).catch(() => undefined);
    throw error;
  }
  const sibling = await movedOn(context, record);
  if (sibling !== undefined) {
    log.warn('The refresh token was refused because another process had replaced it; using the new one.');
    context.adopt(sibling);
    return false;
  }
  const ended: StoredSession = {
    ...withoutIntent(record),
    tokens: withoutRefreshToken(record),
    ended: { at: now(), code: code === 'sessionEnded' && (interrupted || doubt) ? 'refreshInterrupted' : code },
  };
  await save(context, ended, held).catch((failure: unknown) => {
    log.error(failure instanceof Error ? failure.message : 'The end of the session could not be saved.');
  });
  throw endError(ended, error);
}

/** Our record or the stored one, whichever is newer; `stored` tells whether the store holds it. Undefined: signed out. */
async function newest(context: RefreshContext): Promise<{ record: StoredSession; stored: boolean } | undefined> {
  const { record: mine, unsaved } = context.mine();
  let stored: StoredRecord | undefined;
  try {
    stored = await context.readStored();
  } catch (error) {
    // A store that says that trying again is of no use knows something that our copy does not.
    const damaged = error instanceof PartnerAuthError && error.code === 'store' && error.retryable;
    if (mine === undefined || !damaged) throw error;
    context.log.warn(`${error.message} Going on with the session of this process.`);
    return { record: mine, stored: false };
  }
  if (stored !== undefined && isSignedOut(stored)) {
    return mine !== undefined && unsaved ? { record: mine, stored: false } : undefined;
  }
  if (mine === undefined) return stored && { record: stored, stored: true };
  if (stored === undefined) {
    context.log.warn('The store lost the session; going on with the one of this process.');
    return { record: mine, stored: false };
  }
  if (unsaved && !isNewer(stored, mine)) return { record: mine, stored: false };
  if (stored.sessionId === mine.sessionId && stored.generation < mine.generation) {
    context.log.warn(`The store went back to generation ${stored.generation}; going on with ${mine.generation}.`);
    return { record: mine, stored: false };
  }
  return { record: stored, stored: true };
}

/** Whether `a` says something that `b` does not know yet. */
export function isNewer(a: StoredSession, b: StoredSession | undefined): boolean {
  if (a.sessionId !== b?.sessionId) return true;
  return (
    a.generation > b.generation || (a.generation === b.generation && a.ended !== undefined && b.ended === undefined)
  );
}

// Asking without it would risk the session: a crash after the partner's answer could not be told from a good state.
async function writeIntent(store: TokenStore, record: StoredSession): Promise<void> {
  try {
    await store.write(record);
  } catch (error) {
    const why = error instanceof PartnerAuthError ? error.message : 'The store failed.';
    throw new PartnerAuthError(
      'store',
      `${why} Nothing was refreshed, because the new refresh token could not be kept.`,
      {
        setting: 'store',
      },
    );
  }
}

async function askUntilClear(
  { calls, log, clock, timeout }: RefreshContext,
  refreshToken: string,
): Promise<{ result: Exclude<TokenResult, { loginId: string }>; doubt: boolean }> {
  const deadline = clock.monotonic() + timeout * 2;
  let doubt = false;
  for (let attempt = 0; ; attempt++) {
    const left = deadline - clock.monotonic();
    const result = await calls.refresh(refreshToken, { timeout: Math.max(1, Math.min(timeout, left)) });
    if ('loginId' in result) return { result: { error: result.error, inDoubt: false }, doubt };
    if ('tokens' in result) return { result, doubt };
    const delay = inDoubtDelays[attempt];
    if (!result.inDoubt || delay === undefined || clock.monotonic() + delay >= deadline) {
      return { result, doubt: doubt || result.inDoubt };
    }
    doubt = true;
    log.warn(`The outcome of a refresh is unknown (${result.error.code}); asking again with the same refresh token.`);
    await clock.wait(delay);
  }
}

async function save(context: RefreshContext, record: StoredSession, held: HeldLock | undefined): Promise<void> {
  if (held !== undefined && !(await held.stillHeld().catch(() => false))) {
    context.log.warn('The lock was taken over during the refresh.');
    const stored = await context.readStored().catch(() => undefined);
    // A sibling that got an answer too holds what the partner issued last.
    const alive = stored !== undefined && !isSignedOut(stored) && stored.ended === undefined;
    if (alive && isNewer(stored, context.mine().record)) {
      context.adopt(stored);
      return;
    }
  }
  try {
    await context.store.write(record);
    context.adopt(record);
  } catch (error) {
    context.adopt(record, true);
    if (error instanceof PartnerAuthError) throw error;
    throw new PartnerAuthError('store', 'The session could not be saved; its tokens are kept in memory only.', {
      setting: 'store',
    });
  }
}

/** The stored session if it is no longer the one whose refresh token was refused. */
async function movedOn(context: RefreshContext, refused: StoredSession): Promise<StoredSession | undefined> {
  const stored = await context.readStored().catch(() => undefined);
  if (stored === undefined || isSignedOut(stored) || stored.ended !== undefined) return undefined;
  return stored.tokens.refreshToken === refused.tokens.refreshToken ? undefined : stored;
}

function endCodeOf({ code }: PartnerAuthError): EndCode | undefined {
  if (code === 'sessionEnded' || code === 'accountUnavailable') return code;
  return code === 'invalidCredentials' ? 'sessionEnded' : undefined;
}

/** Why a session that ended can not be refreshed. */
export function endError({ ended, tokens }: StoredSession, refusal?: PartnerAuthError): PartnerAuthError {
  const { status, correlationId } = refusal ?? {};
  const code = ended?.code ?? 'sessionEnded';
  if (code === 'refreshInterrupted') {
    return new PartnerAuthError(
      code,
      'A refresh was interrupted before its answer arrived, and the partner no longer accepts the refresh token; sign in again.',
      { status, correlationId },
    );
  }
  if (refusal !== undefined) return refusal;
  const why =
    code === 'accountUnavailable'
      ? 'The partner says that the account is not available.'
      : tokens.refreshToken === undefined && ended === undefined
        ? 'The partner gave no refresh token.'
        : 'The partner refused the refresh token.';
  return new PartnerAuthError(code, `${why} Sign in again.`);
}

function withoutIntent({ intent: _, ...record }: StoredSession): StoredSession {
  return record;
}

function withoutRefreshToken({ tokens: { refreshToken: _, ...tokens } }: StoredSession): StoredSession['tokens'] {
  return tokens;
}

/** An answer without a refresh token keeps the old one with its own deadline. */
function keptRefreshToken({ tokens }: StoredSession, fresh: string | undefined): Partial<StoredSession['tokens']> {
  if (fresh !== undefined || tokens.refreshToken === undefined) return {};
  const { refreshToken, refreshExpiresAt } = tokens;
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}
