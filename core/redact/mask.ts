/** Replaces a secret inside a longer string. */
export const hidden = '[hidden]';

/** Replaces a value that is a secret as a whole. */
export const masked = '••••••••';

/** Deeper values are cut off: a partner could send JSON that is nested too deeply to traverse. */
const maxDepth = 24;

/** Names of fields that hold secrets. */
export interface SecretNames {
  readonly always: ReadonlySet<string>;
  /** Secrets only if their values are strings. */
  readonly asString: ReadonlySet<string>;
}

/** Whether the name of a field or header suggests a secret, regardless of the partner definition. */
export function isSecretName(name: string): boolean {
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
 * A copy of JSON with each value replaced by what `change` returns for it and the name of its field (empty for list
 * items and the root). Objects and lists that `change` returns unchanged are copied recursively.
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
  if (depth >= maxDepth) return '…';
  if (Array.isArray(value)) return value.map((item) => mapJson(item, change, rename, '', depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [rename(key), mapJson(item, change, rename, key, depth + 1)]),
  );
}
