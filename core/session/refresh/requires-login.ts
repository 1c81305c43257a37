import type { PartnerAuthError } from '../../lib/errors.ts';

/** Whether the error of a refresh means that only a new login helps. */
export function requiresLogin({ code }: PartnerAuthError): boolean {
  return ['sessionEnded', 'refreshInterrupted', 'invalidCredentials', 'accountUnavailable', 'signedOut'].includes(code);
}
