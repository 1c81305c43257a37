/** The value at a path such as `data.token`; undefined unless each name on it is an own property of an object. */
export function valueAt(value: unknown, path: string | undefined): unknown {
  if (path === undefined) return value;
  let current = value;
  for (const name of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}

/** The string at a path; undefined if there is none or it is empty. */
export function stringAt(value: unknown, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const found = valueAt(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The parsed value; undefined if the string is not JSON. Byte order marks and white space may precede it. */
export function parseJson(text: string): unknown {
  try {
    // JSON.parse refuses a byte order mark, which trimStart removes as white space.
    return JSON.parse(text.trimStart()) as unknown;
  } catch {
    return undefined;
  }
}
