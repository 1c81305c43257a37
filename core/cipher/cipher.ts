import { isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { configurationError, PartnerAuthError } from '../errors.ts';
import { refuseUnknownKeys } from '../options.ts';
import type { CbcEngine, CreateCbcEngine } from './engine.ts';
import { forgeEngine } from './forge-engine.ts';
import { keyMaterial } from './key-material.ts';
import { nativeEngine } from './native-engine.ts';
import { padded, unpadded } from './padding.ts';
import { ciphertextFormats, type CipherSettings } from './settings.ts';
import { decodeBase64, decodeHex } from './text-form.ts';

export interface Cipher {
  /**
   * The ciphertext in the form that `output` names.
   *
   * @throws TypeError for a text with a lone surrogate, which has no UTF-8 form.
   */
  encrypt(plaintext: string | Uint8Array): string;
  /**
   * The plain text, which must be UTF-8.
   *
   * @throws PartnerAuthError `cipher`, the same for every cause: bad digits, length, padding, UTF-8, or another key.
   */
  decrypt(ciphertext: string): string;
  /** As `decrypt`, for payloads that are not text. */
  decryptBytes(ciphertext: string): Uint8Array;
}

/**
 * Payloads of up to this many bytes go to node-forge, larger ones to node:crypto: there each is the faster one, and both
 * give the same bytes (`npm run bench -- cipher`).
 */
const forgeUpTo = 192;

const byteKeys = ['key', 'keyFormat', 'iv', 'output'] as const;
const ivKeys = ['from', 'value', 'format'] as const;

/**
 * AES-256-CBC with PKCS#7 padding. CBC carries no proof of integrity: a decrypted text is not proven to be the partner's.
 *
 * @throws PartnerAuthError `configuration` naming the setting when key or IV has not exactly 32 and 16 bytes, or the IV
 * rule is missing.
 * @throws TypeError for an unknown setting.
 */
export function createCipher(settings: CipherSettings): Cipher {
  return cipherOver(settings, (key) => {
    const small = forgeEngine(key);
    const large = nativeEngine(key);
    const engine = (blocks: Buffer): CbcEngine => (blocks.length <= forgeUpTo ? small : large);
    return {
      encrypt: (blocks, iv) => engine(blocks).encrypt(blocks, iv),
      decrypt: (blocks, iv) => engine(blocks).decrypt(blocks, iv),
    };
  });
}

/** As `createCipher`, with the engine chosen by the caller. */
export function cipherOver(settings: CipherSettings, createEngine: CreateCbcEngine): Cipher {
  refuseUnknownKeys('cipher', settings, byteKeys);
  const key = keyMaterial(settings.key, settings.keyFormat, {
    setting: 'cipher.key',
    formatSetting: 'cipher.keyFormat',
    length: 32,
  });
  const iv = resolveIv(settings, key);
  const encode = encoder(settings.output ?? 'hex');
  const decode = settings.output === 'base64' ? decodeBase64 : decodeHex;
  const engine = createEngine(key);

  const decryptBytes = (ciphertext: string): Buffer => {
    const sealed = typeof ciphertext === 'string' ? decode(ciphertext) : undefined;
    const from = iv === undefined ? 16 : 0;
    if (sealed === undefined || sealed.length < from + 16 || sealed.length % 16 !== 0) throw undecryptable();
    const blocks = engine.decrypt(sealed.subarray(from), iv ?? sealed.subarray(0, 16));
    const bytes = unpadded(blocks);
    if (bytes === undefined) throw undecryptable();
    return bytes;
  };

  return {
    encrypt(plaintext) {
      if (typeof plaintext === 'string' ? !plaintext.isWellFormed() : !(plaintext instanceof Uint8Array)) {
        throw new TypeError('The plaintext must be a well-formed text or a Uint8Array.');
      }
      if (iv !== undefined) return encode(engine.encrypt(padded(plaintext), iv));
      const prefix = randomFillSync(Buffer.allocUnsafe(16));
      return encode(Buffer.concat([prefix, engine.encrypt(padded(plaintext), prefix)]));
    },
    decrypt(ciphertext) {
      const bytes = decryptBytes(ciphertext);
      if (!isUtf8(bytes)) throw undecryptable();
      return bytes.toString('utf8');
    },
    // A copy of its own: the Buffer shares its memory with others of Node's pool, and a clone would take all of it along.
    decryptBytes: (ciphertext) => new Uint8Array(decryptBytes(ciphertext)),
  };
}

/** The fixed IV bytes, or undefined where each message carries its own. */
function resolveIv({ iv }: CipherSettings, key: Buffer): Buffer | undefined {
  const rule: unknown = iv;
  if (typeof rule !== 'object' || rule === null) {
    throw configurationError(
      'cipher.iv',
      'cipher.iv is missing: state where the IV comes from, { from: "fixed", value }, { from: "prefix" } or { from: "key" }. Ask the partner which.',
    );
  }
  refuseUnknownKeys('cipher.iv', rule, ivKeys);
  switch (iv.from) {
    case 'fixed':
      return keyMaterial(iv.value, iv.format, {
        setting: 'cipher.iv.value',
        formatSetting: 'cipher.iv.format',
        length: 16,
      });
    case 'prefix':
      return undefined;
    case 'key':
      return key.subarray(0, 16);
    default:
      throw configurationError('cipher.iv.from', 'cipher.iv.from must be "fixed", "prefix" or "key".');
  }
}

function encoder(format: string): (bytes: Buffer) => string {
  switch (format) {
    case 'hex':
      return (bytes) => bytes.toString('hex');
    case 'hex-upper':
      return (bytes) => bytes.toString('hex').toUpperCase();
    case 'base64':
      return (bytes) => bytes.toString('base64');
    default:
      throw configurationError('cipher.output', `cipher.output must be one of ${ciphertextFormats.join(', ')}.`);
  }
}

function undecryptable(): PartnerAuthError {
  return new PartnerAuthError(
    'cipher',
    'The ciphertext could not be decrypted. Check that cipher.key, cipher.iv and cipher.output are those of this partner.',
  );
}
