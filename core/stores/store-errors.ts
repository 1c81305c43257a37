import { PartnerAuthError } from '../lib/errors.ts';
import { recordVersion } from './stored-record.ts';

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
