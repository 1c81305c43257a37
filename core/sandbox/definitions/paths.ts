export type Json = Record<string, unknown>;

/** Puts a value at a path such as `data.token`, making the objects on the way; what stands in the way is replaced. */
export function put(target: Json, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    own(target, name, value);
    return;
  }
  const found = Object.hasOwn(target, name) ? target[name] : undefined;
  const next = typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Json) : {};
  own(target, name, next);
  put(next, rest, value);
}

export function putAt(target: Json, path: string, value: unknown): void {
  put(target, path.split('.'), value);
}

/** The value at a path; undefined where anything on the way is missing. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce((current, name) => {
    const isHolder = typeof current === 'object' && current !== null && Object.hasOwn(current, name);
    return isHolder ? (current as Json)[name] : undefined;
  }, value);
}

// Defined, not assigned: a field may be called __proto__.
function own(target: Json, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
