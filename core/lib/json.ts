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

/** The value of JSON that is cut off: without the member that is incomplete, and with all containers closed. */
export function parseJsonStart(text: string): unknown {
  const closing: string[] = [];
  let end = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isInString) {
      if (character === '\\') at++;
      else if (character === '"') isInString = false;
      continue;
    }
    switch (character) {
      case '"':
        isInString = true;
        break;
      case '{':
      case '[':
        closing.push(character === '{' ? '}' : ']');
        end = at + 1;
        break;
      case '}':
      case ']':
        closing.pop();
        end = at + 1;
        break;
      case ',':
        end = at;
        break;
      default:
    }
  }
  return parseJson(text.slice(0, end) + closing.reverse().join(''));
}
