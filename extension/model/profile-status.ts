import { phaseOf, type Phase, type PartnerAuthError, type SessionStatus } from '../../core/index.ts';
import type { SessionMark } from './mark.ts';

/** What the status item and the context keys need to know of a profile. Times are epoch ms. */
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
 * - `behind`: another window has newer tokens that this one can not see.
 */
export type Storage = 'kept' | 'windowOnly' | 'behind';

/** The status of a session that was not opened yet, from its mark. `margin` in ms. */
export function statusOfMark(
  mark: SessionMark | undefined,
  now: number,
  margin: number,
  storage: Storage,
): ProfileStatus {
  if (mark?.sessionId === undefined) return { phase: 'signedOut', refreshing: false, storage };
  const { account, issuedAt = 0, accessExpiresAt, refreshExpiresAt, ended } = mark;
  const times = {
    issuedAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  };
  const tokens = { accessToken: '', refreshToken: '', ...times };
  const phase = phaseOf({ tokens, ...(ended && { ended: { at: 0, code: 'sessionEnded' } }) }, now, margin);
  return { phase, refreshing: false, ...times, ...(account !== undefined && { account }), storage };
}

export function statusOfSession(status: SessionStatus, storage: Storage): ProfileStatus {
  return { ...status, storage };
}
