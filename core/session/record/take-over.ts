import { PartnerAuthError } from '../../errors.ts';
import type { RefreshContext } from '../refresh/refresh-context.ts';
import type { SessionState } from '../state.ts';
import { isNewer, saveUnsaved } from './newest.ts';
import { isSignedOut } from './record.ts';

/**
 * Takes over what others who share the store have written to it. Resolves true when it must be looked at again: what was
 * read may be older than what a login here has put in its place since.
 *
 * @param isBusy whether the session is being closed or refreshed, which looks at the store by itself.
 */
export async function takeOver(state: SessionState, context: RefreshContext, isBusy: () => boolean): Promise<boolean> {
  if (isBusy()) return false;
  const before = state.record;
  try {
    const stored = await context.readStored();
    if (isBusy() || state.unsaved) return false;
    if (state.record !== before) return true;
    // An empty store is no sign-out: a secret storage that fails looks just so.
    if (stored === undefined) return false;
    if (isSignedOut(stored)) context.adopt(undefined);
    else if (isNewer(stored, state.record)) context.adopt(stored);
  } catch (error) {
    context.log.warn(error instanceof Error ? error.message : 'The store could not be read.');
    if (!(error instanceof PartnerAuthError) || !error.retryable) return false;
    // What this process holds may now be the only copy: an empty store is no sign-out any more.
    state.markUnsaved();
    await saveUnsaved(context);
  }
  return false;
}
