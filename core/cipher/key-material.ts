import { configurationError } from '../lib/errors.ts';
import { decodeBase64, decodeHex } from './text-form.ts';
import { textFormats, type TextFormat } from './settings.ts';

interface Wanted {
  /** Path of the setting, for the error. */
  readonly setting: string;
  /** Path of the setting that tells how the text is written. */
  readonly formatSetting: string;
  /** Exact length in bytes; without it any length from 1 will do. */
  readonly length?: number;
}

/**
 * The bytes of a key or IV. An error names the expected and the received length and the setting to change, never a byte.
 */
export function keyMaterial(value: unknown, format: TextFormat | undefined, wanted: Wanted): Buffer {
  const { setting, formatSetting, length } = wanted;
  const fits = (bytes: Uint8Array): boolean => (length === undefined ? bytes.length > 0 : bytes.length === length);
  const size = length === undefined ? 'at least 1 byte' : `${length} bytes`;
  if (value instanceof Uint8Array) {
    if (fits(value)) return Buffer.from(value);
    throw configurationError(setting, `${setting} must be ${size}, but ${value.length} bytes were given.`);
  }
  if (typeof value !== 'string') {
    throw configurationError(setting, `${setting} must be a text or a Uint8Array of ${size}.`);
  }
  const form = format ?? 'utf8';
  if (!textFormats.includes(form)) {
    throw configurationError(formatSetting, `${formatSetting} must be one of ${textFormats.join(', ')}.`);
  }
  const bytes = decode(value, form);
  if (bytes === undefined) {
    const what = form === 'hex' ? 'hex digits, two for each byte' : 'base64';
    throw configurationError(
      setting,
      `${setting} is not ${what}, as ${formatSetting} "${form}" says. Check it for missing or extra characters, or change ${formatSetting}.`,
    );
  }
  if (fits(bytes)) return bytes;
  throw configurationError(
    setting,
    `${setting} must be ${size}, but ${bytes.length} came out of reading it as ${form}.${hint(value, form, wanted)}`,
  );
}

function decode(text: string, form: TextFormat): Buffer | undefined {
  if (form === 'hex') return decodeHex(text);
  if (form === 'base64') return decodeBase64(text);
  return Buffer.from(text, 'utf8');
}

function hint(text: string, form: TextFormat, { formatSetting, length }: Wanted): string {
  const fitting = textFormats.filter((other) => other !== form && decode(text, other)?.length === length);
  if (length !== undefined && fitting.length > 0) {
    return ` Read as ${fitting.join(' or ')} it has ${length} bytes: set ${formatSetting} to "${fitting.join('" or "')}".`;
  }
  return ` Check that it is complete, or change ${formatSetting} (${textFormats.join(', ')}).`;
}
