import type { PlainRecord } from '../../stores/stored-record.ts';
import { isTombstone } from '../../stores/stored-record.ts';
import { isDue, isUsable } from '../../tokens/expiry.ts';

/** An access token that was stored. Times are epoch ms. */
export interface StoredToken {
  readonly profile: string;
  readonly partner: string;
  readonly account?: string;
  readonly token: string;
  readonly expiresAt?: number;
  /** When the refresh token expires. */
  readonly signInAgainAt?: number;
}

/** Times are in ms. */
interface Limits {
  readonly now: number;
  readonly margin: number;
  readonly minValidity: number;
}

/**
 * The token of a profile's stored session; undefined if it is not valid for long enough, or if the entry is not simply that
 * of the session: it is checked in full, and its problems reported, where a session is opened.
 */
export async function storedTokenOf(
  entry: unknown,
  read: () => Promise<PlainRecord | undefined>,
  { now, margin, minValidity }: Limits,
): Promise<StoredToken | undefined> {
  const { id, partner, baseUrl, partnerCode } = entry as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof baseUrl !== 'string' || !URL.canParse(baseUrl)) return undefined;
  const record = await read();
  if (record === undefined || isTombstone(record) || record.ended !== undefined) return undefined;
  const { origin } = new URL(baseUrl);
  if (record.origin !== origin || record.partner !== partner || record.partnerCode !== partnerCode) return undefined;
  const { tokens, account } = record;
  if (isDue(tokens, now, margin) || !isUsable(tokens, now, minValidity)) return undefined;
  return {
    profile: id,
    partner: record.partner,
    ...(account !== undefined && { account }),
    token: tokens.accessToken,
    ...(tokens.accessExpiresAt !== undefined && { expiresAt: tokens.accessExpiresAt }),
    ...(tokens.refreshExpiresAt !== undefined && { signInAgainAt: tokens.refreshExpiresAt }),
  };
}
