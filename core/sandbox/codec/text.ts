import type { CiphertextFormat, TextFormat } from './settings.ts';

/** The bytes of a setting; a TypeError that names it when the text is not written as `format` says. */
export function settingBytes(name: string, value: unknown, format: TextFormat = 'utf8'): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value !== 'string') throw new TypeError(`sandbox ${name} must be a text`);
  if (!['utf8', 'hex', 'base64'].includes(format)) throw new TypeError(`sandbox ${name}: unknown format`);
  const bytes = Buffer.from(value, format);
  // Buffer.from stops silently at the first character that does not belong.
  const isWhole =
    format === 'utf8' ||
    (format === 'hex'
      ? bytes.length * 2 === value.length
      : unpaddedText(bytes.toString('base64')) === unpaddedText(value));
  if (!isWhole) throw new TypeError(`sandbox ${name} is not ${format}`);
  return bytes;
}

export function toText(bytes: Buffer, format: CiphertextFormat): string {
  if (format === 'base64') return bytes.toString('base64');
  const hex = bytes.toString('hex');
  return format === 'hex-upper' ? hex.toUpperCase() : hex;
}

/** Undefined for whatever is not the form. Hex is read in either case, as servers do. */
export function fromText(text: string, format: CiphertextFormat): Buffer | undefined {
  if (format === 'base64') {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64') === text ? bytes : undefined;
  }
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function unpaddedText(base64: string): string {
  return base64.replace(/={1,2}$/, '');
}
