import { PartnerAuthError } from '../../errors.ts';
import { nodeCrypto } from '../../node-modules.ts';
import type { SignedIn } from './login.ts';
import type { ResolvedConnection } from '../options.ts';
import type { StoredSession } from '../record/record.ts';
import type { RefreshContext } from '../refresh/refresh-context.ts';

/** A new session, kept in the store where that works. */
export interface NewSession {
  readonly record: StoredSession;
  readonly unsaved?: { readonly error: PartnerAuthError; readonly replaced: string | undefined };
}

/** Puts a new session in the place of what the store holds. */
export async function keepSignedIn(
  { store, readStored, mine }: Pick<RefreshContext, 'store' | 'readStored' | 'mine'>,
  { definition, origin, partnerCode }: ResolvedConnection,
  { tokens, account }: SignedIn,
): Promise<NewSession> {
  const record: StoredSession = {
    version: 1,
    sessionId: nodeCrypto().randomUUID(),
    generation: 1,
    partner: definition.id,
    origin,
    ...(partnerCode !== undefined && { partnerCode }),
    ...(account !== undefined && { account }),
    tokens,
  };
  try {
    await store.lock(() => store.write(record));
    return { record };
  } catch (error) {
    const why = error instanceof PartnerAuthError ? error.message : 'The store failed.';
    const unsaved = new PartnerAuthError('store', `Signed in for this process only. ${why}`, { setting: 'store' });
    const before = await readStored().catch(() => undefined);
    const replaced = before !== undefined && 'sessionId' in before ? before.sessionId : mine().record?.sessionId;
    return { record, unsaved: { error: unsaved, replaced } };
  }
}
