import type { BodyForm, CallKind, JsonObject, PartnerDefinition } from './definition.ts';
import { refreshCallOf } from './renewal.ts';
import type { Payload } from './payload.ts';

export type AuthCallKind = Exclude<CallKind, 'request'>;

/** The payload fields of the client's id and secret; empty if they are not sent in the payload. */
export function clientFields({ client }: Pick<PartnerDefinition, 'client'>): readonly string[] {
  if (client?.send !== 'body') return [];
  const { idField = 'client_id', secretField = 'client_secret' } = client;
  return [idField, secretField];
}

/** The payload fields of an auth call for what the session holds: tokens, and what belongs to a pending login. */
export function tokenFields(definition: PartnerDefinition, kind: AuthCallKind): readonly string[] {
  const { logout, oneTimeCode } = definition;
  const fields: Readonly<Record<AuthCallKind, readonly (string | undefined)[]>> = {
    login: [],
    refresh: [refreshCallOf(definition)?.tokenField],
    logout: [logout?.tokenField],
    oneTimeCode: [oneTimeCode?.codeField, oneTimeCode?.sessionField],
  };
  return fields[kind].filter((name) => name !== undefined);
}

/** The payload fields that the session sets in an auth call by itself, in addition to credentials. */
export function sessionFields(definition: PartnerDefinition, kind: AuthCallKind): readonly string[] {
  return [...tokenFields(definition, kind), ...clientFields(definition)];
}

/** Whether the names of payload fields are paths. In forms and query strings, a dot is a part of a name. */
function hasPaths(form: BodyForm): boolean {
  return form.form === 'json' || (form.form === 'encrypted' && form.payload !== 'query');
}

/** The payload of an auth call: `fields` by their names, which are paths where the form is JSON, and constant fields. */
export function payloadOf(form: BodyForm, fields: Payload, ...constants: readonly (JsonObject | undefined)[]): Payload {
  if (!hasPaths(form)) return Object.assign({}, fields, ...constants) as Payload;
  const nested = Object.entries(fields).map(([name, value]) => nest(name.split('.'), value));
  return [...nested, ...constants].reduce<Payload>((payload, more) => merge(payload, more ?? {}), {});
}

function nest([name = '', ...rest]: readonly string[], value: unknown): Payload {
  // fromEntries() defines a field named __proto__ instead of assigning it.
  return Object.fromEntries([[name, rest.length === 0 ? value : nest(rest, value)]]);
}

function merge(a: Payload, b: Payload): Payload {
  const merged = Object.entries(b).map(([name, value]) => {
    const before = Object.hasOwn(a, name) ? a[name] : undefined;
    return [name, isFields(before) && isFields(value) ? merge(before, value) : value];
  });
  return Object.fromEntries([...Object.entries(a), ...(merged as [string, unknown][])]);
}

/** Whether constant fields have a value where the field with this name is, or would replace it. */
export function isTaken(form: BodyForm, constants: Payload, name: string): boolean {
  if (!hasPaths(form)) return Object.hasOwn(constants, name);
  let current: unknown = constants;
  for (const step of name.split('.')) {
    if (!isFields(current)) return true;
    if (!Object.hasOwn(current, step)) return false;
    current = current[step];
  }
  return true;
}

/** The first two names of which one would replace the other, or be a part of it. */
export function findOverlap(form: BodyForm, names: readonly string[]): readonly [string, string] | undefined {
  for (const [index, name] of names.entries()) {
    const other = names.find(
      (each, at) => at !== index && (each === name || (hasPaths(form) && each.startsWith(`${name}.`))),
    );
    if (other !== undefined) return [name, other];
  }
  return undefined;
}

function isFields(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
