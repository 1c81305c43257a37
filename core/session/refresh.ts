import type { PartnerCalls, TokenResult } from '../exchange/partner-calls.ts';
import { PartnerAuthError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { HeldLock, TokenStore } from '../stores/token-store.ts';
import type { Clock } from './clock.ts';
import { isNewer, newest, type Held } from './newest.ts';
import { isSignedOut, type EndCode, type StoredRecord, type StoredSession } from './record.ts';

/** What a refresh needs from the session, which stays the only owner of its own state. */
export interface RefreshContext {
  readonly calls: PartnerCalls;
  readonly store: TokenStore;
  readonly log: Logger;
  readonly clock: Clock;
  /** Total deadline of one exchange, ms; a refresh takes twice that at most. */
  readonly timeout: number;
  readonly mine: () => Held;
  /** Reads the store and refuses a record of another partner or origin. */
  readonly readStored: () => Promise<StoredRecord | undefined>;
  /** Whether the adopted token set needs a refresh. */
  readonly isDue: () => boolean;
  /** Takes a record over as the session's current one, saved or not. */
  readonly adopt: (record: StoredSession | undefined, unsaved?: boolean) => void;
}

/** ms before the same refresh token is sent again after an attempt whose outcome is unknown. */
const inDoubtDelays = [250, 1_000, 4_000];
/** ms before the partner's answer is saved again, while the lock still keeps others from the refresh token it replaced. */
const saveDelays = [100, 400, 1_500];
/** How often a refresh starts anew because its lock was taken over before anything was lost. */
const lockAttempts = 3;

type Lock = HeldLock | undefined;

/**
 * Gets a new token set, or adopts the one that a sibling process just got. Runs under the store's lock from the first read
 * to the last write, network call included: two processes must never send the same rotating refresh token.
 *
 * Resolves true when the partner was asked.
 *
 * @throws PartnerAuthError of the partner's refusal, of the last failed attempt, or `store` when saving failed; in the
 * last case the new token set is adopted all the same.
 */
export async function refreshSession(context: RefreshContext): Promise<boolean> {
  for (let attempt = 1; attempt <= lockAttempts; attempt++) {
    const asked = await context.store.lock((held) => underLock(context, held), {
      timeout: context.timeout * 2 + 30_000,
    });
    if (asked !== 'lockLost') return asked;
    context.log.warn('The lock was taken over before the partner was asked; looking again at what the store holds.');
  }
  throw new PartnerAuthError('lock', 'The lock of the session was taken over again and again. Try again.');
}

async function underLock(context: RefreshContext, held: Lock): Promise<boolean | 'lockLost'> {
  const { store, log } = context;
  const { now } = context.clock;
  const before = await newest(context.mine(), context.readStored, log);
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

  // Whoever took the lock over may have replaced the record by now.
  if (await isLost(held)) return 'lockLost';
  const interrupted = record.intent !== undefined;
  const intended: StoredSession = { ...record, intent: { at: now() } };
  if (stored) await writeIntent(store, intended);
  // The store holds nothing that a lost answer could cost; the token set goes there with the answer if it can.
  else await store.write(intended).catch(() => undefined);

  const outcome = await askUntilClear(context, refreshToken, held);
  if (outcome === 'lockLost') return outcome;
  const { result, doubt } = outcome;
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

  const { error, replacement } = result;
  if (isOther(replacement?.refreshToken, refreshToken)) {
    // The rest of the answer is of no use, but the refresh token that was sent is over.
    const { refreshExpiresAt: _, ...kept } = record.tokens;
    const tokens = { ...kept, ...replacement };
    await save(context, { ...withoutIntent(record), generation: record.generation + 1, tokens }, held);
    throw error;
  }
  const code = endCodeOf(error);
  if (code === undefined) {
    // An answer that leaves no doubt means that the refresh token is still good.
    if (stored && !doubt && !interrupted && !(await isLost(held))) await store.write(record).catch(() => undefined);
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
  held: Lock,
): Promise<{ result: Exclude<TokenResult, { loginId: string }>; doubt: boolean } | 'lockLost'> {
  const deadline = clock.monotonic() + timeout * 2;
  let doubt = false;
  for (let attempt = 0; ; attempt++) {
    // A process that hung (or slept) must not send what a sibling has replaced meanwhile.
    if (await isLost(held)) return 'lockLost';
    const left = deadline - clock.monotonic();
    const result = await calls.refresh(refreshToken, { timeout: Math.max(1, Math.min(timeout, left)) });
    if ('loginId' in result) return { result: { error: result.error, inDoubt: false }, doubt };
    if ('tokens' in result || isOther(result.replacement?.refreshToken, refreshToken)) return { result, doubt };
    const delay = inDoubtDelays[attempt];
    if (!result.inDoubt || delay === undefined || clock.monotonic() + delay >= deadline) {
      return { result, doubt: doubt || result.inDoubt };
    }
    doubt = true;
    log.warn(`The outcome of a refresh is unknown (${result.error.code}); asking again with the same refresh token.`);
    await clock.wait(delay);
  }
}

async function isLost(held: Lock): Promise<boolean> {
  return held !== undefined && !(await held.stillHeld().catch(() => false));
}

async function save(context: RefreshContext, record: StoredSession, held: Lock): Promise<void> {
  if (await isLost(held)) {
    context.log.warn('The lock was taken over during the refresh.');
    const stored = await context.readStored().catch(() => undefined);
    if (stored !== undefined && isSignedOut(stored)) {
      context.adopt(undefined);
      throw new PartnerAuthError('signedOut', 'Another process signed out during the refresh. Sign in with login().');
    }
    // A sibling that got an answer too holds what the partner issued last.
    const alive = stored !== undefined && !isSignedOut(stored) && stored.ended === undefined;
    if (alive && isNewer(stored, context.mine().record)) {
      context.adopt(stored);
      return;
    }
  }
  for (let attempt = 0; ; attempt++) {
    try {
      await context.store.write(record);
      context.adopt(record);
      return;
    } catch (error) {
      context.adopt(record, true);
      const delay = saveDelays[attempt];
      if (delay !== undefined) {
        await context.clock.wait(delay);
        if (!(await isLost(held))) continue;
      }
      if (error instanceof PartnerAuthError) throw error;
      throw new PartnerAuthError('store', 'The session could not be saved; its tokens are kept in memory only.', {
        setting: 'store',
      });
    }
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

function isOther(fresh: string | undefined, sent: string): boolean {
  return fresh !== undefined && fresh !== sent;
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
