/**
 * Strict hex in either letter case; undefined for anything else. Buffer alone stops silently at the first bad digit and
 * takes the low byte of wider characters for a digit.
 */
export function decodeHex(text: string): Buffer | undefined {
  if (text.length % 2 !== 0 || !/^[\da-f]*$/i.test(text)) return undefined;
  return Buffer.from(text, 'hex');
}

/** Strict base64 of the standard alphabet, with or without its padding; undefined for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z\d+/]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  return canonical === text || canonical.replace(/=+$/, '') === text ? bytes : undefined;
}
