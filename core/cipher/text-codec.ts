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

/** Like `decodeBase64`, of the URL-safe alphabet. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (wideCharacter.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const canonical = bytes.toString('base64url');
  return canonical === text || canonical.padEnd(Math.ceil(canonical.length / 4) * 4, '=') === text ? bytes : undefined;
}

/** The string without white space, and in hex without the separators between bytes. */
function removeSeparators(text: string, format: CiphertextFormat): string {
  return text.replace(format.startsWith('hex') ? /[\s:-]+/g : /\s+/g, '');
}

/** Encodes bytes as a string and decodes it strictly. */
export interface TextCodec {
  encode(parts: readonly Buffer[]): string;
  /** Undefined if the string is not in this format. */
  decode(text: string): Buffer | undefined;
}

/** Undefined for an unknown format. */
function codecOf(format: CiphertextFormat): TextCodec | undefined {
  switch (format) {
    case 'hex':
      return { encode: hex, decode: decodeHex };
    case 'hex-upper':
      return { encode: (parts) => hex(parts).toUpperCase(), decode: decodeHex };
    case 'base64':
      return { encode: (parts) => Buffer.concat(parts).toString('base64'), decode: decodeBase64 };
    case 'base64url':
      return { encode: (parts) => Buffer.concat(parts).toString('base64url'), decode: decodeBase64url };
    default:
      return undefined;
  }
}

/** A list of formats is applied in its order. Undefined for an unknown format, and for less than one or more than three. */
export function textCodec(
  formats: CiphertextFormat | readonly CiphertextFormat[],
  ignoreSeparators: boolean,
): TextCodec | undefined {
  const list = typeof formats === 'string' ? [formats] : formats;
  if (!Array.isArray(list) || list.length === 0 || list.length > 3) return undefined;
  return list
    .map((format: CiphertextFormat) => {
      const codec = codecOf(format);
      if (codec === undefined || !ignoreSeparators) return codec;
      return { ...codec, decode: (text: string) => codec.decode(removeSeparators(text, format)) };
    })
    .reduce((inner, outer) => inner && outer && nest(inner, outer));
}

function nest(inner: TextCodec, outer: TextCodec): TextCodec {
  return {
    encode: (parts) => outer.encode([Buffer.from(inner.encode(parts))]),
    decode: (text) => {
      const bytes = outer.decode(text);
      return bytes && inner.decode(bytes.toString('latin1'));
    },
  };
}

// Concatenating strings is cheaper than concatenating the bytes first.
function hex(parts: readonly Buffer[]): string {
  let text = '';
  for (const part of parts) text += part.toString('hex');
  return text;
}
