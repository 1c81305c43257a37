import type { Connection } from '../../exchange/connection.ts';
import { configurationError, PartnerAuthError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { isTombstone, type Refusal, type PlainRecord, type StoredSession } from '../../stores/stored-record.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import type { CredentialsFunction } from '../options.ts';
import type { Renewal } from '../renewal.ts';
import { isLockLost, isNewer, type SessionReplica } from '../session-replica.ts';
import type { Credentials } from '../sign-in/credentials.ts';
import type { FailedLogin, LoginFlow, SignedIn } from '../sign-in/login.ts';
import { newSession } from '../sign-in/new-session.ts';
import { isRefused, refusalCodeOf, refusalOf } from '../sign-in/refusal.ts';
import { assertNotPaused, pauseOf, type PauseParts } from './pause.ts';
import { nextGeneration, settled } from './records.ts';

export interface SignInParts extends PauseParts {
  readonly replica: SessionReplica;
  readonly log: Logger;
  readonly options: Connection;
  readonly login: LoginFlow;
  /** Undefined if a login requires no credentials. */
  readonly credentials: CredentialsFunction | undefined;
  /** Total deadline of one exchange, in ms, and of asking for the credentials. */
  readonly timeout: number;
  /** Whether the adopted token set must be renewed. */
  readonly isDue: () => boolean;
  /** Whether the partner has refused this access token. */
  readonly isAccessRefused: (accessToken: string) => boolean;
}

/** How long to wait before a login whose outcome is unknown is sent once more, in ms. */
export const repeatDelay = 250;

/**
 * Gets the next access token of a session by signing in again, or adopts the one that a sibling process has just received.
 * Must run under the store's lock. Signs in to a store that has never held a session too, but not after a sign-out.
 *
 * Resolves true if the partner was called, `lockLost` if the lock was taken over before.
 *
 * @throws PartnerAuthError of the partner's refusal, which is recorded, or of the last failed attempt; whatever `credentials`
 * throws.
 */
export async function signInAgain(parts: SignInParts, held: HeldLock): Promise<boolean | 'lockLost'> {
  const { replica, log, options } = parts;
  const newest = await replica.newest();
  if (newest?.isStored === true && isNewer(newest.record, replica.local.record)) {
    replica.adopt(newest.record);
    if (newest.record.ended === undefined && !parts.isDue()) {
      log.info(`Adopted generation ${newest.record.generation} of another process.`);
      return false;
    }
  }
  const record = newest?.record;
  const before: PlainRecord | undefined = record ?? (await replica.readStored());
  if (record === undefined) {
    replica.adopt(undefined);
    if (before !== undefined && isTombstone(before) && before.signedOutAt > 0)
      throw new PartnerAuthError('signedOut', 'There is no session, because it was signed out. Sign in with login().');
  } else assertNotPaused(parts, record);

  const credentials = await currentCredentials(parts);
  const { refusal } = before ?? {};
  if (refusal !== undefined && (await isRefused(refusal, options, credentials)))
    throw refusedError(refusal, options.definition.label);
  const result = await requestLogin(parts, credentials, held);
  if (result === 'lockLost') return result;
  if (!('error' in result)) {
    if (record === undefined) await replica.replace(newSession(options, result), held);
    else {
      const { account = record.account } = result;
      const next = nextGeneration(record, result.tokens);
      await replica.save({ ...next, ...(account !== undefined && { account }) }, held);
    }
    log.info('Signed in again.');
    return true;
  }
  await recordFailure(parts, before, credentials, result.error, held);
  throw result.error;
}

/** Records a refusal, or a pause that the partner requires. */
async function recordFailure(
  parts: SignInParts,
  before: PlainRecord | undefined,
  credentials: Credentials,
  error: PartnerAuthError,
  held: HeldLock,
): Promise<void> {
  const { replica, log, options, clock, isAccessRefused } = parts;
  const code = refusalCodeOf(error);
  const session = before === undefined || isTombstone(before) ? undefined : before;
  try {
    if (code === undefined) {
      const pause = pauseOf(parts, error);
      if (session !== undefined && pause.pause !== undefined && !(await isLockLost(held)))
        await replica.write({ ...session, ...pause }, held);
      return;
    }
    log.warn('These credentials are not sent again until login() is called, or the option credentials returns others.');
    const at = clock.now();
    const refusal = await refusalOf(code, options, credentials, at);
    if (session === undefined) {
      await replica.write({ version: 1, signedOutAt: 0, ...before, refusal }, held);
      return;
    }
    const accessRefused = isAccessRefused(session.tokens.accessToken) && { accessRefused: true };
    const ended: StoredSession = { ...settled(session), refusal, ended: { at, code, ...accessRefused } };
    await replica.save(ended, held);
  } catch {
    log.error('That signing in again failed could not be saved.');
  }
}

type RefusalParts = Pick<SignInParts, 'replica' | 'options' | 'clock' | 'log'> & { readonly renewal: Renewal };

/**
 * Records that the partner has refused the credentials of a caller, so that they are not sent again automatically, if the
 * session signs in by itself. The session is kept: it may be that of other credentials.
 *
 * @param lock the store's lock, if the caller holds it.
 */
export async function recordRefusal(
  { replica, options, clock, log, renewal }: RefusalParts,
  credentials: Credentials,
  error: PartnerAuthError,
  lock?: HeldLock,
): Promise<void> {
  const code = refusalCodeOf(error);
  if (code === undefined || renewal !== 'login') return;
  const refusal = await refusalOf(code, options, credentials, clock.now());
  const record = async (held: HeldLock): Promise<void> => {
    const stored = await replica.readStored();
    await replica.write({ ...(stored ?? { version: 1, signedOutAt: 0 }), refusal }, held);
  };
  try {
    await (lock === undefined ? replica.lock(record) : record(lock));
  } catch {
    log.error('That the credentials were refused could not be saved.');
  }
}

/** @throws PartnerAuthError if the session signs in by itself, and the partner has refused these credentials. */
export async function assertNotRefused(
  { replica, options, renewal }: RefusalParts,
  credentials: Credentials,
): Promise<void> {
  if (renewal !== 'login') return;
  const { refusal } = (await replica.readStored().catch(() => undefined)) ?? {};
  if (refusal !== undefined && (await isRefused(refusal, options, credentials)))
    throw refusedError(refusal, options.definition.label);
}

async function currentCredentials({ credentials, clock, timeout, options }: SignInParts): Promise<Credentials> {
  if (credentials === undefined) return {};
  let cancel: (() => void) | undefined;
  const deadline = new Promise<never>((_, reject) => {
    cancel = clock.timer(timeout, () => {
      const message = `The function of the option credentials has not returned within ${timeout / 1000} s.`;
      reject(new PartnerAuthError('timeout', message, { setting: 'credentials' }));
    });
  });
  try {
    const given: unknown = await Promise.race([credentials(), deadline]);
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Credentials;
    const names = options.definition.credentials.map(({ name }) => name).join(', ');
    throw configurationError('credentials', `The option credentials must return an object of credentials: ${names}.`);
  } finally {
    cancel?.();
  }
}

/** Signs in, and once more if it is unknown whether the partner has acted on it. */
async function requestLogin(
  { login, clock, log, timeout }: SignInParts,
  credentials: Credentials,
  held: HeldLock,
): Promise<SignedIn | FailedLogin | 'lockLost'> {
  for (let attempt = 1; ; attempt++) {
    const result = await login(credentials, {
      timeout,
      // Repeated here, and only once.
      repeat: 'refused',
      maySend: async () => !(await isLockLost(held)),
    });
    if (!('error' in result)) return result;
    const { error, inDoubt } = result;
    if (error.code === 'lock') return 'lockLost';
    if (!inDoubt || error.retryAfter !== undefined || attempt === 2) return result;
    log.warn(`The outcome of a login is unknown (${error.code}); trying again.`);
    await clock.wait(repeatDelay);
  }
}

function refusedError({ code, at }: Refusal, label: string): PartnerAuthError {
  const time = new Date(at).toISOString();
  if (code === 'configuration') {
    const message = `${label} refused the client at ${time}. It is not sent again automatically: call login(), or open the session with another id or secret in the option client.`;
    return new PartnerAuthError(code, message, { setting: 'client' });
  }
  const why =
    code === 'accountUnavailable' ? 'reported that the account is not available' : 'refused these credentials';
  const message = `${label} ${why} at ${time}. They are not sent again automatically, so that the account is not locked: call login(), or have the option credentials return others.`;
  return new PartnerAuthError(code, message, { setting: 'credentials' });
}
