import { PartnerAuthError } from '../index.ts';

/** The arguments are wrong in a way that their table does not express. Exit code 2. */
export class UsageError extends Error {}

/** Something that the user has named is missing or wrong. Exit code 2, without a hint at the help. */
export function configurationFailure(message: string, setting = 'arguments'): PartnerAuthError {
  return new PartnerAuthError('configuration', message, { setting });
}
