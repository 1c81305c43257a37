import { PartnerAuthError } from '../../errors.ts';
import type { TokenStore } from '../../stores/token-store.ts';
import { isNewer } from '../record/newest.ts';
import { isSignedOut, type StoredSession } from '../record/record.ts';
import { isLost, type Lock, type RefreshContext } from './refresh-context.ts';

/** ms before the partner's answer is saved again, while the lock still keeps others from the refresh token it replaced. */
const saveDelays = [100, 400, 1_500];

// Asking without it would risk the session: a crash after the partner's answer could not be told from a good state.
export async function writeIntent(store: TokenStore, record: StoredSession): Promise<void> {
  try {
    await store.write(record);
  } catch (error) {
    const why = error instanceof PartnerAuthError ? error.message : 'The store failed.';
    throw new PartnerAuthError(
      'store',
      `${why} Nothing was refreshed, because the new refresh token could not be kept.`,
      {
        setting: 'store',
      },
    );
  }
}

/** Adopts the record, saved or not; a session that a sibling put in its place meanwhile is adopted instead. */
export async function save(context: RefreshContext, record: StoredSession, held: Lock): Promise<void> {
  if (await isLost(held)) {
    context.log.warn('The lock was taken over during the refresh.');
    const stored = await context.readStored().catch(() => undefined);
    if (stored !== undefined && isSignedOut(stored)) {
      context.adopt(undefined);
      throw new PartnerAuthError('signedOut', 'Another process signed out during the refresh. Sign in with login().');
    }
    // A sibling that got an answer too holds what the partner issued last.
    const alive = stored !== undefined && !isSignedOut(stored) && stored.ended === undefined;
    if (alive && isNewer(stored, context.mine().record)) {
      context.adopt(stored);
      return;
    }
  }
  for (let attempt = 0; ; attempt++) {
    try {
      await context.store.write(record);
      context.adopt(record);
      return;
    } catch (error) {
      context.adopt(record, true);
      const delay = saveDelays[attempt];
      if (delay !== undefined) {
        await context.clock.wait(delay);
        if (!(await isLost(held))) continue;
      }
      if (error instanceof PartnerAuthError) throw error;
      throw new PartnerAuthError('store', 'The session could not be saved; its tokens are kept in memory only.', {
        setting: 'store',
      });
    }
  }
}
