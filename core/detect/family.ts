import { decodeBase64, decodeHex } from '../cipher/text-form.ts';
import { deriver, type Material } from '../cipher/derive.ts';
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

/** One way to get key and IV from what the partner handed over. */
export interface KeyWay {
  readonly settings: Pick<CipherSettings, 'algorithm' | 'keyFormat' | 'derivation'>;
  readonly derive: (salt?: Uint8Array) => Material;
  /** A guess that few partners need ranks behind the others. */
  readonly rarity: number;
}

const derivations: readonly { readonly derivation: KeyDerivation; readonly rarity: number }[] = [
  { derivation: 'none', rarity: 0 },
  { derivation: 'sha256', rarity: 1 },
  { derivation: 'md5', rarity: 1 },
  { derivation: { evp: 'md5' }, rarity: 2 },
  { derivation: { evp: 'sha256' }, rarity: 2 },
  { derivation: { pbkdf2: { iterations: 10_000, digest: 'sha256' } }, rarity: 3 },
  { derivation: { pbkdf2: { iterations: 1_000, digest: 'sha1' } }, rarity: 4 },
  { derivation: { pbkdf2: { iterations: 1_000, digest: 'sha256' } }, rarity: 4 },
];

/** All ways of the family that the key allows. Those that stretch a password do so when they are used. */
export function keyWays(key: string | Uint8Array): readonly KeyWay[] {
  const ways: KeyWay[] = [];
  for (const keyFormat of formatsOf(key)) {
    for (const { derivation, rarity } of derivations) {
      for (const algorithm of Object.keys(keyLengths) as CipherAlgorithm[]) {
        const settings = {
          ...(algorithm !== 'aes-256-cbc' && { algorithm }),
          ...(keyFormat !== undefined && keyFormat !== 'utf8' && { keyFormat }),
          ...(derivation !== 'none' && { derivation }),
        };
        try {
          const derive = deriver({ ...settings, key, iv: { from: 'zero' } }, keyLengths[algorithm]);
          ways.push({ settings, derive, rarity: rarity + (algorithm === 'aes-192-cbc' ? 1 : 0) });
        } catch (error) {
          // This form or length does not fit the key: no way.
          if (!isPartnerAuthError(error)) throw error;
        }
      }
    }
  }
  return ways;
}

/** The forms in which the text can be read at all; undefined for bytes. */
function formatsOf(key: string | Uint8Array): readonly (TextFormat | undefined)[] {
  if (typeof key !== 'string') return [undefined];
  return textFormats.filter((format) => readAs(key, format) !== undefined);
}

/** Fixed IVs that partners of the family have published. */
export const publishedIvs: readonly Extract<IvRule, { readonly from: 'fixed' }>[] = [
  { from: 'fixed', value: '000102030405060708090a0b0c0d0e0f', format: 'hex' },
  { from: 'fixed', value: '0123456789abcdef' },
];

/** The 16-byte readings of an IV. */
export function ivReadings(
  iv: string | Uint8Array | undefined,
): readonly { readonly bytes: Buffer; readonly format?: TextFormat }[] {
  if (iv === undefined) return [];
  if (typeof iv !== 'string') return iv.length === 16 ? [{ bytes: Buffer.from(iv) }] : [];
  return textFormats.flatMap((format) => {
    const bytes = readAs(iv, format);
    return bytes?.length === 16 ? [{ bytes, format }] : [];
  });
}

function readAs(text: string, format: TextFormat): Buffer | undefined {
  if (format === 'hex') return decodeHex(text);
  return format === 'base64' ? decodeBase64(text) : Buffer.from(text);
}
