import type { StoredSession, TokenSet } from '../record/record.ts';

/**
 * - `signedOut`: there is no session.
 * - `valid`: the access token is good.
 * - `due`: good, but inside the refresh margin.
 * - `expired`: the access token is over, the refresh token is usable.
 * - `ended`: only a new login helps. The access token stays usable until it expires.
 */
export type Phase = 'signedOut' | 'valid' | 'due' | 'expired' | 'ended';

/** A stored time that far ahead of the clock means that the clock was set back since. */
const clockTolerance = 60_000;

/** Whether the access token will be good for `minValidity` more ms. */
export function isUsable(tokens: TokenSet, now: number, minValidity = 0): boolean {
  if (tokens.issuedAt > now + clockTolerance) return false;
  return tokens.accessExpiresAt === undefined || now + minValidity < tokens.accessExpiresAt;
}

/**
 * When the token set should be refreshed: `margin` ms before the access token expires, but never before half of its life
 * is over, so that a short-lived token is not refreshed with every call.
 */
export function dueAt(tokens: TokenSet, margin: number): number | undefined {
  const { accessExpiresAt, issuedAt } = tokens;
  if (accessExpiresAt === undefined) return undefined;
  return accessExpiresAt - Math.min(margin, Math.max(0, accessExpiresAt - issuedAt) / 2);
}

export function isDue(tokens: TokenSet, now: number, margin: number): boolean {
  const due = dueAt(tokens, margin);
  return !isUsable(tokens, now) || (due !== undefined && now >= due);
}

/** The phase at `now` (epoch ms) with a refresh margin of `margin` ms. */
export function phaseOf(
  record: Pick<StoredSession, 'tokens' | 'ended'> | undefined,
  now: number,
  margin: number,
): Phase {
  if (record === undefined) return 'signedOut';
  const { tokens, ended } = record;
  if (ended !== undefined) return 'ended';
  if (!isDue(tokens, now, margin)) return 'valid';
  if (isUsable(tokens, now)) return 'due';
  const refreshable = tokens.refreshToken !== undefined && (tokens.refreshExpiresAt ?? Infinity) > now;
  return refreshable ? 'expired' : 'ended';
}

/** When `phaseOf` will next change by the passing of time alone. */
export function nextChange(record: StoredSession | undefined, now: number, margin: number): number | undefined {
  if (record === undefined) return undefined;
  const { accessExpiresAt, refreshExpiresAt } = record.tokens;
  const moments = [dueAt(record.tokens, margin), accessExpiresAt, refreshExpiresAt];
  return moments.filter((moment) => moment !== undefined && moment > now).sort((a = 0, b = 0) => a - b)[0];
}
