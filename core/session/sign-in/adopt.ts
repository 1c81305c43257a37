import { refusedAdvice } from '../../exchange/response-error.ts';
import { configurationError, PartnerAuthError } from '../../lib/errors.ts';
import { nodeCrypto } from '../../lib/node-modules.ts';
import { assertKnownKeys } from '../../lib/validation.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import { refreshCallOf } from '../../partners/renewal.ts';
import { isTombstone, type PlainRecord, type StoredSession } from '../../stores/stored-record.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import { decodeToken } from '../../tokens/decode-token.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { isDifferentToken, requestRefresh, type RequestParts } from '../refresh/request-refresh.ts';
import { storeErrorMessage, type SessionReplica } from '../session-replica.ts';
import type { SignedIn } from './login.ts';

/** What `adopt()` signs in with. */
export interface AdoptedTokens {
  /** Up to 16 KiB of printable ASCII without spaces. */
  readonly refreshToken: string;
  /** The access token that was issued with it. Used only if the partner replaces the refresh token but issues no new one. */
  readonly accessToken?: string | undefined;
  /** Shown as `status.account`. Default: none, since partners do not state it in the response to a refresh. */
  readonly account?: string | undefined;
}

const maxTokenLength = 16_384;
const knownFields = ['refreshToken', 'accessToken', 'account'];

/**
 * @throws TypeError for an unknown field.
 * @throws PartnerAuthError `configuration` naming the field that is missing or cannot be a token.
 */
export function checkAdopted(given: AdoptedTokens, definition: PartnerDefinition): AdoptedTokens {
  assertKnownKeys('adopt()', given, knownFields);
  if (refreshCallOf(definition) === undefined) {
    const message = `A refresh token of ${definition.label} cannot be adopted: its definition has no refresh call. Sign in with login().`;
    throw configurationError('refreshToken', message);
  }
  const { refreshToken, accessToken, account } = given;
  checkToken('refreshToken', refreshToken);
  if (accessToken !== undefined) checkToken('accessToken', accessToken);
  if (accessToken === refreshToken)
    throw configurationError(
      'refreshToken',
      'refreshToken and accessToken are the same: pass both, each in its own field.',
    );
  if (account !== undefined && (typeof account !== 'string' || !/^[^\p{C}]{1,256}$/u.test(account)))
    throw configurationError('account', 'account must be a string of 1 to 256 printable characters.');
  return { refreshToken, accessToken, account };
}

