import type { Connection } from '../../exchange/connection.ts';
import { nodeCrypto } from '../../lib/node-modules.ts';
import type { StoredSession } from '../../stores/stored-record.ts';
import type { SignedIn } from './login.ts';

/** The record of a session that has just been signed in. */
export function newSession(
  { definition, origin, apiOrigin, partnerCode }: Connection,
  { tokens, account, adopted }: SignedIn,
): StoredSession {
  return {
    version: 1,
    sessionId: nodeCrypto().randomUUID(),
    generation: 1,
    partner: definition.id,
    origin,
    ...(apiOrigin !== origin && { apiOrigin }),
    ...(partnerCode !== undefined && { partnerCode }),
    ...(account !== undefined && { account }),
    ...(adopted !== undefined && { adopted }),
    tokens,
  };
}
