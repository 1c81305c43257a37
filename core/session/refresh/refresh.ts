import { PartnerAuthError } from '../../lib/errors.ts';
import type { StoredSession } from '../../stores/stored-record.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { isLost, isNewer, reasonOf, type SessionReplica } from '../session-replica.ts';
import { isOther, requestUntilClear, type RequestParts } from './request-refresh.ts';
import { endCodeOf, endError } from './session-end.ts';

interface RefreshParts extends RequestParts {
  readonly replica: SessionReplica;
  /** Whether the adopted token set needs a refresh. */
  readonly isDue: () => boolean;
}

/** How often a refresh starts again because its lock was taken over before anything was sent. */
const lockAttempts = 3;

/**
 * Gets a new token set, or adopts the one that a sibling process just got. Runs under the store's lock from the first read
 * to the last write, network call included: two processes must never send the same rotating refresh token.
 *
 * Resolves true if the partner was asked.
 *
 * @throws PartnerAuthError of the partner's refusal, of the last failed attempt, or `store` if saving failed; in the
 * last case the new token set is adopted all the same.
 */
export async function refreshSession(parts: RefreshParts): Promise<boolean> {
  for (let attempt = 1; attempt <= lockAttempts; attempt++) {
    const outcome = await parts.replica.lock((held) => underLock(parts, held).catch(fencedOut), {
      timeout: parts.timeout * 2 + 30_000,
    });
    if (typeof outcome === 'boolean') return outcome;
    if (outcome !== 'lockLost') {
      await parts.replica.saveUnsaved();
      if (parts.replica.local.unsaved || parts.isDue()) throw outcome;
      return true;
    }
    parts.log.warn('The lock was taken over before the partner was asked; looking at the store again.');
  }
  throw new PartnerAuthError('lock', 'The lock of the session was taken over again and again. Try again.');
}

/** A store with fences kept out what the partner sent, because the lock was taken over. Another lock is due, after this one. */
function fencedOut(error: unknown): PartnerAuthError {
  if (error instanceof PartnerAuthError && error.code === 'lock') return error;
  throw error;
}

async function underLock(parts: RefreshParts, held: HeldLock): Promise<boolean | 'lockLost'> {
  const { replica, log, clock } = parts;
  const before = await replica.newest();
  if (before === undefined) {
    replica.adopt(undefined);
    throw new PartnerAuthError('signedOut', 'There is no session to refresh. Sign in with login().');
  }
  const { record, isStored } = before;
  if (isStored && isNewer(record, replica.local.record)) {
    replica.adopt(record);
    if (record.ended === undefined && !parts.isDue()) {
      log.info(`Took over generation ${record.generation}, which another process got.`);
      return false;
    }
  }
  const { refreshToken } = record.tokens;
  if (record.ended !== undefined || refreshToken === undefined) throw endError(record);
  // Whoever took the lock over may have replaced the record by now.
  if (await isLost(held)) return 'lockLost';
  const interrupted = record.intent !== undefined;
  if (!(await writeIntent(replica, { ...record, intent: { at: clock.now() } }, held, isStored))) return 'lockLost';

  const outcome = await requestUntilClear(parts, refreshToken, held);
  if (outcome === 'lockLost') return outcome;
  const { result, doubt } = outcome;
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
  if (isOther(replacement?.refreshToken, refreshToken)) {
    // The rest of the response is useless, but the refresh token that was sent has been replaced.
    const { refreshExpiresAt: _, ...kept } = record.tokens;
    await replica.save(nextGeneration(record, { ...kept, ...replacement }), held);
    throw error;
  }
  const code = endCodeOf(error);
  if (code === undefined) {
    // A response that leaves no doubt means that the refresh token is still valid.
    if (isStored && !doubt && !interrupted && !(await isLost(held)))
      await replica.write(record, held).catch(() => undefined);
    throw error;
  }
  const sibling = await replica.movedOn(record);
  if (sibling !== undefined) {
    log.warn('The refresh token was refused because another process had replaced it; using the new one.');
    replica.adopt(sibling);
    return false;
  }
  const { refreshToken: _, ...tokens } = record.tokens;
  const ended: StoredSession = {
    ...withoutIntent(record),
    tokens,
    ended: {
      at: clock.now(),
      code: code === 'sessionEnded' && (interrupted || doubt) ? 'refreshInterrupted' : code,
    },
  };
  await replica.save(ended, held).catch((failure: unknown) => {
    log.error(failure instanceof Error ? failure.message : 'The end of the session could not be saved.');
  });
  throw endError(ended, error);
}

/**
 * Without the intent, a crash after the partner's response could not be told from a good state. Resolves false if the lock
 * was taken over.
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
    if (error instanceof PartnerAuthError && error.code === 'lock') return false;
    // The store holds nothing that a lost response could cost; the token set goes there with the response if it can.
    if (!isStored) return true;
    throw new PartnerAuthError(
      'store',
      `${reasonOf(error)} Nothing was refreshed, because the new refresh token could not be kept.`,
      { setting: 'store' },
    );
  }
}

function nextGeneration(record: StoredSession, tokens: TokenSet): StoredSession {
  return { ...withoutIntent(record), generation: record.generation + 1, tokens };
}

function withoutIntent({ intent: _, ...record }: StoredSession): StoredSession {
  return record;
}

/** What a newer version of this package keeps next to the tokens. */
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

/** A response without a refresh token keeps the old one with its own deadline. */
function keptRefreshToken(
  { refreshToken, refreshExpiresAt }: TokenSet,
  fresh: TokenSet,
): Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'> {
  if (fresh.refreshToken !== undefined || refreshToken === undefined) return {};
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}