function checkToken(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '')
    throw configurationError(name, `${name} must be a string with the token.`);
  const problem = /^bearer\s/i.test(value)
    ? 'begins with "Bearer "; pass the token alone'
    : /^[{["']/.test(value)
      ? 'is JSON or in quotes; pass the value of its refresh or access token alone'
      : /^[\x21-\x7e]+$/.test(value)
        ? value.length > maxTokenLength && 'is longer than 16 KiB'
        : 'has a space, a line break or another character that a token cannot contain';
  if (problem !== false) throw configurationError(name, `${name} ${problem}.`);
}

interface AdoptParts extends RequestParts {
  readonly replica: SessionReplica;
  readonly oldTokenStaysValid: boolean;
}

/** What the token has signed in with, and why the partner's response could not be used in full. */
interface Proven extends SignedIn {
  readonly failure?: PartnerAuthError;
}

/** The session that another program has just signed in with the same token: the partner may accept the token only once. */
interface AdoptedElsewhere {
  readonly session: StoredSession;
}

/**
 * Proves a refresh token of another program by a refresh, unless the store has got the session of it since it was `seen`. Must run
 * under the store's lock. Until the partner has granted it, the stored record is only extended by an `adoption`, by which an
 * interruption is recognized later.
 *
 * @throws PartnerAuthError of the refusal or of the last failed attempt; `store` if the store cannot be written, so that
 * the token is not used.
 */
export async function proveUnderLock(
  parts: AdoptParts,
  { refreshToken, accessToken, account }: AdoptedTokens,
  held: HeldLock,
  seen: PlainRecord | undefined,
): Promise<Proven | AdoptedElsewhere> {
  const { replica, clock } = parts;
  await replica.assertWritable();
  const stored = await replica.readStored();
  const before: PlainRecord | undefined = stored ?? replica.local.record;
  const adopted = fingerprint(refreshToken);
  const isOfToken = (record: PlainRecord | undefined): record is StoredSession =>
    record !== undefined && !isTombstone(record) && record.adopted === adopted;
  if (isOfToken(stored) && !isOfToken(seen) && stored.ended === undefined) return { session: stored };
  const adoption = { at: clock.now(), token: adopted };
  const wasInterrupted = before?.adoption?.token === adoption.token;
  const isOwn = before !== undefined && !isTombstone(before) && before.tokens.refreshToken === refreshToken;
  const base: PlainRecord = before ?? { version: 1, signedOutAt: 0 };
  try {
    await replica.write({ ...base, adoption, ...(isOwn && { intent: { at: adoption.at } }) }, held);
  } catch (error) {
    const why = 'The refresh token was not used, because the one that replaces it could not be saved.';
    throw new PartnerAuthError('store', `${storeErrorMessage(error)} ${why}`, { setting: 'store' });
  }

  const outcome = await requestRefresh(
    parts,
    { refreshToken, ...(accessToken !== undefined && { accessToken }) },
    held,
    parts.oldTokenStaysValid,
  );
  if (outcome === 'lockLost')
    throw new PartnerAuthError(
      'lock',
      'The lock of the session was taken over before the refresh was sent. Try again.',
    );
  const { result, inDoubt } = outcome;
  if (result.kind === 'tokens') {
    const known = account ?? (isOwn ? before.account : undefined);
    return { tokens: withRefreshToken(result.tokens, refreshToken), account: known, adopted };
  }
  const { error, replacement } = result;
  if (isDifferentToken(replacement?.refreshToken, refreshToken) && accessToken !== undefined) {
    // The rest of the response is unusable, but the refresh token that was sent has been replaced.
    return { tokens: { accessToken, issuedAt: adoption.at, ...replacement }, account, adopted, failure: error };
  }
  const isRefused = error.code === 'sessionEnded' || error.code === 'invalidCredentials';
  if (isRefused || !inDoubt) await restore(replica, before, held);
  throw isRefused ? refusedError(error, (wasInterrupted || inDoubt) && !parts.oldTokenStaysValid) : error;
}

/** Puts the store back into the state before the attempt. */
async function restore(replica: SessionReplica, before: PlainRecord | undefined, held: HeldLock): Promise<void> {
  if (before === undefined) return replica.clear().catch(() => undefined);
  const { adoption: _, ...record } = before;
  await replica.write(record, held).catch(() => undefined);
}

function refusedError({ message, status, correlationId }: PartnerAuthError, wasInterrupted: boolean): PartnerAuthError {
  const details = { status, correlationId, setting: 'refreshToken' };
  if (wasInterrupted) {
    const text =
      'An earlier attempt with this refresh token was interrupted before its response arrived, and the partner no longer accepts it. Nothing was replaced. Use a new one, or sign in with login().';
    return new PartnerAuthError('refreshInterrupted', text, details);
  }
  const text = `${message.replace(` ${refusedAdvice}`, '')} Nothing was replaced. Use a current refresh token, or sign in with login().`;
  return new PartnerAuthError('sessionEnded', text, details);
}

/** The adopted refresh token with its own deadline, if the response has none. */
function withRefreshToken(tokens: TokenSet, refreshToken: string): TokenSet {
  if (tokens.refreshToken !== undefined) return tokens;
  const exp = decodeToken(refreshToken)?.claims.exp;
  const isPlausible = typeof exp === 'number' && exp * 1000 > tokens.issuedAt && exp < 1e11;
  return { ...tokens, refreshToken, ...(isPlausible && { refreshExpiresAt: exp * 1000 }) };
}

/** Recognizes a token without containing it. */
function fingerprint(token: string): string {
  return nodeCrypto().createHash('sha256').update(token).digest('hex').slice(0, 16);
}
