import type { PartnerDefinition } from './definition.ts';

/** Field names of token requests and responses at any partner. */
const commonNames = `access_token client_id client_secret code error error_description grant_type message password
  refresh_token scope token token_type username`.split(/\s+/);

/** Fields of a definition whose values are names of fields, or paths of them. */
const nameFields =
  /^(?:name|field|idField|secretField|\w+Field|\w+In|accessToken|refreshToken|code|message|correlationId)$/;

/**
 * The names of fields that a definition states. None of them can be a secret of this partner: in their place, a mask would
 * show what it hides.
 */
export function fieldNamesIn(
  definition: PartnerDefinition,
  ...constants: readonly (object | undefined)[]
): ReadonlySet<string> {
  const names = new Set(commonNames);
  const visit = (value: unknown, isConstant: boolean): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (isConstant) names.add(key);
      if (!isConstant && typeof item === 'string' && nameFields.test(key))
        for (const name of [item, ...item.split(/[.:]/)]) names.add(name);
      visit(item, isConstant || key === 'extraFields' || key === 'headers' || key === 'fields');
    }
  };
  const { errors: _, example: _example, ...stated } = definition;
  visit(stated, false);
  for (const fields of constants) visit(fields, true);
  return names;
}
