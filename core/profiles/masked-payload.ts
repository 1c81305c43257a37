import type { PartnerDefinition } from '../partners/definition.ts';
import { secretFieldNames } from '../partners/secret-fields.ts';
import { isSecretName, mapJson, masked } from '../redact/mask.ts';

/** A payload for display. Fields that are secrets by the definition or by their name are masked. */
export function maskedPayload(payload: unknown, definition: PartnerDefinition): unknown {
  const { always } = secretFieldNames(definition);
  return mapJson(payload, (value, name) => {
    if (value === null || value === '' || name === '') return value;
    return always.has(name) || isSecretName(name) ? masked : value;
  });
}
