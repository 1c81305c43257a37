import { decodeBase64, decodeHex } from '../cipher/text-codec.ts';
import { keyDeriver, type KeyAndIv } from '../cipher/derive.ts';
import { isPartnerAuthError } from '../lib/errors.ts';
import {
  keyLengths,
  textFormats,
  type CipherAlgorithm,
  type CipherSettings,
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
): readonly { readonly bytes: Buffer; readonly format?: TextFormat }[] {
  if (iv === undefined) return [];
  if (typeof iv !== 'string') return iv.length === 16 ? [{ bytes: Buffer.from(iv) }] : [];
  return textFormats.flatMap((format) => {
    const bytes = decodeAs(iv, format);
    return bytes?.length === 16 ? [{ bytes, format }] : [];
  });
}

function decodeAs(text: string, format: TextFormat): Buffer | undefined {
  if (format === 'hex') return decodeHex(text);
  return format === 'base64' ? decodeBase64(text) : Buffer.from(text);
}
