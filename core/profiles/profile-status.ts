import type { PartnerAuthError } from '../lib/errors.ts';
import type { SessionStatus } from '../session/state.ts';
import { phaseOf, type Phase } from '../tokens/expiry.ts';
import type { SessionSummary } from './session-summary.ts';

/** The state of a profile for a status bar or command line. Times are epoch ms. */
export interface ProfileStatus {
  readonly phase: Phase;
  readonly refreshing: boolean;
  readonly account?: string;
  /** When the current tokens were requested. */
  readonly issuedAt?: number;
  readonly accessExpiresAt?: number;
  readonly refreshExpiresAt?: number;
  /** With phase `ended`: a refresh asks the partner once more, and the session continues if it is granted. */
  readonly refused?: true;
  /** Why the last refresh or save failed. */
  readonly lastError?: PartnerAuthError;
  readonly storage: Storage;
}

/**
 * Where the secrets of a profile are.
 *
 * - `kept`: they are stored and outlive the window.
 * - `windowOnly`: they could not be stored, so the session ends with the window.
 * - `behind`: another window has newer tokens that this one cannot read.
 */
export type Storage = 'kept' | 'windowOnly' | 'behind';

/** The status of a profile whose session is not open. `now` is epoch ms, `margin` in ms. */
export function statusOfSummary(
  summary: SessionSummary | undefined,
  now: number,
  margin: number,
  storage: Storage,
): ProfileStatus {
  if (summary?.sessionId === undefined) return { phase: 'signedOut', refreshing: false, storage };
  const { account, issuedAt = 0, accessExpiresAt, refreshExpiresAt, ended, refusedUntil = -Infinity } = summary;
  const times = {
    issuedAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  };
  const tokens = { accessToken: '', refreshToken: '', ...times };
  const phase = phaseOf({ tokens, ...(ended && { ended }) }, now, margin);
  const refused = now < refusedUntil && ({ refused: true } as const);
  return { phase, refreshing: false, ...times, ...(account !== undefined && { account }), ...refused, storage };
}

export function statusOfSession({ unsaved, ...status }: SessionStatus, storage: Storage): ProfileStatus {
  return { ...status, storage: unsaved === true && storage === 'kept' ? 'windowOnly' : storage };
}
