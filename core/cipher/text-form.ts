import type { CiphertextFormat } from './settings.ts';

// Cheap for a text of one-byte characters whatever its length; Buffer takes the low byte of a wider one for a digit.
const wide = /[^\0-\xff]/;

/** Strict hex in either letter case; undefined for anything else. */
export function decodeHex(text: string): Buffer | undefined {
  if (text.length % 2 !== 0 || wide.test(text)) return undefined;
  // Buffer stops silently at the first character that is no digit.
  const bytes = Buffer.from(text, 'hex');
  return bytes.length * 2 === text.length ? bytes : undefined;
}

/** Strict base64 of the standard alphabet, with or without its padding; undefined for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  if (wide.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  return canonical === text || canonical.replace(/={1,2}$/, '') === text ? bytes : undefined;
}

export interface TextForm {
  encode(parts: readonly Buffer[]): string;
  /** Undefined for a text that is not of this form. */
  decode(text: string): Buffer | undefined;
}

/** Undefined for an unknown format. */
export function textForm(format: CiphertextFormat): TextForm | undefined {
  switch (format) {
    case 'hex':
      return { encode: hex, decode: decodeHex };
    case 'hex-upper':
      return { encode: (parts) => hex(parts).toUpperCase(), decode: decodeHex };
    case 'base64':
      return { encode: (parts) => Buffer.concat(parts).toString('base64'), decode: decodeBase64 };
    default:
      return undefined;
  }
}

// Joining texts is cheaper than joining bytes first.
function hex(parts: readonly Buffer[]): string {
  let text = '';
  for (const part of parts) text += part.toString('hex');
  return text;
}
