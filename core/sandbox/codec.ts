import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * How the sandbox's TCONNECT payloads are encrypted: AES-256-CBC with PKCS#7, everything stated. The published pages name neither the
 * form of the key nor the source of the IV, so both are the sandbox's own choice. Has the shape of the library's cipher settings.
 */
export interface SandboxCipher {
  /** 32 bytes once decoded. */
  readonly key: string;
  readonly keyFormat: TextFormat;
  /** `fixed`: one IV of 16 bytes for all; `prefix`: random, in front of the ciphertext; `key`: the first 16 bytes of the key. */
  readonly iv:
    | { readonly from: 'fixed'; readonly value: string; readonly format: TextFormat }
    | { readonly from: 'prefix' | 'key' };
  readonly output: CiphertextFormat;
}

export type TextFormat = 'utf8' | 'hex' | 'base64';
export type CiphertextFormat = 'hex' | 'hex-upper' | 'base64';

export interface Codec {
  encrypt(plaintext: string): string;
  /** Undefined for whatever is wrong with the ciphertext. */
  decrypt(ciphertext: string): string | undefined;
}

/** The sandbox's own codec: it shares no code with the client, so that a mistake there can not cancel out here. */
export function createCodec(settings: SandboxCipher): Codec {
  const key = Buffer.from(settings.key, settings.keyFormat);
  if (key.length !== 32)
    throw new TypeError(`sandbox cipher.key must be 32 bytes as ${settings.keyFormat}, got ${key.length}`);
  const { iv: rule, output } = settings;
  const fixedIv = rule.from === 'fixed' ? Buffer.from(rule.value, rule.format) : key.subarray(0, 16);
  if (fixedIv.length !== 16) throw new TypeError(`sandbox cipher.iv must be 16 bytes, got ${fixedIv.length}`);

  return {
    encrypt(plaintext) {
      const iv = rule.from === 'prefix' ? randomBytes(16) : fixedIv;
      const cipher = createCipheriv('aes-256-cbc', key, iv);
      const head = rule.from === 'prefix' ? [iv] : [];
      return toText(Buffer.concat([...head, cipher.update(plaintext, 'utf8'), cipher.final()]), output);
    },
    decrypt(ciphertext) {
      const bytes = fromText(ciphertext, output);
      if (bytes === undefined) return undefined;
      const iv = rule.from === 'prefix' ? bytes.subarray(0, 16) : fixedIv;
      const body = rule.from === 'prefix' ? bytes.subarray(16) : bytes;
      if (iv.length !== 16 || body.length === 0 || body.length % 16 !== 0) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-cbc', key, iv);
        const plain = Buffer.concat([decipher.update(body), decipher.final()]);
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
      } catch {
        return undefined;
      }
    },
  };
}

function toText(bytes: Buffer, format: CiphertextFormat): string {
  if (format === 'base64') return bytes.toString('base64');
  const hex = bytes.toString('hex');
  return format === 'hex-upper' ? hex.toUpperCase() : hex;
}

// Hex is read in either case, as servers do; Buffer.from alone would stop silently at the first bad character.
function fromText(text: string, format: CiphertextFormat): Buffer | undefined {
  if (format === 'base64') {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64') === text ? bytes : undefined;
  }
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}
