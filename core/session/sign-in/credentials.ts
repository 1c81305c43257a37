import { configurationError } from '../../lib/errors.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import { isHarmless, standardFields } from '../../partners/harmless-fields.ts';
import type { CredentialsOf, Partner } from '../partner-types.ts';

/** The values of the partner's login fields by their names on the wire. Additional fields are sent as they are. */
export type Credentials = Readonly<Record<string, string>>;

/** Credentials, or a function that is called only if a login is required. */
export type CredentialsSource<P = Partner> = CredentialsOf<P> | (() => CredentialsOf<P> | Promise<CredentialsOf<P>>);

/**
 * @throws TypeError if there is no object of credentials.
 * @throws PartnerAuthError `configuration` naming the credential that is not a string.
 */
export function checkCredentialTypes(
  { credentials: fields }: PartnerDefinition,
  values: unknown,
): asserts values is Credentials {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    const names = fields.map((field) => field.name).join(', ');
    throw new TypeError(`login() requires an object of credentials: ${names}.`);
  }
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') continue;
    const shown = plainLine(name, 80);
    throw configurationError(shown, `The credential ${shown} must be a string, not ${typeof value}.`);
  }
}

/** @throws PartnerAuthError `configuration` naming the credential that is missing. */
export function checkCredentials({ credentials: fields, label }: PartnerDefinition, values: Credentials): void {
  for (const { name, label: title, required = true } of fields) {
    const value: unknown = values[name];
    if (required && (value === undefined || value === '')) {
      throw configurationError(name, `The credential ${name} (${title}) is missing: ${label} requires it.`);
    }
  }
}

/** The values that may be secrets: those of all fields that are not known to be harmless. */
export function secretValues({ credentials: fields }: PartnerDefinition, values: Credentials): readonly string[] {
  const harmless = new Set([...standardFields, ...fields.filter(isHarmless).map(({ name }) => name)]);
  return Object.entries(values).flatMap(([name, value]) => (harmless.has(name) ? [] : [value]));
}

export function accountOf(definition: PartnerDefinition, values: Credentials): string | undefined {
  const name = accountFieldOf(definition);
  return name === undefined ? undefined : values[name];
}

/** The name of the credential that identifies the account. */
export function accountFieldOf({ credentials: fields }: PartnerDefinition): string | undefined {
  return fields.find((field) => field.account === true)?.name;
}
