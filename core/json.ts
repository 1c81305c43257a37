/** The value at a path such as `data.token`; undefined where anything on the way is not an object of its own fields. */
export function at(value: unknown, path: string | undefined): unknown {
  if (path === undefined) return value;
  let current = value;
  for (const name of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}

export function textAt(value: unknown, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const found = at(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
