import { PartnerAuthError, type PartnerAuthErrorCode } from '../../lib/errors.ts';
import { refusedUntil, type EndCode, type SessionEnd, type StoredSession } from '../../stores/stored-record.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { isLockLost, isNewer, storeErrorMessage, type SessionReplica } from '../session-replica.ts';
import { isPauseStated, longestPause } from '../back-off.ts';
import { isDifferentToken, requestRefresh, type RequestParts } from './request-refresh.ts';

interface RefreshParts extends RequestParts {
  readonly replica: SessionReplica;
  /** Whether the adopted token set must be refreshed. */
  readonly isDue: () => boolean;
  /** How long to wait after this failure, in ms. */
  readonly pauseAfter: (error: PartnerAuthError) => number;
  /** Whether a caller asked for this refresh, and not only for a valid token. */
  readonly isExplicit: () => boolean;
  /** Whether the partner has refused this access token. */
  readonly isAccessRefused: (accessToken: string) => boolean;
  /** Whether a refused refresh token can be sent again without harm. */
  readonly oldTokenStaysValid: boolean;
}

/** How often a refresh is attempted if its lock is taken over before anything was sent. */
const lockAttempts = 3;

/** How often the partner may be asked with a refresh token that it has refused, in ms. */
const refusedInterval = 1_000;

/**
 * Requests a new token set, or adopts the one that a sibling process has just received. Holds the store's lock from the
 * first read to the last write, including the network call: two processes must never send the same refresh token.
 *
 * Resolves true if the partner was called.
 *
 * @throws PartnerAuthError of the partner's refusal or of the last failed attempt; `store` if the new token set could
 * not be saved, although it is adopted.
 */
export async function refreshSession(parts: RefreshParts): Promise<boolean> {
  for (let attempt = 1; attempt <= lockAttempts; attempt++) {
    const lock = { isAcquired: false };
    const run = (held: HeldLock): Promise<boolean | 'lockLost' | PartnerAuthError> => {
      lock.isAcquired = true;
      return refreshUnderLock(parts, held).catch(toLockError);
    };
    const timeout = parts.timeout * 2 + 30_000;
    const outcome = await parts.replica.lockOrContinue(run, { timeout }).catch((error: unknown) => {
      throw lock.isAcquired || hasCode(error, 'lock') ? error : notRefreshedError(error);
    });
    if (typeof outcome === 'boolean') return outcome;
    if (outcome !== 'lockLost') {
      await parts.replica.saveUnsaved();
      if (parts.replica.local.unsaved || parts.isDue()) throw outcome;
      return true;
    }
    parts.log.warn('The lock was taken over before the refresh was sent; reading the store again.');
  }
  throw new PartnerAuthError('lock', 'The lock of the session was taken over repeatedly. Try again.');
}

/** Catches a store's rejection of new tokens whose lock was taken over: they are saved under another lock instead. */
function toLockError(error: unknown): PartnerAuthError {
  if (hasCode(error, 'lock')) return error;
  throw error;
}

function hasCode(error: unknown, code: PartnerAuthErrorCode): error is PartnerAuthError {
  return error instanceof PartnerAuthError && error.code === code;
}

/** The error of a store that cannot be written, so that a refresh token from it must not be used. */
function notRefreshedError(error: unknown): PartnerAuthError {
  return new PartnerAuthError(
    'store',
    `${storeErrorMessage(error)} The session was not refreshed, because the new refresh token could not be saved, and other processes may have the current one.`,
    { setting: 'store' },
  );
}

