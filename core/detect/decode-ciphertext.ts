import type { CiphertextFormat, CipherSettings } from '../cipher/settings.ts';
import { decodeBase64, decodeBase64url, decodeHex } from '../cipher/text-codec.ts';
import { isWrapping } from './undecodable.ts';

/** A ciphertext decoded as one of the formats. */
export interface DecodedCiphertext {
  readonly bytes: Buffer;
  readonly prefix: string;
  /** More than one if the string does not determine it, such as hex without letters. */
  readonly outputs: readonly NonNullable<CipherSettings['output']>[];
  /** Separators between its characters were ignored. */
  readonly ignoreSeparators: boolean;
}

/** Bytes of any length in one format. */
interface Decoded {
  readonly bytes: Buffer;
  readonly prefix: string;
  readonly formats: readonly CiphertextFormat[];
}

/** All ways to decode the string to whole AES blocks. Separators are ignored only if there is no other way. */
export function decodeCiphertext(text: string): readonly DecodedCiphertext[] {
  const compact = text.replace(/\s+/g, '');
  const exact = decodeWithout(compact, compact !== text);
  if (exact.length > 0 || !/^\s*[\da-f]{2}(?:[\s:-]+[\da-f]{2})+\s*$/i.test(text)) return exact;
  return decodeWithout(compact.replace(/[:-]/g, ''), true);
}

function decodeWithout(text: string, ignoreSeparators: boolean): DecodedCiphertext[] {
  const decoded = [...decodeAsHex(text), ...decodeAsBase64(text, 'base64'), ...decodeAsBase64(text, 'base64url')];
  const blocks = decoded
    .filter(({ bytes }) => isWholeBlocks(bytes))
    .map(({ bytes, prefix, formats }) => ({ bytes, prefix, outputs: formats, ignoreSeparators }));
  return [...blocks, ...decoded.flatMap((outer) => decodeInner(outer, ignoreSeparators, 2))];
}

/** The blocks of a ciphertext that was encoded more than once, such as base64 of base64. */
function decodeInner(
  { bytes, prefix, formats }: Decoded,
  ignoreSeparators: boolean,
  depth: number,
): DecodedCiphertext[] {
  const text = bytes.toString('latin1');
  if (depth === 0 || !/^[\w+/=\s:-]{16,}$/.test(text)) return [];
  const compact = text.replace(/\s+/g, '');
  const isSpaced = compact !== text;
  return [...decodeAsHex(compact), ...decodeAsBase64(compact, 'base64'), ...decodeAsBase64(compact, 'base64url')]
    .filter((inner) => inner.prefix === '')
    .flatMap((inner) => {
      const ignored = ignoreSeparators || isSpaced;
      const outputs = inner.formats.flatMap((format) => formats.map((outer) => [format, outer].flat()));
      const own = isWholeBlocks(inner.bytes)
        ? [{ bytes: inner.bytes, prefix, outputs, ignoreSeparators: ignored }]
        : [];
      const deeper = decodeInner({ ...inner, prefix }, ignored, depth - 1).map((found) => ({
        ...found,
        outputs: found.outputs.flatMap((output) => formats.map((outer) => [output, outer].flat())),
      }));
      return [...own, ...deeper];
    });
}

const isWholeBlocks = (bytes: Buffer): boolean => bytes.length > 0 && bytes.length % 16 === 0 && !isWrapping(bytes);

function decodeAsHex(text: string): Decoded[] {
  // Scanned from the end: a regular expression would start again at each of up to a million positions.
  let start = text.length;
  while (start > 0 && /[\da-f]/i.test(text[start - 1] ?? '')) start--;
  // Digits that do not fill a block may belong to a prefix, or the whole string is hex of something else than blocks.
  const bodies = new Set([text.slice(start + ((text.length - start) % 32)), text]);
  return [...bodies].flatMap((body) => {
    const bytes = decodeHex(body);
    const prefix = text.slice(0, text.length - body.length);
    if (bytes === undefined || bytes.length === 0 || prefix.length > 16) return [];
    const upper = /[A-F]/.test(body);
    const lower = /[a-f]/.test(body);
    const formats: CiphertextFormat[] = upper === lower ? ['hex', 'hex-upper'] : upper ? ['hex-upper'] : ['hex'];
    return [{ bytes, prefix, formats }];
  });
}

function decodeAsBase64(text: string, format: 'base64' | 'base64url'): Decoded[] {
  const decode = format === 'base64' ? decodeBase64 : decodeBase64url;
  const own = format === 'base64' ? /[A-Za-z\d+/]/ : /[\w-]/;
  const decoded: Decoded[] = [];
  for (let start = 0; start <= Math.min(16, text.length - 1); start++) {
    // Letters and digits could be base64 themselves: only another character ends a prefix unambiguously.
    if (start > 0 && own.test(text[start - 1] ?? '')) continue;
    const body = text.slice(start);
    // Without a character of its own, base64url is base64.
    if (format === 'base64url' && !/[-_]/.test(body)) continue;
    const bytes = decode(body);
    if (bytes !== undefined && bytes.length > 0)
      decoded.push({ bytes, prefix: text.slice(0, start), formats: [format] });
  }
  return decoded;
}
