import { PartnerAuthError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import { recordVersion } from './record-encryption.ts';
import type { EncryptedRecord } from './stored-record.ts';

export function storeError(message: string, details: { readonly retryable?: boolean } = {}): PartnerAuthError {
  return new PartnerAuthError('store', message, { setting: 'store', ...details });
}

/** The error for a record of a newer version. `where` names the store, such as `The session file /path`. */
export function newerRecordError(where: string, version: number): PartnerAuthError {
  return new PartnerAuthError(
    'store',
    `${where} has a session of a newer version of Partner Auth (record version ${version}, this version reads up to ${recordVersion}). It was left unchanged. Update Partner Auth in this program, or sign out in the newer one.`,
    { setting: 'store.version', retryable: false },
  );
}

/** The error for an encrypted record in a store that is used without `encryptedStore()`. */
export function encryptedRecordError({ encrypted }: EncryptedRecord): PartnerAuthError {
  return storeError(
    `The store has an encrypted session (key "${plainLine(encrypted.keyId, 64)}"). It was left unchanged. Open it with encryptedStore() and that key, or clear() the store and sign in again.`,
    { retryable: false },
  );
}
