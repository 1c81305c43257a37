import type { TokenSet } from './token-set.ts';

/**
 * - `signedOut`: there is no session.
 * - `valid`: the access token is valid.
 * - `due`: the access token is valid, but inside the refresh margin.
 * - `expired`: the access token has expired, but the session can renew it: by its refresh token, or by signing in again.
 * - `ended`: the partner has refused the refresh token, or it has expired, or the only token of a session that cannot renew it
 *   has expired; a new login helps, and after a refusal perhaps an explicit refresh. The access token remains usable until it
 *   expires, unless the partner has refused it too.
 */
export type Phase = 'signedOut' | 'valid' | 'due' | 'expired' | 'ended';

/** A token set, and whether its session has ended. */
export interface TokenState {
  /** The current tokens. */
  readonly tokens: TokenSet;
  /** Present if the session has ended, so that the tokens cannot be refreshed. */
  readonly ended?: unknown;
  /** Whether the session can renew the access token. Default: if there is a refresh token, until it expires. */
  readonly renewable?: boolean | undefined;
}

/** A token issued more than this many ms in the future means that the clock has been set back. */
const clockTolerance = 60_000;

/** Whether the access token will be valid for `minValidity` more ms. */
export function isUsable(tokens: TokenSet, now: number, minValidity = 0): boolean {
  if (tokens.issuedAt > now + clockTolerance) return false;
  return tokens.accessExpiresAt === undefined || now + minValidity < tokens.accessExpiresAt;
}

/** Whether the access token is the refresh token. */
export function isSliding({ accessToken, refreshToken }: TokenSet): boolean {
  return accessToken === refreshToken;
}

/** A token set that is younger, in ms, is not refreshed while it is valid. */
const minAge = 1_000;

/**
 * When the token set should be refreshed: `margin` ms before the access token expires, but never before half of its
 * lifetime and one second have passed, so that a short-lived token is not refreshed with every call. A token that is its own
 * refresh token is due after half of its lifetime, so that a program that runs seldom does not find it expired.
 */
export function dueAt(tokens: TokenSet, margin: number): number | undefined {
  const { accessExpiresAt, issuedAt } = tokens;
  if (accessExpiresAt === undefined) return undefined;
  const half = Math.max(0, accessExpiresAt - issuedAt) / 2;
  const due = accessExpiresAt - (isSliding(tokens) ? half : Math.min(margin, half));
  return Math.max(due, Math.min(accessExpiresAt, issuedAt + minAge));
}

/**
 * Whether a refresh should be made for a caller that requires `minValidity` more ms than the valid access token has. If
 * that exceeds the lifetime of the tokens, no refresh can provide it, so one is made only after half of the lifetime.
 */
export function shouldExtend(
  { accessExpiresAt = Infinity, issuedAt }: TokenSet,
  now: number,
  minValidity: number,
): boolean {
  const lifetime = accessExpiresAt - issuedAt;
  return now - issuedAt >= (minValidity < lifetime ? minAge : lifetime / 2);
}

export function isDue(tokens: TokenSet, now: number, margin: number): boolean {
  const due = dueAt(tokens, margin);
  return !isUsable(tokens, now) || (due !== undefined && now >= due);
}

/** The phase at `now` (epoch ms) with a refresh margin of `margin` ms. */
export function phaseOf(state: TokenState | undefined, now: number, margin: number): Phase {
  if (state === undefined) return 'signedOut';
  const { tokens, ended, renewable = tokens.refreshToken !== undefined } = state;
  if (ended !== undefined) return 'ended';
  if (!isDue(tokens, now, margin)) return 'valid';
  if (isUsable(tokens, now)) return renewable ? 'due' : 'valid';
  return renewable && (tokens.refreshExpiresAt ?? Infinity) > now ? 'expired' : 'ended';
}

/** When the result of `phaseOf` will next change because time passes; undefined if it will not. */
export function nextChange(state: TokenState | undefined, now: number, margin: number): number | undefined {
  if (state === undefined) return undefined;
  const { accessExpiresAt, refreshExpiresAt } = state.tokens;
  const times = [dueAt(state.tokens, margin), accessExpiresAt, refreshExpiresAt];
  return times.filter((time) => time !== undefined && time > now).sort((a = 0, b = 0) => a - b)[0];
}
