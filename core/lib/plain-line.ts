/**
 * Untrusted text, such as a partner's error message, as a single safe line: control, format and bidirectional
 * characters are replaced with spaces, and the line is truncated to `limit` characters.
 */
export function plainLine(text: string, limit = 200): string {
  const line = text
    .slice(0, limit * 4)
    .toWellFormed()
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1).toWellFormed()}…` : line;
}
