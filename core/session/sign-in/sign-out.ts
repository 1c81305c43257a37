import { PartnerAuthError } from '../../errors.ts';
import type { RefreshContext } from '../refresh/refresh-context.ts';
import { isSignedOut } from '../record/record.ts';

interface SignOutContext extends Omit<RefreshContext, 'isDue'> {
  /** The partner has a logout call. */
  readonly hasLogout: boolean;
}

/**
 * Forgets the session here and in the store, then tells the partner. Runs under the store's lock. Resolves true when the
 * partner confirmed.
 *
 * @throws PartnerAuthError `store` when the store may still hold the session; here it is forgotten all the same.
 */
export async function signOutUnderLock({
  store,
  calls,
  log,
  clock,
  timeout,
  mine,
  readStored,
  adopt,
  hasLogout,
}: SignOutContext): Promise<boolean> {
  const stored = await readStored().catch(() => undefined);
  const record = stored === undefined || isSignedOut(stored) ? mine().record : stored;
  const forget = async (): Promise<void> => {
    await store.clear();
    await store.write({ version: 1, signedOutAt: clock.now() });
  };
  const kept = await forget().then(
    () => undefined,
    (error: unknown) => (error instanceof PartnerAuthError ? error.message : 'The store failed.'),
  );
  adopt(undefined);

  const refreshToken = record?.tokens.refreshToken;
  let revoked = false;
  if (hasLogout && refreshToken !== undefined) {
    const error = await calls.logout(refreshToken, { timeout });
    if (error !== undefined) log.warn(`Signed out here, but the partner could not be told: ${error.message}`);
    revoked = error === undefined;
  }
  if (kept !== undefined) {
    throw new PartnerAuthError('store', `Signed out in this process only. ${kept}`, { setting: 'store' });
  }
  return revoked;
}
