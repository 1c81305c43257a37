import type { PartnerDefinition } from '../partners/definition.ts';
import { needsNoCredentials } from '../partners/renewal.ts';
import type { StoredSession } from '../stores/stored-record.ts';

/** How a session gets its next access token: `none` if only a person or program can sign in again. */
export type Renewal = 'refresh' | 'login' | 'none';

/** @param hasCredentials whether the session can ask the program for credentials. */
export function renewalOf(definition: PartnerDefinition, hasCredentials: boolean): Renewal {
  const { refresh } = definition;
  if (typeof refresh === 'object') return 'refresh';
  return refresh === 'login' && (hasCredentials || needsNoCredentials(definition)) ? 'login' : 'none';
}

/** Whether the session renews its access token by itself. */
export function isRenewable(
  { tokens, ended, unread }: Pick<StoredSession, 'tokens' | 'ended' | 'unread'>,
  renewal: Renewal,
): boolean {
  if (ended !== undefined || unread !== undefined) return false;
  return renewal === 'login' || (renewal === 'refresh' && tokens.refreshToken !== undefined);
}
