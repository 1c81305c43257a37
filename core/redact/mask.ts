/** Replaces a secret inside a longer string. */
export const hidden = '[hidden]';

/** Replaces a value that is a secret as a whole. */
export const masked = '••••••••';

/** Deeper values are cut off: a partner could send JSON that is nested too deeply to traverse. */
const maxDepth = 24;

/** Whether the name of a field or header suggests a secret, regardless of the partner definition. */
export function isSecretName(name: string): boolean {
  return /auth|bearer|captcha|cookie|credential|cvv|jwt|key|otp|pass|pin|pwd|salt|secret|session|sign|ticket|token/i.test(
    name,
  );
}

/**
 * A copy of JSON in which only the values at the `harmless` paths are shown, besides true, false and null; `redact` is
 * applied to them and to the names of all fields.
 */
export function maskFields(value: unknown, harmless: ReadonlySet<string>, redact: (text: string) => string): unknown {
  return mapJson(
    value,
    (item, path) => {
      if (item === undefined || item === '' || typeof item === 'boolean' || typeof item === 'object') return item;
      if (!harmless.has(path)) return masked;
      return typeof item === 'string' ? redact(item) : item;
    },
    redact,
  );
}

/**
 * A copy of JSON with each value replaced by what `change` returns for it and its path, such as `data.token` (empty for
 * the root). Objects and lists that `change` returns unchanged are copied recursively.
 */
export function mapJson(
  value: unknown,
  change: (value: unknown, path: string) => unknown,
  rename: (name: string) => string = (name) => name,
  path = '',
  depth = 0,
): unknown {
  const changed = change(value, path);
  if (changed !== value || typeof value !== 'object' || value === null) return changed;
  if (depth >= maxDepth) return '…';
  const below = (name: string | number, item: unknown): unknown => {
    // A name with a dot must not look like a path.
    const step = String(name).replaceAll('.', '\0');
    return mapJson(item, change, rename, path === '' ? step : `${path}.${step}`, depth + 1);
  };
  if (Array.isArray(value)) return value.map((item, index) => below(index, item));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [rename(name), below(name, item)]));
}
