export type Json = Record<string, unknown>;

/** Sets the value at a path such as `['data', 'token']`. Creates missing objects on the way and replaces other values there. */
export function setIn(target: Json, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    defineField(target, name, value);
    return;
  }
  const found = Object.hasOwn(target, name) ? target[name] : undefined;
  const next = typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Json) : {};
  defineField(target, name, next);
  setIn(next, rest, value);
}

export function setAt(target: Json, path: string, value: unknown): void {
  setIn(target, path.split('.'), value);
}

/** Returns the value at a path such as `data.token`, or undefined if anything on the way is missing. */
export function getAt(value: unknown, path: string): unknown {
  return path.split('.').reduce((current, name) => {
    const hasField = typeof current === 'object' && current !== null && Object.hasOwn(current, name);
    return hasField ? (current as Json)[name] : undefined;
  }, value);
}

// Not assigned, because a field may be named __proto__.
function defineField(target: Json, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
