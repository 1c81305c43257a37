import { configurationError } from '../lib/errors.ts';
import { decodeBase64, decodeHex } from './text-codec.ts';
import { textFormats, type TextFormat } from './settings.ts';

interface Requirements {
  /** Path of the setting, for the error. */
  readonly setting: string;
  /** Path of the setting that states how a string is encoded. */
  readonly formatSetting: string;
  /** Exact length in bytes. Default: any length from 1. */
  readonly length?: number;
}

/**
 * The bytes of a key, IV or salt.
 *
 * @throws PartnerAuthError `configuration` with the expected and the actual length and the setting to change, never
 * with a byte.
 */
export function keyMaterial(value: unknown, format: TextFormat | undefined, requirements: Requirements): Buffer {
  const { setting, formatSetting, length } = requirements;
  const hasLength = (bytes: Uint8Array): boolean => (length === undefined ? bytes.length > 0 : bytes.length === length);
  const size = length === undefined ? 'at least 1 byte' : `${length} bytes`;
  if (value instanceof Uint8Array) {
    if (hasLength(value)) return Buffer.from(value);
    throw configurationError(setting, `${setting} must be ${size}, but has ${value.length} bytes.`);
  }
  if (typeof value !== 'string') {
    throw configurationError(setting, `${setting} must be a string or a Uint8Array of ${size}.`);
  }
  const encoding = format ?? 'utf8';
  if (!textFormats.includes(encoding)) {
    throw configurationError(formatSetting, `${formatSetting} must be one of ${textFormats.join(', ')}.`);
  }
  const bytes = decode(value, encoding);
  if (bytes === undefined) {
    const expected = encoding === 'hex' ? 'hex (two digits per byte)' : 'base64';
    throw configurationError(
      setting,
      `${setting} is not valid ${expected}, as ${formatSetting} "${encoding}" requires. Check it for missing or extra characters, or change ${formatSetting}.`,
    );
  }
  if (hasLength(bytes)) return bytes;
  throw configurationError(
    setting,
    `${setting} must be ${size}, but has ${bytes.length} when read as ${encoding}.${hint(value, encoding, requirements)}`,
  );
}

function decode(text: string, encoding: TextFormat): Buffer | undefined {
  if (encoding === 'hex') return decodeHex(text);
  if (encoding === 'base64') return decodeBase64(text);
  return Buffer.from(text, 'utf8');
}

function hint(text: string, encoding: TextFormat, { formatSetting, length }: Requirements): string {
  const matching = textFormats.filter((other) => other !== encoding && decode(text, other)?.length === length);
  if (length !== undefined && matching.length > 0) {
    return ` Read as ${matching.join(' or ')} it has ${length} bytes: set ${formatSetting} to "${matching.join('" or "')}".`;
  }
  return ` Check that it is complete, or change ${formatSetting} (${textFormats.join(', ')}).`;
}
