import { isUtf8 } from 'node:buffer';
import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { derivesIv, keyDeriver } from './derive.ts';
import type { CbcEngine, CreateCbcEngine } from './engine.ts';
import { forgeEngine } from './forge-engine.ts';
import { ivScheme } from './iv-scheme.ts';
import { nativeEngine } from './native-engine.ts';
import { addPadding, removePadding } from './padding.ts';
import {
  ciphertextFormats,
  keyLengths,
  paddings,
  textFormats,
  type CipherSettings,
  type CipherSettingsWithoutSecrets,
  type IvRule,
  type TextFormat,
} from './settings.ts';
import { textCodec } from './text-codec.ts';

/** A ciphertext with what its recipient needs to decrypt it. */
export interface EncryptedMessage {
  /** Encoded as `output` says. */
  readonly ciphertext: string;
  /** The IV of this message; present only with the IV rule `field`. */
  readonly iv?: string;
}

/** Encrypts and decrypts payloads. Made by `createCipher()`. */
export interface Cipher {
  /**
   * The ciphertext, encoded as `output` states.
   *
   * @throws TypeError for a string with a lone surrogate, which UTF-8 cannot represent, and with the IV rule `field`,
   * which requires `encryptWithIv()`.
   */
  encrypt(plaintext: string | Uint8Array): string;
  /** As `encrypt`, and with the IV rule `field` also returns the IV. */
  encryptWithIv(plaintext: string | Uint8Array): EncryptedMessage;
  /**
   * The plaintext, which must be UTF-8. With the IV rule `field`, `iv` is the value of that field.
   *
   * @throws PartnerAuthError `cipher`, the same for every cause: invalid encoding, length, padding or UTF-8, wrong key.
   */
  decrypt(ciphertext: string, iv?: string): string;
  /** As `decrypt`, for any bytes. */
  decryptBytes(ciphertext: string, iv?: string): Uint8Array;
  /** The envelope's field for the IV; present only with the IV rule `field`. */
  readonly ivField?: string;
}

/**
 * Payloads of up to this many bytes are encrypted by node-forge, larger ones by node:crypto. Each is faster in its
 * range, and both produce the same bytes (`npm run bench -- cipher`).
 */
const forgeLimit = 192;
/** Longer ciphertexts are rejected: they are a mistake, and would block the event loop for seconds. */
const maxCiphertextLength = 32 * 1024 * 1024;

const knownSettings = [
  'algorithm',
  'key',
  'keyFormat',
  'derivation',
  'iv',
  'padding',
  'output',
  'ignoreSeparators',
  'ciphertextPrefix',
];

/**
 * Creates a cipher for AES-CBC. CBC does not protect integrity: a successful decryption does not
 * prove that the plaintext is the partner's.
 *
 * @throws PartnerAuthError `configuration` if a setting is missing or invalid, such as a key or fixed IV of another
 * length than required. `setting` names it.
 * @throws TypeError for an unknown setting.
 */
export function createCipher(settings: CipherSettings): Cipher {
  return createCipherWithEngine(settings, (key) => {
    let small: CbcEngine | undefined;
    let large: CbcEngine | undefined;
    // Created on first use: loading forge takes longer than most refreshes, whose payloads never need it.
    const engine = ({ length }: Buffer): CbcEngine =>
      length <= forgeLimit ? (small ??= forgeEngine(key)) : (large ??= nativeEngine(key));
    return {
      encrypt: (blocks, iv) => engine(blocks).encrypt(blocks, iv),
      decrypt: (blocks, iv) => engine(blocks).decrypt(blocks, iv),
    };
  });
}

