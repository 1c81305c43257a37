/**
 * Outside text (a partner's error message) as one harmless line: control, format and direction-changing characters
 * become spaces, and the rest is cut to `limit` characters.
 */
export function plainLine(text: string, limit = 200): string {
  const line = text
    .slice(0, limit * 4)
    .toWellFormed()
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1).toWellFormed()}…` : line;
}
