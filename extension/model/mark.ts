import type { StoredRecord } from '../../core/index.ts';

/**
 * What may be known of a session without decrypting anything, in a file beside the locks. It serves the status item at
 * start, and lets a window notice that another one has gone on: some hosts do not share secrets between open windows.
 */
export interface SessionMark {
  readonly version: 1;
  readonly origin: string;
  /** Absent after a sign-out. */
  readonly sessionId?: string;
  readonly generation: number;
  readonly account?: string;
  readonly issuedAt?: number;
  readonly accessExpiresAt?: number;
  readonly refreshExpiresAt?: number;
  readonly ended?: boolean;
}

export function markOf(record: StoredRecord, origin: string): SessionMark {
  if ('signedOutAt' in record) return { version: 1, origin, generation: 0 };
  const { sessionId, generation, account, tokens, ended } = record;
  const { issuedAt, accessExpiresAt, refreshExpiresAt } = tokens;
  return {
    version: 1,
    origin,
    sessionId,
    generation,
    issuedAt,
    ...(account !== undefined && { account }),
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
    ...(ended !== undefined && { ended: true }),
  };
}

export function parseMark(text: string): SessionMark | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof SessionMark, unknown>> | null;
    if (value?.version !== 1 || typeof value.origin !== 'string' || typeof value.generation !== 'number')
      return undefined;
    const times = [value.issuedAt, value.accessExpiresAt, value.refreshExpiresAt];
    if (!times.every((time) => time === undefined || typeof time === 'number')) return undefined;
    if (![value.sessionId, value.account].every((entry) => entry === undefined || typeof entry === 'string'))
      return undefined;
    return value as SessionMark;
  } catch {
    return undefined;
  }
}

/**
 * How the secrets that this window sees compare with the mark on disk. `behind`: another window has a newer token set that
 * this one can not see. `lost`: there was a session, and its secrets are gone or are another window's alone.
 */
export function compareWithMark(
  seen: StoredRecord | undefined,
  mark: SessionMark | undefined,
): 'same' | 'behind' | 'lost' {
  if (mark?.sessionId === undefined) return 'same';
  if (seen === undefined) return 'lost';
  // A crash between the two writes leaves a mark that is older than the secrets, never one that is newer.
  if ('signedOutAt' in seen) return (mark.issuedAt ?? 0) > seen.signedOutAt ? 'behind' : 'same';
  if (seen.sessionId !== mark.sessionId) return (mark.issuedAt ?? 0) > seen.tokens.issuedAt ? 'behind' : 'same';
  return seen.generation < mark.generation ? 'behind' : 'same';
}