/** As `createCipher`, with a given engine. */
export function createCipherWithEngine(settings: CipherSettings, createEngine: CreateCbcEngine): Cipher {
  assertKnownKeys('cipher', settings, knownSettings);
  const {
    algorithm = 'aes-256-cbc',
    derivation = 'none',
    output = 'hex',
    padding = 16,
    ignoreSeparators = false,
    ciphertextPrefix: prefix = '',
  } = settings;
  if (!Object.hasOwn(keyLengths, algorithm)) {
    throw configurationError(
      'cipher.algorithm',
      `cipher.algorithm must be one of ${Object.keys(keyLengths).join(', ')}.`,
    );
  }
  if (!paddings.includes(padding)) {
    throw configurationError('cipher.padding', 'cipher.padding must be 16 or 32 (PKCS#7), "zero", "space" or "none".');
  }
  if (typeof ignoreSeparators !== 'boolean') {
    throw configurationError('cipher.ignoreSeparators', 'cipher.ignoreSeparators must be true or false.');
  }
  if (typeof prefix !== 'string')
    throw configurationError('cipher.ciphertextPrefix', 'cipher.ciphertextPrefix must be a string.');
  const codec = textCodec(output, ignoreSeparators);
  if (codec === undefined) {
    throw configurationError(
      'cipher.output',
      `cipher.output must be one of ${ciphertextFormats.join(', ')}, or a list of up to three of them.`,
    );
  }
  const derive = keyDeriver(settings, keyLengths[algorithm]);
  const scheme = ivScheme(settings.iv, derive, derivesIv(derivation), ignoreSeparators, createEngine);
  const ivField = settings.iv.from === 'field' ? settings.iv.name : undefined;

  const readable = (text: string): string => (ignoreSeparators ? text.replace(/\s+/g, '') : text);
  const readPrefix = readable(prefix);

  const encryptWithIv = (plaintext: string | Uint8Array): EncryptedMessage => {
    if (typeof plaintext === 'string' ? !plaintext.isWellFormed() : !(plaintext instanceof Uint8Array)) {
      throw new TypeError('The plaintext must be a well-formed string or a Uint8Array.');
    }
    const { engine, iv, head, encodedIv } = scheme.forEncryption();
    const body = engine.encrypt(addPadding(plaintext, padding), iv);
    const ciphertext = prefix + codec.encode(head === undefined ? [body] : [head, body]);
    return encodedIv === undefined ? { ciphertext } : { ciphertext, iv: encodedIv };
  };

  const decryptBytes = (ciphertext: string, encodedIv?: string): Buffer => {
    const isValid = typeof ciphertext === 'string' && ciphertext.length <= maxCiphertextLength;
    const text = isValid ? readable(ciphertext) : undefined;
    const encrypted =
      text?.startsWith(readPrefix) === true
        ? codec.decode(readPrefix === '' ? text : text.slice(readPrefix.length))
        : undefined;
    const message = encrypted && scheme.forDecryption(encrypted, encodedIv);
    if (message === undefined || message.body.length === 0 || message.body.length % 16 !== 0) throw decryptionError();
    const bytes = removePadding(message.engine.decrypt(message.body, message.iv), padding);
    if (bytes === undefined) throw decryptionError();
    return bytes;
  };

  return {
    encryptWithIv,
    encrypt(plaintext) {
      if (ivField !== undefined)
        throw new TypeError('With cipher.iv { from: "field" } use encryptWithIv(), which also returns the IV.');
      return encryptWithIv(plaintext).ciphertext;
    },
    decrypt(ciphertext, iv) {
      const bytes = decryptBytes(ciphertext, iv);
      if (!isUtf8(bytes)) throw decryptionError();
      return bytes.toString('utf8');
    },
    // A copy: the Buffer is a view of Node's shared pool, and a structured clone would include the whole pool.
    decryptBytes: (ciphertext, iv) => new Uint8Array(decryptBytes(ciphertext, iv)),
    ...(ivField !== undefined && { ivField }),
  };
}

/**
 * Checks cipher settings that do not contain their secrets.
 *
 * @throws PartnerAuthError `configuration` if a setting is missing or invalid; `setting` names it.
 * @throws TypeError for an unknown setting.
 */
export function checkCipher({ iv, ...settings }: CipherSettingsWithoutSecrets): void {
  const { algorithm = 'aes-256-cbc', keyFormat } = settings;
  if (keyFormat !== undefined && !textFormats.includes(keyFormat)) {
    throw configurationError('cipher.keyFormat', `cipher.keyFormat must be one of ${textFormats.join(', ')}.`);
  }
  const from = (iv as Partial<IvRule> | undefined)?.from;
  const rule = from === 'fixed' ? { ...iv, value: '00'.repeat(16), format: 'hex' } : iv;
  const format = from === 'fixed' ? (iv as { readonly format?: TextFormat }).format : undefined;
  if (format !== undefined && !textFormats.includes(format)) {
    throw configurationError('cipher.iv.format', `cipher.iv.format must be one of ${textFormats.join(', ')}.`);
  }
  const length = Object.hasOwn(keyLengths, algorithm) ? keyLengths[algorithm] : 32;
  const noopEngine = { encrypt: (blocks: Buffer) => blocks, decrypt: (blocks: Buffer) => blocks };
  createCipherWithEngine({ ...settings, key: Buffer.alloc(length), iv: rule as IvRule }, () => noopEngine);
}

function decryptionError(): PartnerAuthError {
  return new PartnerAuthError(
    'cipher',
    'The ciphertext could not be decrypted. Check that cipher.key, cipher.iv and cipher.output are those of this partner.',
  );
}