async function refreshUnderLock(parts: RefreshParts, held: HeldLock): Promise<boolean | 'lockLost'> {
  const { replica, log, clock } = parts;
  const newest = await replica.newest();
  if (newest === undefined) {
    replica.adopt(undefined);
    throw new PartnerAuthError('signedOut', 'Nobody is signed in. Sign in with login().');
  }
  const { record, isStored } = newest;
  if (isStored && isNewer(record, replica.local.record)) {
    replica.adopt(record);
    if (record.ended === undefined && !parts.isDue()) {
      log.info(`Adopted generation ${record.generation} of another process.`);
      return false;
    }
  }
  const { refreshToken } = record.tokens;
  if (refreshToken === undefined || (record.ended !== undefined && !mayAskAgain(parts, record))) {
    throw endError(await updatedEnd(parts, record, held));
  }
  assertNotPaused(parts, record);
  // A process that has taken the lock over may have replaced the record.
  if (await isLockLost(held)) return 'lockLost';
  const wasInterrupted = record.intent !== undefined;
  const asked = askedNow(settled(record), clock.now());
  const intended = { ...asked, intent: { at: clock.now() } };
  if (!(await writeIntent(replica, intended, held, isStored))) return 'lockLost';

  const outcome = await requestRefresh(
    parts,
    refreshToken,
    held,
    parts.oldTokenStaysValid && record.ended === undefined,
  );
  if (outcome === 'lockLost') return outcome;
  const { result, inDoubt } = outcome;
  if (result.kind === 'tokens') {
    const next = nextGeneration(record, {
      ...unknownFields(record.tokens),
      ...keptRefreshToken(record.tokens, result.tokens),
      ...result.tokens,
    });
    await replica.save(next, held);
    log.info(`Refreshed: generation ${next.generation}.`);
    return true;
  }
  const { error, replacement } = result;
  if (isDifferentToken(replacement?.refreshToken, refreshToken)) {
    // The rest of the response is unusable, but the refresh token that was sent has been replaced.
    const { refreshExpiresAt: _, ...kept } = record.tokens;
    await replica.save(nextGeneration(record, { ...kept, ...replacement }), held);
    throw error;
  }
  const code = endCodeOf(error);
  if (code === undefined) {
    // If the partner has certainly not acted, the refresh token is still valid.
    const next = { ...(inDoubt || wasInterrupted ? intended : asked), ...pauseOf(parts, error) };
    if (isStored && (next.intent === undefined || next.pause !== undefined) && !(await isLockLost(held)))
      await replica.write(next, held).catch(() => undefined);
    throw error;
  }
  const sibling = await replica.readReplacement(record);
  if (sibling !== undefined) {
    log.warn('The refresh token was refused because another process had replaced it; using the new one.');
    replica.adopt(sibling);
    return false;
  }
  const now = clock.now();
  // Where the old token stays valid, a refresh that was interrupted cannot have invalidated it.
  const isInterrupted = code === 'sessionEnded' && (wasInterrupted || inDoubt) && !parts.oldTokenStaysValid;
  const end: SessionEnd = {
    at: record.ended?.at ?? now,
    code: isInterrupted ? 'refreshInterrupted' : code === 'sessionEnded' ? (record.ended?.code ?? code) : code,
    askedAt: now,
    ...((record.ended?.accessRefused === true || parts.isAccessRefused(record.tokens.accessToken)) && {
      accessRefused: true,
    }),
  };
  const ended: StoredSession = {
    ...settled(record),
    // The refusal of a token may be wrong, such as while the partner's database is away. That of an account is not.
    tokens: code === 'accountUnavailable' ? withoutRefreshToken(record.tokens) : record.tokens,
    ended: end,
  };
  await replica.save(ended, held).catch((failure: unknown) => {
    log.error(failure instanceof Error ? failure.message : 'The end of the session could not be saved.');
  });
  throw record.ended === undefined ? endError(ended, error) : refusedAgainError(ended, error);
}

/** Whether a caller asks, and the refused refresh token of a session that has ended may be sent once more. */
function mayAskAgain({ clock, isExplicit }: RefreshParts, record: StoredSession): boolean {
  const { ended } = record;
  const until = refusedUntil(record);
  if (ended === undefined || until === undefined || !isExplicit()) return false;
  const now = clock.now();
  // The absolute value, because the clock may have been set back.
  return now < until && Math.abs(now - (ended.askedAt ?? ended.at)) >= refusedInterval;
}

/** Removes a refused refresh token that has expired, and records that the access token was refused too. */
async function updatedEnd(
  { replica, clock, isAccessRefused }: RefreshParts,
  record: StoredSession,
  held: HeldLock,
): Promise<StoredSession> {
  const { ended, tokens } = record;
  if (ended === undefined) return record;
  const isOver = clock.now() >= (refusedUntil(record) ?? Infinity);
  const isNewlyRefused = ended.accessRefused !== true && isAccessRefused(tokens.accessToken);
  if (!isOver && !isNewlyRefused) return record;
  const updated: StoredSession = {
    ...record,
    tokens: isOver ? withoutRefreshToken(tokens) : tokens,
    ended: { ...ended, ...(isNewlyRefused && { accessRefused: true }) },
  };
  await replica.save(updated, held).catch(() => undefined);
  return updated;
}

function withoutRefreshToken({ refreshToken: _, ...tokens }: TokenSet): TokenSet {
  return tokens;
}

/** The record of a refused session with the time at which the partner is asked again. */
function askedNow(record: StoredSession, now: number): StoredSession {
  return record.ended === undefined ? record : { ...record, ended: { ...record.ended, askedAt: now } };
}

