import type { CiphertextFormat, TextFormat } from './settings.ts';

/**
 * Decodes a setting from its format.
 *
 * @throws TypeError that names the setting if its value does not have the format.
 */
export function decodeSetting(name: string, value: unknown, format: TextFormat = 'utf8'): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value !== 'string') throw new TypeError(`Sandbox ${name} must be a string or bytes.`);
  if (!['utf8', 'hex', 'base64'].includes(format)) throw new TypeError(`Sandbox ${name} has an unknown format.`);
  const bytes = Buffer.from(value, format);
  // Buffer.from stops at the first invalid character without an error.
  const isComplete =
    format === 'utf8' ||
    (format === 'hex'
      ? bytes.length * 2 === value.length
      : stripBase64Padding(bytes.toString('base64')) === stripBase64Padding(value));
  if (!isComplete) throw new TypeError(`Sandbox ${name} is not valid ${format}.`);
  return bytes;
}

export function encode(bytes: Buffer, format: CiphertextFormat): string {
  if (format === 'base64' || format === 'base64url') return bytes.toString(format);
  const hex = bytes.toString('hex');
  return format === 'hex-upper' ? hex.toUpperCase() : hex;
}

/** Returns undefined for an invalid string. Hex is read in either case, as servers do. */
export function decode(encoded: string, format: CiphertextFormat): Buffer | undefined {
  if (format === 'base64' || format === 'base64url') {
    const bytes = Buffer.from(encoded, format);
    const expected = format === 'base64' ? encoded : stripBase64Padding(encoded);
    return bytes.toString(format) === expected ? bytes : undefined;
  }
  return /^(?:[0-9a-f]{2})+$/i.test(encoded) ? Buffer.from(encoded, 'hex') : undefined;
}

function stripBase64Padding(base64: string): string {
  return base64.replace(/={1,2}$/, '');
}
