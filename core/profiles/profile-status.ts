import type { PartnerAuthError } from '../lib/errors.ts';
import type { SessionStatus } from '../session/state.ts';
import { phaseOf, type Phase } from '../tokens/expiry.ts';
import type { SessionSummary } from './session-summary.ts';

/** What a status item or command line shows of a profile. Times are epoch ms. */
export interface ProfileStatus {
  readonly phase: Phase;
  readonly refreshing: boolean;
  readonly account?: string;
  /** When the present tokens came. */
  readonly issuedAt?: number;
  readonly accessExpiresAt?: number;
  readonly refreshExpiresAt?: number;
  /** Why the last refresh failed. */
  readonly lastError?: PartnerAuthError;
  readonly storage: Storage;
}

/**
 * - `kept`: secrets outlive the window.
 * - `windowOnly`: this machine keeps no secrets; the session ends with the window.
 * - `behind`: another window has newer tokens that this one cannot see.
 */
export type Storage = 'kept' | 'windowOnly' | 'behind';

/** The status of a session that has not been opened yet. `margin` in ms. */
export function statusOfSummary(
  summary: SessionSummary | undefined,
  now: number,
  margin: number,
  storage: Storage,
): ProfileStatus {
  if (summary?.sessionId === undefined) return { phase: 'signedOut', refreshing: false, storage };
  const { account, issuedAt = 0, accessExpiresAt, refreshExpiresAt, ended } = summary;
  const times = {
    issuedAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  };
  const tokens = { accessToken: '', refreshToken: '', ...times };
  const phase = phaseOf({ tokens, ...(ended && { ended }) }, now, margin);
  return { phase, refreshing: false, ...times, ...(account !== undefined && { account }), storage };
}

export function statusOfSession(status: SessionStatus, storage: Storage): ProfileStatus {
  return { ...status, storage };
}
