import { decodeBase64, decodeBase64url, decodeHex } from '../cipher/text-codec.ts';
import { keyDeriver, resize, type KeyAndIv } from '../cipher/derive.ts';
import { isPartnerAuthError } from '../lib/errors.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import {
  keyLengths,
  textFormats,
  type CipherAlgorithm,
  type CipherSettings,
  type CiphertextFormat,
  type IvRule,
  type KeyDerivation,
  type TextFormat,
} from '../cipher/settings.ts';

/** One way to obtain key and IV from the partner's key. */
export interface KeyInterpretation {
  readonly settings: Pick<CipherSettings, 'algorithm' | 'keyFormat' | 'derivation'>;
  readonly derive: (salt?: Uint8Array) => KeyAndIv;
  /** Subtracted from the score, so that interpretations that few partners use rank last. */
  readonly penalty: number;
}

const derivations: readonly { readonly derivation: KeyDerivation; readonly penalty: number }[] = [
  { derivation: 'none', penalty: 0 },
  { derivation: 'sha256', penalty: 1 },
  { derivation: 'md5', penalty: 1 },
  { derivation: 'resize', penalty: 1 },
  ...(['hex', 'hex-upper', 'base64'] as const).flatMap((text) =>
    (['md5', 'sha1', 'sha256', 'sha512'] as const).map((hash) => ({ derivation: { hash, text }, penalty: 2 })),
  ),
  // As bytes, SHA-256 is long enough for every algorithm.
  ...(['md5', 'sha1', 'sha512'] as const).map((hash) => ({ derivation: { hash }, penalty: 3 })),
  { derivation: { evp: 'md5' }, penalty: 2 },
  { derivation: { evp: 'sha256' }, penalty: 2 },
  { derivation: { pbkdf2: { iterations: 10_000, digest: 'sha256' } }, penalty: 3 },
  { derivation: { pbkdf2: { iterations: 1_000, digest: 'sha1' } }, penalty: 4 },
  { derivation: { pbkdf2: { iterations: 1_000, digest: 'sha256' } }, penalty: 4 },
];

/** All interpretations that the key allows. A password is stretched only when its interpretation is tried. */
export function keyInterpretations(key: string | Uint8Array): readonly KeyInterpretation[] {
  const interpretations: KeyInterpretation[] = [];
  for (const keyFormat of formatsOf(key)) {
    for (const { derivation, penalty } of derivations) {
      for (const algorithm of Object.keys(keyLengths) as CipherAlgorithm[]) {
        const settings = {
          ...(algorithm !== 'aes-256-cbc' && { algorithm }),
          ...(keyFormat !== undefined && keyFormat !== 'utf8' && { keyFormat }),
          ...(derivation !== 'none' && { derivation }),
        };
        try {
          if (isTriedAsOther(key, settings, keyLengths[algorithm])) continue;
          const derive = keyDeriver({ ...settings, key, iv: { from: 'zero' } }, keyLengths[algorithm]);
          interpretations.push({ settings, derive, penalty: penalty + (algorithm === 'aes-192-cbc' ? 1 : 0) });
        } catch (error) {
          // The key does not have this format or length.
          if (!isPartnerAuthError(error)) throw error;
        }
      }
    }
  }
  return interpretations;
}

/** Whether another interpretation gives the same key: one of the right length, or the beginning of an MD5 digest. */
function isTriedAsOther(key: string | Uint8Array, settings: KeyInterpretation['settings'], length: number): boolean {
  const { derivation, keyFormat = 'utf8' } = settings;
  if (derivation === 'resize') {
    return (typeof key === 'string' ? decodeAs(key, keyFormat) : key)?.length === length;
  }
  return typeof derivation === 'object' && 'hash' in derivation && derivation.text === undefined
    ? derivation.hash === 'md5' && length === 16
    : false;
}

