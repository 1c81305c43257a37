import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createKeyDerivation, type DerivedKey } from './key-derivation.ts';
import type { CiphertextFormat, SandboxCipherSettings } from './settings.ts';
import { decode, decodeSetting, encode } from './encoding.ts';

/** An encrypted message: the ciphertext, and the encoded IV if it has its own field. */
export interface EncryptedMessage {
  readonly ciphertext: string;
  readonly iv?: string;
}

export interface Codec {
  /** The name of the IV's field, if it has one. */
  readonly ivField: string | undefined;
  encrypt(plaintext: string): EncryptedMessage;
  /** Returns undefined for any fault in the ciphertext or the IV. */
  decrypt(message: EncryptedMessage): string | undefined;
}

const keyLengths = { 'aes-128-cbc': 16, 'aes-192-cbc': 24, 'aes-256-cbc': 32 } as const;
const blockLength = 16;
const saltLength = 8;
const saltedMagic = Buffer.from('Salted__');

type Padding = NonNullable<SandboxCipherSettings['padding']>;

interface KeyMaterial {
  readonly key: Buffer;
  readonly iv: Buffer;
}

/** The key material of a new message, and what travels with the ciphertext: bytes before it, or the encoded IV. */
interface OutgoingMessage extends KeyMaterial {
  readonly header: Buffer;
  readonly encodedIv?: string;
}

/** How an IV rule begins a new message and parses a received one. */
interface IvStrategy {
  readonly begin: () => OutgoingMessage;
  readonly parse: (
    bytes: Buffer,
    encodedIv: string | undefined,
  ) => (KeyMaterial & { readonly body: Buffer }) | undefined;
}

/**
 * Creates the sandbox's own codec. It shares no code with the client, so that a mistake there cannot cancel out here.
 *
 * @throws TypeError for invalid settings.
 */
export function createCodec(settings: SandboxCipherSettings): Codec {
  const { algorithm = 'aes-256-cbc', padding = 16, output = 'hex', ciphertextPrefix: prefix = '' } = settings;
  const formats = [output].flat();
  if (!Object.hasOwn(keyLengths, algorithm)) throw new TypeError('Sandbox cipher.algorithm is unknown.');
  if (![16, 32, 'zero', 'space', 'none'].includes(padding)) {
    throw new TypeError('Sandbox cipher.padding must be 16, 32, zero, space or none.');
  }
  if (
    formats.length === 0 ||
    !formats.every((format) => ['hex', 'hex-upper', 'base64', 'base64url'].includes(format))
  ) {
    throw new TypeError('Sandbox cipher.output is unknown.');
  }
  const clean = (text: string, format: CiphertextFormat): string =>
    settings.ignoreSeparators === true ? text.replace(format.startsWith('hex') ? /[\s:-]/g : /\s/g, '') : text;
  const ivStrategy = createIvStrategy(settings, keyLengths[algorithm]);

  return {
    ivField: settings.iv.from === 'field' ? settings.iv.name : undefined,
    encrypt(plaintext) {
      const { key, iv, header, encodedIv } = ivStrategy.begin();
      const cipher = createCipheriv(algorithm, key, iv).setAutoPadding(false);
      const bytes = Buffer.concat([header, cipher.update(pad(Buffer.from(plaintext), padding)), cipher.final()]);
      return { ciphertext: prefix + encodeAll(bytes, formats), ...(encodedIv === undefined ? {} : { iv: encodedIv }) };
    },
    decrypt({ ciphertext, iv: encodedIv }) {
      const text = settings.ignoreSeparators === true ? ciphertext.trim() : ciphertext;
      if (!text.startsWith(prefix)) return undefined;
      const bytes = formats.reduceRight<Buffer | undefined>(
        (read, format) => read && decode(clean(read.toString('latin1'), format), format),
        Buffer.from(text.slice(prefix.length)),
      );
      const parsed = bytes === undefined ? undefined : ivStrategy.parse(bytes, encodedIv);
      if (parsed === undefined) return undefined;
      const { key, iv, body } = parsed;
      if (iv.length !== blockLength || body.length === 0 || body.length % (padding === 32 ? 32 : blockLength) !== 0)
        return undefined;
      const decipher = createDecipheriv(algorithm, key, iv).setAutoPadding(false);
      const plain = unpad(Buffer.concat([decipher.update(body), decipher.final()]), padding);
      try {
        return plain && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
      } catch {
        return undefined;
      }
    },
  };
}

