import type { PartnerCalls } from '../../exchange/partner-calls.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import type { SessionReplica } from '../session-replica.ts';

interface SignOutParts {
  readonly replica: SessionReplica;
  readonly calls: PartnerCalls;
  readonly log: Logger;
  readonly timeout: number;
  /** Whether the partner has a logout call. */
  readonly hasLogout: boolean;
}

/**
 * Removes the session from this process and from the store, then notifies the partner. Must run under the store's lock.
 * Resolves true if the partner confirmed the logout.
 *
 * @throws PartnerAuthError `store` if the store may still hold the session, although this process does not.
 */
export async function signOutUnderLock(
  { replica, calls, log, timeout, hasLogout }: SignOutParts,
  held: HeldLock,
): Promise<boolean> {
  const { record, failure } = await replica.forget(held);
  const refreshToken = record?.tokens.refreshToken;
  let revoked = false;
  if (hasLogout && refreshToken !== undefined) {
    const error = await calls.logout(refreshToken, { timeout });
    if (error !== undefined) log.warn(`Signed out here, but the partner did not confirm it: ${error.message}`);
    revoked = error === undefined;
  }
  if (failure !== undefined) {
    throw new PartnerAuthError('store', `Signed out in this process only. ${failure}`, { setting: 'store' });
  }
  return revoked;
}
