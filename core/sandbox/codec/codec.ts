import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createDerive, type Derived } from './derive.ts';
import type { SandboxCipherSettings } from './settings.ts';
import { fromText, settingBytes, toText } from './text.ts';

/** What travels: the ciphertext, and the IV's text where it has a field of its own. */
export interface EncryptedText {
  readonly text: string;
  readonly iv?: string;
}

export interface Codec {
  /** The name of the IV's own field, where it has one. */
  readonly ivField: string | undefined;
  encrypt(plaintext: string): EncryptedText;
  /** Undefined for whatever is wrong with the ciphertext or the IV beside it. */
  decrypt(sealed: EncryptedText): string | undefined;
}

const keyLengths = { 'aes-128-cbc': 16, 'aes-192-cbc': 24, 'aes-256-cbc': 32 } as const;
const blockLength = 16;
const saltLength = 8;
const saltedHead = Buffer.from('Salted__');

interface Material {
  readonly key: Buffer;
  readonly iv: Buffer;
}

/** What a message needs besides its ciphertext: bytes in front of it, or the text of its IV. */
interface Opening extends Material {
  readonly head: Buffer;
  readonly ivText?: string;
}

/** How the IV rule opens a new message and reads one that came. */
interface Framing {
  readonly open: () => Opening;
  readonly read: (bytes: Buffer, ivText: string | undefined) => (Material & { readonly body: Buffer }) | undefined;
}

/**
 * The sandbox's own codec: it shares no code with the client, so that a mistake there can not cancel out here.
 *
 * Throws a TypeError for settings that can not be.
 */
export function createCodec(settings: SandboxCipherSettings): Codec {
  const { algorithm = 'aes-256-cbc', padding = 16, output = 'hex', ciphertextPrefix: prefix = '' } = settings;
  if (!Object.hasOwn(keyLengths, algorithm)) throw new TypeError('sandbox cipher.algorithm is unknown');
  if (![16, 32].includes(padding)) throw new TypeError('sandbox cipher.padding must be 16 or 32');
  if (!['hex', 'hex-upper', 'base64'].includes(output)) throw new TypeError('sandbox cipher.output is unknown');
  const framing = createFraming(settings, keyLengths[algorithm]);

  return {
    ivField: settings.iv.from === 'field' ? settings.iv.name : undefined,
    encrypt(plaintext) {
      const { key, iv, head, ivText } = framing.open();
      const cipher = createCipheriv(algorithm, key, iv).setAutoPadding(false);
      const bytes = Buffer.concat([head, cipher.update(pad(Buffer.from(plaintext), padding)), cipher.final()]);
      return { text: prefix + toText(bytes, output), ...(ivText === undefined ? {} : { iv: ivText }) };
    },
    decrypt({ text, iv: ivText }) {
      if (!text.startsWith(prefix)) return undefined;
      const bytes = fromText(text.slice(prefix.length), output);
      const opened = bytes === undefined ? undefined : framing.read(bytes, ivText);
      if (opened === undefined) return undefined;
      const { key, iv, body } = opened;
      if (iv.length !== blockLength || body.length === 0 || body.length % padding !== 0) return undefined;
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

function createFraming(settings: SandboxCipherSettings, keyLength: number): Framing {
  const derive = createDerive(settings, keyLength);
  const rule = settings.iv;
  switch (rule.from) {
    case 'fixed':
      return everyMessage(() => derive().key, settingBytes('cipher.iv', rule.value, rule.format));
    case 'zero':
      return everyMessage(() => derive().key, Buffer.alloc(blockLength));
    case 'key':
      return everyMessage(() => derive().key, derive().key.subarray(0, blockLength));
    case 'derived':
      return everyMessage(() => derive().key, ivOf(derive()));
    case 'prefix':
      return {
        open: () => {
          const iv = randomBytes(blockLength);
          return { key: derive().key, iv, head: iv };
        },
        read: (bytes) => ({
          key: derive().key,
          iv: bytes.subarray(0, blockLength),
          body: bytes.subarray(blockLength),
        }),
      };
    case 'field': {
      const format = rule.format ?? 'hex';
      return {
        open: () => {
          const iv = randomBytes(blockLength);
          return { key: derive().key, iv, head: Buffer.alloc(0), ivText: toText(iv, format) };
        },
        read: (body, text) => {
          const iv = text === undefined ? undefined : fromText(text, format);
          return iv && { key: derive().key, iv, body };
        },
      };
    }
    case 'salted': {
      const material = (salt: Buffer): Material => {
        const derived = derive(salt);
        return { key: derived.key, iv: ivOf(derived) };
      };
      // Fails now rather than with the first message when there is nothing that a salt could go into.
      ivOf(derive());
      return {
        open: () => {
          const salt = randomBytes(saltLength);
          return { ...material(salt), head: Buffer.concat([saltedHead, salt]) };
        },
        read: (bytes) => {
          const start = saltedHead.length + saltLength;
          if (bytes.length < start || !bytes.subarray(0, saltedHead.length).equals(saltedHead)) return undefined;
          return { ...material(bytes.subarray(saltedHead.length, start)), body: bytes.subarray(start) };
        },
      };
    }
    default:
      throw new TypeError('sandbox cipher.iv.from is unknown');
  }
}

function everyMessage(key: () => Buffer, iv: Buffer): Framing {
  if (iv.length !== blockLength) throw new TypeError(`sandbox cipher.iv must be 16 bytes, got ${iv.length}`);
  return {
    open: () => ({ key: key(), iv, head: Buffer.alloc(0) }),
    read: (body) => ({ key: key(), iv, body }),
  };
}

function ivOf({ iv }: Derived): Buffer {
  if (iv === undefined) throw new TypeError('sandbox cipher.iv needs cipher.derivation evp or pbkdf2');
  return iv;
}

/** PKCS#7 (RFC 5652 section 6.3), to blocks of 16 or 32 bytes. */
function pad(plain: Buffer, block: number): Buffer {
  const count = block - (plain.length % block);
  return Buffer.concat([plain, Buffer.alloc(count, count)]);
}

function unpad(padded: Buffer, block: number): Buffer | undefined {
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > block) return undefined;
  const end = padded.length - count;
  return padded.subarray(end).every((byte) => byte === count) ? padded.subarray(0, end) : undefined;
}