/** The formats in which the string can be decoded; undefined for bytes. */
function formatsOf(key: string | Uint8Array): readonly (TextFormat | undefined)[] {
  if (typeof key !== 'string') return [undefined];
  return textFormats.filter((format) => decodeAs(key, format) !== undefined);
}

/** Fixed IVs that partners have published. */
export const wellKnownIvs: readonly Extract<IvRule, { readonly from: 'fixed' }>[] = [
  { from: 'fixed', value: '000102030405060708090a0b0c0d0e0f', format: 'hex' },
  { from: 'fixed', value: '0123456789abcdef' },
];

/** All ways to decode the IV to 16 bytes. */
export function ivInterpretations(
  iv: string | Uint8Array | undefined,
): readonly { readonly bytes: Buffer; readonly format?: CiphertextFormat | 'utf8' }[] {
  if (iv === undefined) return [];
  if (typeof iv !== 'string') return iv.length === 16 ? [{ bytes: Buffer.from(iv) }] : [];
  const formats = /[-_]/.test(iv) ? ([...textFormats, 'base64url'] as const) : textFormats;
  return formats.flatMap((format) => {
    const bytes = decodeAs(iv, format);
    return bytes?.length === 16 ? [{ bytes, format }] : [];
  });
}

/**
 * Fixed IVs that programs make of a secret, the key or one for the IV alone: cut off or padded with zero bytes to 16, as PHP does,
 * or the beginning of a digest or of its digits.
 */
export function ivsOf(secret: string | Uint8Array): readonly Extract<IvRule, { readonly from: 'fixed' }>[] {
  const bytes = Buffer.from(secret);
  const digest = (hash: string): Buffer => nodeCrypto().createHash(hash).update(bytes).digest();
  const digits = ['sha256', 'md5', 'sha1', 'sha512'].map((hash) => Buffer.from(digest(hash).toString('hex')));
  const compact = typeof secret === 'string' ? decodeHex(secret.replace(/^0x|[\s:-]+/gi, '')) : undefined;
  const candidates = [bytes, ...digits, digest('md5'), digest('sha256'), ...(compact ? [compact] : [])];
  return candidates.map((candidate) => fixedIv(resize(candidate, 16)));
}

/** Random bytes are hardly ever all printable, so a printable IV was chosen as text. */
export function fixedIv(bytes: Buffer): Extract<IvRule, { readonly from: 'fixed' }> {
  const text = bytes.toString('latin1');
  return /^[\x20-\x7e]{16}$/.test(text)
    ? { from: 'fixed', value: text }
    : { from: 'fixed', value: bytes.toString('hex'), format: 'hex' };
}

/** The key without what often surrounds it when it is copied; undefined if there is nothing of the kind. */
export function cleanedKey(key: string | Uint8Array): string | Uint8Array | undefined {
  if (typeof key !== 'string') {
    const end = key.findLastIndex((byte) => byte !== 0x0a && byte !== 0x0d) + 1;
    return end > 0 && end < key.length ? key.subarray(0, end) : undefined;
  }
  const bare = key
    .trim()
    .replace(/^(["'])(.*)\1$/s, '$2')
    .replace(/^(?:base64:|hex:|0x)/i, '');
  const isHex = /^[\da-f]{2}(?:[\s:-]*[\da-f]{2})+$/i.test(bare);
  const compact = bare.replace(isHex ? /[\s:-]+/g : /\s+/g, '');
  // A pass phrase keeps its blanks.
  const cleaned = decodeBase64(compact) ? compact : decodeBase64url(compact) ? toBase64(compact) : bare;
  return cleaned === key || cleaned === '' ? undefined : cleaned;
}

const toBase64 = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');

function decodeAs(text: string, format: TextFormat | 'base64url'): Buffer | undefined {
  if (format === 'hex') return decodeHex(text);
  if (format === 'base64url') return decodeBase64url(text);
  return format === 'base64' ? decodeBase64(text) : Buffer.from(text);
}
