import type { PartnerDefinition } from '../partners/definition.ts';
import { secretFieldNames } from '../partners/secret-fields.ts';
import { mapJson, masked, soundsSecret } from '../redact/mask.ts';

/** A payload for people: without the values of fields that the definition, or their name, calls secret. */
export function maskedPayload(payload: unknown, definition: PartnerDefinition): unknown {
  const { always } = secretFieldNames(definition);
  return mapJson(payload, (value, name) => {
    if (value === null || value === '' || name === '') return value;
    return always.has(name) || soundsSecret(name) ? masked : value;
  });
}
