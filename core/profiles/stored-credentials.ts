import type { PartnerDefinition } from '../partners/definition.ts';
import { refreshCallOf } from '../partners/renewal.ts';

/** The login fields that are stored for the next login: not a refresh token, which the login may have used up. */
export function storedCredentials(
  definition: Pick<PartnerDefinition, 'refresh'>,
  credentials: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const tokenField = refreshCallOf(definition)?.tokenField;
  return Object.fromEntries(Object.entries(credentials).filter(([name]) => name !== tokenField));
}
