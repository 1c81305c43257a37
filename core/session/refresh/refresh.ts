import { PartnerAuthError } from '../../errors.ts';
import { askUntilClear, isOther } from './ask.ts';
import { endCodeOf, endError } from './end.ts';
import { isNewer, newest } from '../record/newest.ts';
import { isSignedOut, type StoredSession } from '../record/record.ts';
import { isLost, type Lock, type RefreshContext } from './refresh-context.ts';
import { save, writeIntent } from './save.ts';

/** How often a refresh starts anew because its lock was taken over before anything was lost. */
const lockAttempts = 3;

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

/** The stored session if it is no longer the one whose refresh token was refused. */
async function movedOn(context: RefreshContext, refused: StoredSession): Promise<StoredSession | undefined> {
  const stored = await context.readStored().catch(() => undefined);
  if (stored === undefined || isSignedOut(stored) || stored.ended !== undefined) return undefined;
  return stored.tokens.refreshToken === refused.tokens.refreshToken ? undefined : stored;
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
