/** Calls by method and path, such as `GET /orders/*`. */
export interface CallPattern {
  readonly method: string;
  /** Decoded; undefined for `*`, which is any one segment. */
  readonly segments: readonly (string | undefined)[];
  /** Whether any rest follows: the pattern ends with `/**`. */
  readonly isOpen: boolean;
}

/** The methods of the calls that a gateway passes on. */
export const callMethods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A path that means the same to everyone who reads it, or what prevents that. */
export type NormalPath = { readonly segments: readonly string[] } | { readonly problem: string };

/**
 * The decoded segments of a path. Servers differ in what they make of dots, empty segments and escapes of them; a path with
 * any of these could be compared as one path and served as another.
 *
 * @param path without query.
 */
export function normalPath(path: string): NormalPath {
  if (!path.startsWith('/')) return { problem: 'must start with "/"' };
  if (!/^[\x21-\x7e]*$/.test(path))
    return { problem: 'must be printable ASCII without spaces; escape others with "%"' };
  if (/[\\#?]/.test(path)) return { problem: 'must not contain "\\" or "#"' };
  if (path.includes('//')) return { problem: 'must not contain "//"' };
  // Also escaped several times: a server behind the partner's may decode once more.
  if (/%(?:25)*(?:2e|2f|5c|[01][\da-f]|7f)/i.test(path))
    return { problem: 'must not contain an escaped ".", "/", "\\" or control character' };
  const segments: string[] = [];
  for (const segment of path.slice(1).split('/')) {
    // Some servers drop what follows a ";" before they resolve dots.
    if (/^\.{1,2}(?:;|%(?:25)*3b|$)/i.test(segment)) return { problem: 'must not contain "." or ".." as a segment' };
    try {
      segments.push(decodeURIComponent(segment));
    } catch {
      return { problem: 'has a "%" that is not an escape of UTF-8' };
    }
  }
  return { segments };
}

/** Reads a pattern: a method, a space and a path, in which `*` is one segment and `/**` at the end any rest. */
export function parseCallPattern(text: string): CallPattern | { readonly problem: string } {
  const [, method = '', path = ''] = /^(\S*) +(\S.*)$/.exec(text.trim()) ?? [];
  if (!callMethods.includes(method))
    return { problem: `must be a method (${callMethods.join(', ')}) and a path, such as "GET /orders/*"` };
  if (path.includes('?')) return { problem: 'must have no query: it is not compared' };
  const isOpen = path.endsWith('/**');
  const normal = normalPath(isOpen ? path.slice(0, -3) || '/' : path);
  if ('problem' in normal) return { problem: `has a path that ${normal.problem}` };
  const written = path.slice(1).split('/');
  if (
    written.some(
      (segment, index) => segment.includes('*') && segment !== '*' && !(isOpen && index === written.length - 1),
    )
  )
    return { problem: 'may have "*" only in place of a whole segment, and "**" only at its end' };
  const segments = normal.segments.map((segment, index) => (written[index] === '*' ? undefined : segment));
  return { method, segments: path === '/**' ? [] : segments, isOpen };
}

/** Whether a pattern matches a call to the path with these segments. */
export function matchesCall(pattern: CallPattern, method: string, segments: readonly string[]): boolean {
  if (pattern.method !== method) return false;
  const { segments: expected, isOpen } = pattern;
  if (isOpen ? segments.length <= expected.length : segments.length !== expected.length) return false;
  return expected.every((segment, index) =>
    segment === undefined ? segments[index] !== '' : segment === segments[index],
  );
}
