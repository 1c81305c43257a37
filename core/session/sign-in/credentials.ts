import { configurationError } from '../../lib/errors.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';

/** By the partner's own field names; further fields go into the payload as they are. */
export type Credentials = Readonly<Record<string, string>>;

/** @throws PartnerAuthError `configuration` naming the credential that is missing or not a string. */
export function checkCredentials({ credentials: fields, label }: PartnerDefinition, given: Credentials): void {
  if (typeof given !== 'object' || (given as unknown) === null) {
    throw new TypeError(`login() requires an object of credentials: ${fields.map((field) => field.name).join(', ')}.`);
  }
  for (const { name, label: title, required = true } of fields) {
    const value: unknown = given[name];
    if (required && (value === undefined || value === '')) {
      throw configurationError(name, `The credential ${name} (${title}) is missing: ${label} requires it.`);
    }
  }
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string') throw configurationError(name, `The credential ${name} must be a string.`);
  }
}

export function accountOf({ credentials: fields }: PartnerDefinition, given: Credentials): string | undefined {
  const name = fields.find((field) => field.account === true)?.name;
  return name === undefined ? undefined : given[name];
}
