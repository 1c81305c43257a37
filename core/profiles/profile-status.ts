import type { PartnerAuthError } from '../lib/errors.ts';
import type { Renewal } from '../session/renewal.ts';
import type { SessionStatus } from '../session/state.ts';
import { phaseOf, type Phase, type TokenState } from '../tokens/expiry.ts';
import type { SessionSummary } from './session-summary.ts';

/** The state of a profile for a status bar or command line. Times are epoch ms. */
export interface ProfileStatus {
  readonly phase: Phase;
  readonly refreshing: boolean;
  readonly account?: string | undefined;
  /** When the current tokens were requested. */
  readonly issuedAt?: number | undefined;
  /** Whether the current tokens come from a sign-in or from a refresh; absent if unknown. */
  readonly issuedBy?: 'signIn' | 'refresh' | undefined;
  readonly accessExpiresAt?: number | undefined;
  readonly refreshExpiresAt?: number | undefined;
  /** Present if the session cannot renew its access token, so that it ends at `accessExpiresAt`. */
  readonly renewable?: false | undefined;
  /** With phase `ended`: a refresh asks the partner once more, and the session continues if it is granted. */
  readonly refused?: true | undefined;
  /** Why the last refresh or save failed, or why the session could not be opened. */
  readonly lastError?: PartnerAuthError | undefined;
  readonly storage: Storage;
  /** The connection to the partner is not encrypted, see `SessionStatus`. */
  readonly unencrypted?: true | undefined;
}

/**
 * Where the secrets of a profile are.
 *
 * - `kept`: they are stored and outlive the window.
 * - `windowOnly`: they could not be stored, so the session ends with the window.
 * - `behind`: another window has newer tokens that this one cannot read.
 */
export type Storage = 'kept' | 'windowOnly' | 'behind';

/** The tokens of a summary, for the rules of expiry; undefined if signed out. */
export function stateOfSummary(
  summary: SessionSummary | undefined,
  renewal: Renewal = 'refresh',
): TokenState | undefined {
  if (summary?.sessionId === undefined) return undefined;
  const { issuedAt = 0, accessExpiresAt, refreshExpiresAt, ended, sliding = false } = summary;
  const renewable = renewal === 'login' || (renewal === 'refresh' && summary.renewable !== false);
  const times = {
    issuedAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  };
  // Of the tokens themselves, only whether they differ counts.
  const tokens = { accessToken: 'access', refreshToken: sliding ? 'access' : 'refresh', ...times };
  return { tokens, renewable, ...(ended && { ended }) };
}

/** The status of a profile whose session is not open. `now` is epoch ms, `margin` in ms. */
export function statusOfSummary(
  summary: SessionSummary | undefined,
  now: number,
  margin: number,
  storage: Storage,
  renewal?: Renewal,
): ProfileStatus {
  const state = stateOfSummary(summary, renewal);
  if (state === undefined) return { phase: 'signedOut', refreshing: false, storage };
  const { accessToken: _, refreshToken: __, ...times } = state.tokens;
  const { account, refusedUntil = -Infinity } = summary ?? {};
  return {
    phase: phaseOf(state, now, margin),
    refreshing: false,
    ...times,
    ...(state.renewable === false && state.ended === undefined && { renewable: false }),
    ...(account !== undefined && { account }),
    ...(now < refusedUntil && { refused: true }),
    storage,
  };
}

export function statusOfSession({ unsaved, ...status }: SessionStatus, storage: Storage): ProfileStatus {
  return { ...status, storage: unsaved === true && storage === 'kept' ? 'windowOnly' : storage };
}

/** Each login starts with generation 1. The summary is that of other tokens if these could not be stored. */
export function issuerOf(
  { issuedAt }: ProfileStatus,
  summary: SessionSummary | undefined,
): Pick<ProfileStatus, 'issuedBy'> {
  if (summary?.sessionId === undefined || issuedAt === undefined || summary.issuedAt !== issuedAt) return {};
  return { issuedBy: summary.generation === 1 ? 'signIn' : 'refresh' };
}
