import { refusedAdvice } from '../../exchange/response-error.ts';
import { PartnerAuthError, type PartnerAuthErrorCode } from '../../lib/errors.ts';
import { refusedUntil, type EndCode, type SessionEnd, type StoredSession } from '../../stores/stored-record.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import { isUsable } from '../../tokens/expiry.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { isLockLost, isNewer, storeErrorMessage, type SessionReplica } from '../session-replica.ts';
import { isRenewable, type Renewal } from '../renewal.ts';
import { assertNotPaused, pauseOf } from './pause.ts';
import { nextGeneration, settled } from './records.ts';
import { isDifferentToken, requestRefresh, type RequestParts } from './request-refresh.ts';
import { signInAgain, type SignInParts } from './sign-in-again.ts';

interface RefreshParts extends RequestParts, SignInParts {
  readonly calls: RequestParts['calls'];
  readonly renewal: Renewal;
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
      const renew = parts.renewal === 'login' ? signInAgain : refreshUnderLock;
      return renew(parts, held).catch(toLockError);
    };
    const timeout = parts.timeout * 2 + 30_000;
    // Another login costs no other process its tokens.
    const isHarmless = parts.renewal === 'login';
    const outcome = await parts.replica.lockOrContinue(run, { timeout }, isHarmless).catch((error: unknown) => {
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
    { setting: hasCode(error, 'store') ? error.setting : 'store' },
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
  if (
    parts.renewal === 'none' ||
    refreshToken === undefined ||
    (!isRenewable(record, parts.renewal) && !mayAskAgain(parts, record))
  ) {
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
    { refreshToken, accessToken: record.tokens.accessToken },
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
    const isUnread = result.isUnread === true && !parts.oldTokenStaysValid;
    await replica.save({ ...next, ...(isUnread && { unread: { at: clock.now() } }) }, held);
    log.info(`Refreshed: generation ${next.generation}.`);
    return true;
  }
  const { error, replacement, isUnexplained = false, issued = false } = result;
  if (isDifferentToken(replacement?.refreshToken, refreshToken)) {
    // The rest of the response is unusable, but the refresh token that was sent has been replaced.
    const { refreshExpiresAt: _, ...kept } = record.tokens;
    await replica.save(nextGeneration(record, { ...kept, ...replacement }), held);
    throw error;
  }
  if (issued && endCodeOf(error) === undefined && !parts.oldTokenStaysValid) {
    const { ended: _, ...live } = settled(record);
    await replica.save({ ...live, unread: { at: clock.now() } }, held).catch(() => undefined);
    throw error;
  }
  const code = isUnexplained ? unexplainedEnd(parts, record, error) : endCodeOf(error);
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
  // An unexplained refusal is reported as it is: it says which rule to add.
  const isInterrupted =
    code === 'sessionEnded' && (wasInterrupted || inDoubt) && !parts.oldTokenStaysValid && !isUnexplained;
  const end: SessionEnd = {
    at: record.ended?.at ?? now,
    code: isInterrupted ? 'refreshInterrupted' : code === 'sessionEnded' ? (record.ended?.code ?? code) : code,
    askedAt: now,
    ...(isUnexplained && { unexplained: true }),
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

/** Whether a caller asks, and the refresh token that is not sent automatically any more may be sent once more. */
function mayAskAgain({ clock, isExplicit }: RefreshParts, record: StoredSession): boolean {
  const { ended, unread } = record;
  if (!isExplicit()) return false;
  if (ended === undefined) return unread !== undefined;
  const until = refusedUntil(record);
  if (until === undefined) return false;
  const now = clock.now();
  // The absolute value, because the clock may have been set back.
  const isSoon = Math.abs(now - (ended.askedAt ?? ended.at)) < refusedInterval;
  return now < until && (!isSoon || ended.unexplained === true);
}

/**
 * Removes a refused refresh token that has expired, and records that the access token was refused too. Without a way to renew
 * it, the session has ended then.
 */
async function updatedEnd(
  { replica, clock, isAccessRefused }: RefreshParts,
  record: StoredSession,
  held: HeldLock,
): Promise<StoredSession> {
  const { ended, tokens } = record;
  if (ended === undefined) {
    if (!isAccessRefused(tokens.accessToken)) return record;
    const now = clock.now();
    const over: StoredSession = { ...record, ended: { at: now, code: 'sessionEnded', accessRefused: true } };
    await replica.save(over, held).catch(() => undefined);
    return over;
  }
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

/** Statuses that say nothing about the refresh token: wrong path, wrong method, timeout, conflict, too early. */
const unrelated: readonly unknown[] = [404, 405, 408, 409, 425];

/**
 * How a refusal that no rule explains ends the session: a program that could neither refresh nor see that the session has
 * ended would never sign in again. What may be unrelated ends it only with the access token.
 */
function unexplainedEnd(
  { clock, isAccessRefused }: RefreshParts,
  { tokens }: StoredSession,
  { status }: PartnerAuthError,
): EndCode | undefined {
  const isNeeded = !isUsable(tokens, clock.now()) || isAccessRefused(tokens.accessToken);
  return isNeeded || !unrelated.includes(status) ? 'sessionEnded' : undefined;
}

/** The error after an explicit refresh of a session that has ended was refused as well. */
function refusedAgainError(record: StoredSession, refusal: PartnerAuthError): PartnerAuthError {
  const { code, message, status, correlationId } = endError(record, refusal);
  const text = `The refresh token was refused again. ${message.replace(refusedAdvice, 'Sign in again.')}`;
  return new PartnerAuthError(code, text, { status, correlationId });
}

/** The error for a session that has ended. `refusal` is the partner's error, if it has just been received. */
export function endError({ ended, tokens, unread }: StoredSession, refusal?: PartnerAuthError): PartnerAuthError {
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
  if (code === 'configuration') {
    const message =
      'The partner refused the client, which is not sent again automatically. Check the option client, and call login().';
    return new PartnerAuthError(code, message, { setting: 'client' });
  }
  const action =
    (ended !== undefined || unread !== undefined) && code === 'sessionEnded' && tokens.refreshToken !== undefined
      ? 'Call refresh() to ask once more, or sign in again.'
      : 'Sign in again.';
  return new PartnerAuthError(code, `${whyEnded(ended, tokens, unread !== undefined)} ${action}`);
}

function whyEnded(ended: SessionEnd | undefined, { refreshToken }: TokenSet, isUnread: boolean): string {
  if (ended?.code === 'accountUnavailable') return 'The partner reports that the account is not available.';
  if (ended?.code === 'invalidCredentials') return 'The partner refused the credentials.';
  if (isUnread)
    return 'The partner has responded to the refresh token, but with tokens in a place that its definition does not name, so that the refresh token has probably been replaced. Correct the definition.';
  if (ended?.unexplained === true)
    return 'The partner refused the refresh token with an error that no rule of the partner definition explains.';
  if (refreshToken !== undefined) return 'The partner refused the refresh token.';
  return ended?.accessRefused === true
    ? 'The partner refused the access token, and the session cannot be refreshed.'
    : 'The session cannot be refreshed: the partner issued no refresh token, or its definition has no refresh.';
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
