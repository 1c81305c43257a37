/** Stands for a secret within a text. */
export const hidden = '[hidden]';

/** Stands for a whole value that is a secret. */
export const masked = '••••••••';

/** Deeper values are cut: a partner could send JSON too deeply nested to be walked. */
const deepest = 24;

/** Field names whose values are secrets, and those whose values are secrets if they are strings. */
export interface SecretNames {
  readonly always: ReadonlySet<string>;
  readonly asString: ReadonlySet<string>;
}

/** Whether the name of a field or header suggests a secret, whatever its partner's definition says. */
export function soundsSecret(name: string): boolean {
  return /auth|cookie|pass|secret|token|key|pin|otp/i.test(name);
}

/** A copy of JSON without the values of secret fields; `redact` is applied to all other strings and to field names. */
export function maskFields(value: unknown, names: SecretNames, redact: (text: string) => string): unknown {
  return mapJson(
    value,
    (item, name) => {
      if (item === undefined || item === null || item === '') return item;
      if (names.always.has(name)) return masked;
      if (typeof item !== 'string') return item;
      return names.asString.has(name) ? masked : redact(item);
    },
    redact,
  );
}

/**
 * A copy of JSON with each value changed by `change`, which is given the name of its field (empty in lists and at the top).
 * Objects and lists that `change` leaves as they are are copied item by item.
 */
export function mapJson(
  value: unknown,
  change: (value: unknown, name: string) => unknown,
  rename: (name: string) => string = (name) => name,
  name = '',
  depth = 0,
): unknown {
  const changed = change(value, name);
  if (changed !== value || typeof value !== 'object' || value === null) return changed;
  if (depth >= deepest) return '…';
  if (Array.isArray(value)) return value.map((item) => mapJson(item, change, rename, '', depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [rename(key), mapJson(item, change, rename, key, depth + 1)]),
  );
}