/**
 * Writes the record with its intent, without which a crash after the partner's response would go unnoticed. Resolves
 * false if the lock was taken over.
 */
async function writeIntent(
  replica: SessionReplica,
  record: StoredSession,
  held: HeldLock,
  isStored: boolean,
): Promise<boolean> {
  try {
    await replica.write(record, held);
    return true;
  } catch (error) {
    if (hasCode(error, 'lock')) return false;
    // The store does not hold this session, so there is nothing to protect. The new token set may still be saved.
    if (!isStored) return true;
    throw notRefreshedError(error);
  }
}

/** The code with which an error of the partner ends the session; undefined if it does not. */
function endCodeOf({ code }: PartnerAuthError): EndCode | undefined {
  if (code === 'sessionEnded' || code === 'accountUnavailable') return code;
  return code === 'invalidCredentials' ? 'sessionEnded' : undefined;
}

/** The error after an explicit refresh of a session that has ended was refused as well. */
function refusedAgainError(record: StoredSession, refusal: PartnerAuthError): PartnerAuthError {
  const { code, message, status, correlationId } = endError(record, refusal);
  return new PartnerAuthError(code, `The refresh token was refused again. ${message}`, { status, correlationId });
}

/** The error for a session that has ended. `refusal` is the partner's error, if it has just been received. */
export function endError({ ended, tokens }: StoredSession, refusal?: PartnerAuthError): PartnerAuthError {
  const { status, correlationId } = refusal ?? {};
  const code = ended?.code ?? 'sessionEnded';
  if (code === 'refreshInterrupted') {
    return new PartnerAuthError(
      code,
      'A refresh was interrupted before its response arrived, and the partner no longer accepts the refresh token; sign in again.',
      { status, correlationId },
    );
  }
  if (refusal !== undefined) return refusal;
  const why =
    code === 'accountUnavailable'
      ? 'The partner reports that the account is not available.'
      : tokens.refreshToken === undefined && ended === undefined
        ? 'The partner issued no refresh token.'
        : 'The partner refused the refresh token.';
  const action =
    ended !== undefined && code !== 'accountUnavailable' && tokens.refreshToken !== undefined
      ? 'Call refresh() to ask once more, or sign in again.'
      : 'Sign in again.';
  return new PartnerAuthError(code, `${why} ${action}`);
}

function nextGeneration(record: StoredSession, tokens: TokenSet): StoredSession {
  const { ended: _, ...live } = settled(record);
  return { ...live, generation: record.generation + 1, tokens };
}

/** The record without what an earlier refresh has left in it. */
function settled({ intent: _intent, pause: _pause, ...record }: StoredSession): StoredSession {
  return record;
}

/** The pause that all processes observe after this failure; empty if there is none. */
function pauseOf({ clock, pauseAfter }: RefreshParts, error: PartnerAuthError): Pick<StoredSession, 'pause'> {
  const stated = isPauseStated(error);
  return stated || error.code === 'rateLimited' ? { pause: { until: clock.now() + pauseAfter(error), stated } } : {};
}

/** @throws PartnerAuthError `rateLimited` if the partner has asked another process to wait. */
function assertNotPaused({ calls, clock, isExplicit }: RefreshParts, { pause }: StoredSession): void {
  const remaining = (pause?.until ?? 0) - clock.now();
  // The clock of the other machine may be wrong.
  if (pause === undefined || remaining <= 0 || remaining > longestPause) return;
  if (isExplicit() && !pause.stated) return;
  const retryAfter = Math.ceil(remaining / 1000);
  throw new PartnerAuthError(
    'rateLimited',
    `${calls.label} limits the number of calls, also those of other processes with this store. Try again in ${retryAfter} s; the session is kept.`,
    pause.stated ? { retryAfter } : {},
  );
}

/** Fields that a newer version of this package stores with the tokens. */
function unknownFields({
  accessToken: _accessToken,
  refreshToken: _refreshToken,
  issuedAt: _issuedAt,
  accessExpiresAt: _accessExpiresAt,
  refreshExpiresAt: _refreshExpiresAt,
  ...unknown
}: TokenSet): object {
  return unknown;
}

/** The old refresh token with its expiry, if the response contains none. */
function keptRefreshToken(
  { refreshToken, refreshExpiresAt }: TokenSet,
  fresh: TokenSet,
): Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'> {
  if (fresh.refreshToken !== undefined || refreshToken === undefined) return {};
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}
