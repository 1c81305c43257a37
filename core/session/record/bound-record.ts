import { PartnerAuthError } from '../../errors.ts';
import { plainLine } from '../../log.ts';
import type { TokenStore } from '../../stores/token-store.ts';
import type { ResolvedConnection } from '../options.ts';
import { isSignedOut, parseStoredRecord, type StoredRecord } from './record.ts';

/**
 * What the store holds, if it belongs to this connection: tokens never go to another origin, partner or partner code than
 * the one they came from.
 *
 * @throws PartnerAuthError `store`.
 */
export async function readBound(
  store: TokenStore,
  { definition, origin, partnerCode }: ResolvedConnection,
): Promise<StoredRecord | undefined> {
  const stored: unknown = await store.read();
  if (stored === undefined) return undefined;
  const parsed = parseStoredRecord(stored);
  if ('problem' in parsed) {
    throw new PartnerAuthError('store', `The store holds no session: ${parsed.problem}.`, { setting: 'store' });
  }
  const { record } = parsed;
  if (isSignedOut(record)) return record;
  if (record.partner === definition.id && record.origin === origin && record.partnerCode === partnerCode) return record;
  throw new PartnerAuthError(
    'store',
    `The store holds a session of ${plainLine(record.partner, 64)} at ${plainLine(record.origin)}, not of ${definition.id} at ${origin} with this partner code. Use another store, or sign out there first.`,
    { setting: 'store', retryable: false },
  );
}
