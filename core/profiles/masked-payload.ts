import type { PartnerDefinition } from '../partners/definition.ts';
import { isHarmless } from '../partners/harmless-fields.ts';
import { secretFieldNames } from '../partners/secret-fields.ts';
import { isSecretName, mapJson, masked } from '../redact/mask.ts';

/**
 * A payload for display. Fields that are secrets by the definition or by their name are masked, unless the definition
 * states that they are not secret.
 */
export function maskedPayload(payload: unknown, definition: PartnerDefinition): unknown {
  const secrets = secretFieldNames(definition);
  const harmless = new Set(definition.credentials.filter(isHarmless).map(({ name }) => name));
  return mapJson(payload, (value, path) => {
    const name = path.slice(path.lastIndexOf('.') + 1).replaceAll('\0', '.');
    if (value === null || value === '' || harmless.has(path)) return value;
    return secrets.has(name) || isSecretName(name) ? masked : value;
  });
}