function createIvStrategy(settings: SandboxCipherSettings, keyLength: number): IvStrategy {
  const derive = createKeyDerivation(settings, keyLength);
  const rule = settings.iv;
  switch (rule.from) {
    case 'fixed':
      return withConstantIv(() => derive().key, decodeSetting('cipher.iv', rule.value, rule.format));
    case 'zero':
      return withConstantIv(() => derive().key, Buffer.alloc(blockLength));
    case 'key':
      return withConstantIv(() => derive().key, derive().key.subarray(0, blockLength));
    case 'derived':
      return withConstantIv(() => derive().key, requireDerivedIv(derive()));
    case 'prefix':
      return {
        begin: () => {
          const iv = randomBytes(blockLength);
          return { key: derive().key, iv, header: iv };
        },
        parse: (bytes) => ({
          key: derive().key,
          iv: bytes.subarray(0, blockLength),
          body: bytes.subarray(blockLength),
        }),
      };
    case 'field': {
      const format = rule.format ?? 'hex';
      return {
        begin: () => {
          const iv = randomBytes(blockLength);
          return { key: derive().key, iv, header: Buffer.alloc(0), encodedIv: encode(iv, format) };
        },
        parse: (body, encodedIv) => {
          const iv = encodedIv === undefined ? undefined : decode(encodedIv, format);
          return iv && { key: derive().key, iv, body };
        },
      };
    }
    case 'salted': {
      const deriveMaterial = (salt: Buffer): KeyMaterial => {
        const derived = derive(salt);
        return { key: derived.key, iv: requireDerivedIv(derived) };
      };
      // Fails here rather than with the first message if the derivation takes no salt.
      requireDerivedIv(derive());
      return {
        begin: () => {
          const salt = randomBytes(saltLength);
          return { ...deriveMaterial(salt), header: Buffer.concat([saltedMagic, salt]) };
        },
        parse: (bytes) => {
          const start = saltedMagic.length + saltLength;
          if (bytes.length < start || !bytes.subarray(0, saltedMagic.length).equals(saltedMagic)) return undefined;
          return { ...deriveMaterial(bytes.subarray(saltedMagic.length, start)), body: bytes.subarray(start) };
        },
      };
    }
    default:
      throw new TypeError('Sandbox cipher.iv.from is unknown.');
  }
}

function withConstantIv(key: () => Buffer, iv: Buffer): IvStrategy {
  if (iv.length !== blockLength) throw new TypeError(`Sandbox cipher.iv must be 16 bytes, got ${iv.length}.`);
  return {
    begin: () => ({ key: key(), iv, header: Buffer.alloc(0) }),
    parse: (body) => ({ key: key(), iv, body }),
  };
}

function requireDerivedIv({ iv }: DerivedKey): Buffer {
  if (iv === undefined) throw new TypeError('Sandbox cipher.iv requires cipher.derivation evp or pbkdf2.');
  return iv;
}

function encodeAll(bytes: Buffer, formats: readonly CiphertextFormat[]): string {
  return formats.reduce((read, format) => Buffer.from(encode(read, format)), bytes).toString();
}

/** PKCS#7 (RFC 5652 section 6.3) with blocks of 16 or 32 bytes, or one byte as often as the last block lacks. */
function pad(plain: Buffer, block: Padding): Buffer {
  if (typeof block === 'string') {
    const missing = plain.length === 0 ? blockLength : (blockLength - (plain.length % blockLength)) % blockLength;
    // With `none`, blanks that JSON ignores: what the sandbox sends has to fill its blocks.
    return Buffer.concat([plain, Buffer.alloc(missing, block === 'zero' ? 0 : ' ')]);
  }
  const count = block - (plain.length % block);
  return Buffer.concat([plain, Buffer.alloc(count, count)]);
}

function unpad(padded: Buffer, block: Padding): Buffer | undefined {
  if (block === 'none') return padded;
  if (typeof block === 'string') {
    const filler = block === 'zero' ? 0 : 0x20;
    return padded.subarray(0, padded.findLastIndex((byte) => byte !== filler) + 1);
  }
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > block) return undefined;
  const end = padded.length - count;
  return padded.subarray(end).every((byte) => byte === count) ? padded.subarray(0, end) : undefined;
}
