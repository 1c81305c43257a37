/** The value at a path such as `data.token`; undefined where anything on the way is not an object of its own fields. */
export function valueAt(value: unknown, path: string | undefined): unknown {
  if (path === undefined) return value;
  let current = value;
  for (const name of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}

/** The string at a path; undefined if there is none, or an empty one. */
export function stringAt(value: unknown, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const found = valueAt(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** Undefined for a text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
