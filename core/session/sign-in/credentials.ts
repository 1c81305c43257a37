import { configurationError } from '../../lib/errors.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import { isHarmless, standardFields } from '../../partners/harmless-fields.ts';

/** The values of the partner's login fields by their names on the wire. Additional fields are sent as they are. */
export type Credentials = Readonly<Record<string, string>>;

/** @throws PartnerAuthError `configuration` naming the credential that is missing or not a string. */
export function checkCredentials({ credentials: fields, label }: PartnerDefinition, values: Credentials): void {
  if (typeof values !== 'object' || (values as unknown) === null) {
    throw new TypeError(`login() requires an object of credentials: ${fields.map((field) => field.name).join(', ')}.`);
  }
  for (const { name, label: title, required = true } of fields) {
    const value: unknown = values[name];
    if (required && (value === undefined || value === '')) {
      throw configurationError(name, `The credential ${name} (${title}) is missing: ${label} requires it.`);
    }
  }
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'string') throw configurationError(name, `The credential ${name} must be a string.`);
  }
}

/** The values that may be secrets: those of all fields that are not known to be harmless. */
export function secretValues({ credentials: fields }: PartnerDefinition, values: Credentials): readonly string[] {
  const harmless = new Set([...standardFields, ...fields.filter(isHarmless).map(({ name }) => name)]);
  return Object.entries(values).flatMap(([name, value]) => (harmless.has(name) ? [] : [value]));
}

export function accountOf({ credentials: fields }: PartnerDefinition, values: Credentials): string | undefined {
  const name = fields.find((field) => field.account === true)?.name;
  return name === undefined ? undefined : values[name];
}
