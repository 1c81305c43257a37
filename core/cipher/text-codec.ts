import type { CiphertextFormat } from './settings.ts';

// Buffer would decode the low byte of a wider character. The check is cheap for strings of one-byte characters.
const wideCharacter = /[^\0-\xff]/;

/** Strict hex in either letter case; undefined for anything else. */
export function decodeHex(text: string): Buffer | undefined {
  if (text.length % 2 !== 0 || wideCharacter.test(text)) return undefined;
  // Buffer stops silently at the first character that is not a digit.
  const bytes = Buffer.from(text, 'hex');
  return bytes.length * 2 === text.length ? bytes : undefined;
}

/** Strict base64 of the standard alphabet, with or without its padding; undefined for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  if (wideCharacter.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  return canonical === text || canonical.replace(/={1,2}$/, '') === text ? bytes : undefined;
}

/** Encodes bytes as a string and decodes it strictly. */
export interface TextCodec {
  encode(parts: readonly Buffer[]): string;
  /** Undefined if the string is not in this format. */
  decode(text: string): Buffer | undefined;
}

/** Undefined for an unknown format. */
export function textCodec(format: CiphertextFormat): TextCodec | undefined {
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

// Concatenating strings is cheaper than concatenating the bytes first.
function hex(parts: readonly Buffer[]): string {
  let text = '';
  for (const part of parts) text += part.toString('hex');
  return text;
}
