import { isUtf8 } from 'node:buffer';
import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { refuseUnknownKeys } from '../lib/validation.ts';
import { deriver } from './derive.ts';
import type { CbcEngine, CreateCbcEngine } from './engine.ts';
import { forgeEngine } from './forge-engine.ts';
import { ivScheme } from './iv-scheme.ts';
import { nativeEngine } from './native-engine.ts';
import { padded, unpadded } from './padding.ts';
import {
  ciphertextFormats,
  keyLengths,
  textFormats,
  type CipherSettings,
  type CipherSettingsWithoutSecrets,
  type IvRule,
  type TextFormat,
} from './settings.ts';
import { textForm } from './text-form.ts';

export interface EncryptedMessage {
  readonly ciphertext: string;
  /** The message's IV, where the IV rule gives it a field of its own. */
  readonly iv?: string;
}

export interface Cipher {
  /**
   * The ciphertext in the form that `output` names.
   *
   * @throws TypeError for a text with a lone surrogate, which has no UTF-8 form, and where the IV has a field of its own:
   * then use `seal()`.
   */
  encrypt(plaintext: string | Uint8Array): string;
  /** As `encrypt`, with the IV beside the ciphertext where it has a field of its own. */
  encryptWithIv(plaintext: string | Uint8Array): EncryptedMessage;
  /**
   * The plain text, which must be UTF-8. `iv` is the text of the IV's own field, where it has one.
   *
   * @throws PartnerAuthError `cipher`, the same for every cause: bad digits, length, padding, UTF-8, or another key.
   */
  decrypt(ciphertext: string, iv?: string): string;
  /** As `decrypt`, for payloads that are not text. */
  decryptBytes(ciphertext: string, iv?: string): Uint8Array;
  /** The envelope's field for the IV, where it has one. */
  readonly ivField?: string;
}

/**
 * Payloads of up to this many bytes go to node-forge, larger ones to node:crypto: there each is the faster one, and both
 * give the same bytes (`npm run bench -- cipher`).
 */
const forgeUpTo = 192;
/** Ciphertexts beyond it are refused: they are a mistake, and would block everything else for seconds. */
const longestCiphertext = 32 * 1024 * 1024;

const known = ['algorithm', 'key', 'keyFormat', 'derivation', 'iv', 'padding', 'output', 'ciphertextPrefix'];

/**
 * AES-CBC with PKCS#7 padding. CBC carries no proof of integrity: a decrypted text is not proven to be the partner's.
 *
 * @throws PartnerAuthError `configuration` naming the setting when key or IV has not exactly the length it must have, or
 * the IV rule is missing.
 * @throws TypeError for an unknown setting.
 */
export function createCipher(settings: CipherSettings): Cipher {
  return cipherOver(settings, (key) => {
    let small: CbcEngine | undefined;
    let large: CbcEngine | undefined;
    // Each on first use: loading forge takes longer than most refreshes, whose payloads never need it.
    const engine = ({ length }: Buffer): CbcEngine =>
      length <= forgeUpTo ? (small ??= forgeEngine(key)) : (large ??= nativeEngine(key));
    return {
      encrypt: (blocks, iv) => engine(blocks).encrypt(blocks, iv),
      decrypt: (blocks, iv) => engine(blocks).decrypt(blocks, iv),
    };
  });
}

/** As `createCipher`, with the engine chosen by the caller. */
export function cipherOver(settings: CipherSettings, createEngine: CreateCbcEngine): Cipher {
  refuseUnknownKeys('cipher', settings, known);
  const {
    algorithm = 'aes-256-cbc',
    derivation,
    output = 'hex',
    padding: unit = 16,
    ciphertextPrefix: prefix = '',
  } = settings;
  if (!Object.hasOwn(keyLengths, algorithm)) {
    throw configurationError(
      'cipher.algorithm',
      `cipher.algorithm must be one of ${Object.keys(keyLengths).join(', ')}.`,
    );
  }
  if (unit !== 16 && (unit as number) !== 32)
    throw configurationError('cipher.padding', 'cipher.padding must be 16 or 32.');
  if (typeof prefix !== 'string')
    throw configurationError('cipher.ciphertextPrefix', 'cipher.ciphertextPrefix must be a string.');
  const form = textForm(output);
  if (form === undefined) {
    throw configurationError('cipher.output', `cipher.output must be one of ${ciphertextFormats.join(', ')}.`);
  }
  const derive = deriver(settings, keyLengths[algorithm]);
  const scheme = ivScheme(settings.iv, derive, typeof derivation === 'object', createEngine);
  const ivField = settings.iv.from === 'field' ? settings.iv.name : undefined;

  const seal = (plaintext: string | Uint8Array): EncryptedMessage => {
    if (typeof plaintext === 'string' ? !plaintext.isWellFormed() : !(plaintext instanceof Uint8Array)) {
      throw new TypeError('The plaintext must be a well-formed text or a Uint8Array.');
    }
    const { engine, iv, head, ivText } = scheme.start();
    const body = engine.encrypt(padded(plaintext, unit), iv);
    const ciphertext = prefix + form.encode(head === undefined ? [body] : [head, body]);
    return ivText === undefined ? { ciphertext } : { ciphertext, iv: ivText };
  };

  const decryptBytes = (ciphertext: string, ivText?: string): Buffer => {
    const wellFormed =
      typeof ciphertext === 'string' && ciphertext.length <= longestCiphertext && ciphertext.startsWith(prefix);
    const sealed = wellFormed ? form.decode(prefix === '' ? ciphertext : ciphertext.slice(prefix.length)) : undefined;
    const message = sealed && scheme.open(sealed, ivText);
    if (message === undefined || message.body.length === 0 || message.body.length % 16 !== 0) throw undecryptable();
    const bytes = unpadded(message.engine.decrypt(message.body, message.iv), unit);
    if (bytes === undefined) throw undecryptable();
    return bytes;
  };

  return {
    encryptWithIv: seal,
    encrypt(plaintext) {
      if (ivField !== undefined) throw new TypeError('This IV has a field of its own: use seal().');
      return seal(plaintext).ciphertext;
    },
    decrypt(ciphertext, iv) {
      const bytes = decryptBytes(ciphertext, iv);
      if (!isUtf8(bytes)) throw undecryptable();
      return bytes.toString('utf8');
    },
    // A copy of its own: the Buffer shares its memory with others of Node's pool, and a clone would take all of it along.
    decryptBytes: (ciphertext, iv) => new Uint8Array(decryptBytes(ciphertext, iv)),
    ...(ivField !== undefined && { ivField }),
  };
}

/**
 * Checks cipher settings without their secrets.
 *
 * @throws PartnerAuthError `configuration` naming the setting. TypeError for an unknown setting.
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
  const inert = { encrypt: (blocks: Buffer) => blocks, decrypt: (blocks: Buffer) => blocks };
  cipherOver({ ...settings, key: Buffer.alloc(length), iv: rule as IvRule }, () => inert);
}

function undecryptable(): PartnerAuthError {
  return new PartnerAuthError(
    'cipher',
    'The ciphertext could not be decrypted. Check that cipher.key, cipher.iv and cipher.output are those of this partner.',
  );
}
