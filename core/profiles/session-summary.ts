import { parseJson } from '../lib/json.ts';
import { isTombstone, refusedUntil, type PlainRecord } from '../stores/stored-record.ts';
import { isSliding } from '../tokens/expiry.ts';

/**
 * What may be known about a session without decrypting anything, in a file next to the locks. It is shown at startup,
 * and reveals that another window has newer tokens, since some hosts do not share secrets between open windows.
 */
export interface SessionSummary {
  readonly version: 1;
  /** The servers that the session belongs to, see `serversOf()`. */
  readonly origin: string;
  /** Absent after a sign-out. */
  readonly sessionId?: string;
  readonly generation: number;
  readonly account?: string;
  readonly issuedAt?: number;
  readonly accessExpiresAt?: number;
  readonly refreshExpiresAt?: number;
  /** Present if there is no refresh token, or none that is sent automatically. */
  readonly renewable?: false;
  /** The access token is the refresh token. */
  readonly sliding?: true;
  readonly ended?: boolean;
  /** Until when the partner may be asked again with the refused refresh token, epoch ms. */
  readonly refusedUntil?: number;
}

/** The origin of a profile, and that of its protected calls if it is another. */
export function serversOf({ origin, apiOrigin }: { readonly origin: string; readonly apiOrigin: string }): string {
  return apiOrigin === origin ? origin : `${origin} ${apiOrigin}`;
}

export function summaryOf(record: PlainRecord, origin: string): SessionSummary {
  if (isTombstone(record)) return { version: 1, origin, generation: 0 };
  const { sessionId, generation, account, tokens, ended, unread } = record;
  const { issuedAt, accessExpiresAt, refreshExpiresAt } = tokens;
  const until = refusedUntil(record);
  return {
    version: 1,
    origin,
    sessionId,
    generation,
    issuedAt,
    ...(account !== undefined && { account }),
    ...(accessExpiresAt !== undefined && ended?.accessRefused !== true && { accessExpiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
    ...((tokens.refreshToken === undefined || unread !== undefined) && { renewable: false }),
    ...(isSliding(tokens) && { sliding: true }),
    ...(ended !== undefined && { ended: true }),
    ...(until !== undefined && { refusedUntil: until }),
  };
}

/** Undefined if the string is not a valid summary. */
export function parseSummary(text: string): SessionSummary | undefined {
  const value = parseJson(text) as Partial<Record<keyof SessionSummary, unknown>> | null | undefined;
  if (value?.version !== 1 || typeof value.origin !== 'string' || typeof value.generation !== 'number')
    return undefined;
  const times = [value.issuedAt, value.accessExpiresAt, value.refreshExpiresAt, value.refusedUntil];
  if (!times.every((time) => time === undefined || typeof time === 'number')) return undefined;
  if (![value.sessionId, value.account].every((entry) => entry === undefined || typeof entry === 'string'))
    return undefined;
  return value as SessionSummary;
}

/**
 * Compares the session that this window sees with the summary on disk. `behind`: another window has a newer token set
 * that this one cannot see. `lost`: the secrets of the session are gone, or only another window can see them.
 */
export function compareWithSummary(
  seen: PlainRecord | undefined,
  summary: SessionSummary | undefined,
): 'same' | 'behind' | 'lost' {
  if (summary?.sessionId === undefined) return 'same';
  if (seen === undefined) return 'lost';
  // A crash between the two writes leaves a summary that is older than the secrets, never one that is newer.
  const { issuedAt = 0 } = summary;
  if (isTombstone(seen)) return issuedAt > seen.signedOutAt ? 'behind' : 'same';
  if (seen.sessionId !== summary.sessionId) return issuedAt > seen.tokens.issuedAt ? 'behind' : 'same';
  return seen.generation < summary.generation ? 'behind' : 'same';
}
