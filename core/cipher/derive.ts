import { configurationError } from '../lib/errors.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { keyMaterial } from './key-material.ts';
import type { CipherSettings, KeyDerivation } from './settings.ts';
import { textCodec } from './text-codec.ts';

export interface KeyAndIv {
  readonly key: Buffer;
  /** The 16 bytes that follow the key; undefined if the derivation does not produce them. */
  readonly iv: Buffer | undefined;
}

/** Derives key and IV from the secret. `salt` is the salt of one message. */
export type DeriveKey = (salt?: Uint8Array) => KeyAndIv;

/**
 * Checks key and derivation, and returns a function that derives a key of `keyLength` bytes.
 *
 * @throws PartnerAuthError `configuration` naming the setting.
 */
export function keyDeriver(settings: CipherSettings, keyLength: number): DeriveKey {
  const { derivation = 'none' } = settings;
  if (derivation === 'none') {
    const key = keyMaterial(settings.key, settings.keyFormat, {
      setting: 'cipher.key',
      formatSetting: 'cipher.keyFormat',
      length: keyLength,
    });
    return () => ({ key, iv: undefined });
  }
  const secret = keyMaterial(settings.key, settings.keyFormat, {
    setting: 'cipher.key',
    formatSetting: 'cipher.keyFormat',
  });
  if (!derivesIv(derivation)) {
    const key =
      derivation === 'resize'
        ? resize(secret, keyLength)
        : typeof derivation === 'string'
          ? digest(derivation, keyLength, secret)
          : resize(hashText(derivation, secret), keyLength);
    return () => ({ key, iv: undefined });
  }
  const stretch = 'evp' in derivation ? evp(derivation, secret) : pbkdf2(derivation, secret);
  return (salt) => {
    const bytes = stretch(salt, keyLength + 16);
    return { key: bytes.subarray(0, keyLength), iv: bytes.subarray(keyLength) };
  };
}

type Stretched = Extract<KeyDerivation, { evp: unknown } | { pbkdf2: unknown }>;

/** Whether the derivation also produces an IV. */
export function derivesIv(derivation: KeyDerivation): derivation is Stretched {
  return typeof derivation === 'object' && !('hash' in derivation);
}

/** As PHP does with a key of another length: cut off, or padded with zero bytes. */
export function resize(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes], length);
}

function hashText(derivation: Extract<KeyDerivation, { hash: unknown }>, secret: Buffer): Buffer {
  assertKnownKeys('cipher.derivation', derivation, ['hash', 'text']);
  const { hash, text } = derivation;
  if (!['md5', 'sha1', 'sha256', 'sha512'].includes(hash)) {
    throw derivationError('cipher.derivation.hash must be "md5", "sha1", "sha256" or "sha512".');
  }
  const bytes = nodeCrypto().createHash(hash).update(secret).digest();
  if (text === undefined) return bytes;
  const digits = (['hex', 'hex-upper', 'base64'] as readonly unknown[]).includes(text)
    ? textCodec(text, false)?.encode([bytes])
    : undefined;
  if (digits !== undefined) return Buffer.from(digits);
  throw derivationError('cipher.derivation.text must be "hex", "hex-upper" or "base64".');
}

type Stretch = (salt: Uint8Array | undefined, length: number) => Buffer;

function digest(name: string, length: number, secret: Buffer): Buffer {
  if (name !== 'sha256' && name !== 'md5') {
    throw derivationError(
      'cipher.derivation must be "none", "resize", "sha256", "md5", { hash }, { evp } or { pbkdf2 }.',
    );
  }
  const bytes = nodeCrypto().createHash(name).update(secret).digest();
  if (bytes.length >= length) return bytes.subarray(0, length);
  throw derivationError(
    `cipher.derivation ${name} gives ${bytes.length} bytes, but cipher.algorithm requires a key of ${length} bytes.`,
  );
}

/** `EVP_BytesToKey` with one round: each block is the digest of the previous block, the password and the salt. */
function evp(derivation: Extract<KeyDerivation, { evp: unknown }>, secret: Buffer): Stretch {
  assertKnownKeys('cipher.derivation', derivation, ['evp']);
  const name: unknown = derivation.evp;
  if (name !== 'md5' && name !== 'sha256') throw derivationError('cipher.derivation.evp must be "md5" or "sha256".');
  return (salt, length) => {
    const blocks: Buffer[] = [];
    for (let size = 0; size < length; size += blocks[0]?.length ?? length) {
      const hash = nodeCrypto().createHash(name);
      const previous = blocks.at(-1);
      if (previous !== undefined) hash.update(previous);
      hash.update(secret);
      if (salt !== undefined) hash.update(salt);
      blocks.push(hash.digest());
    }
    return Buffer.concat(blocks).subarray(0, length);
  };
}

function pbkdf2({ pbkdf2: settings }: Extract<KeyDerivation, { pbkdf2: unknown }>, secret: Buffer): Stretch {
  assertKnownKeys('cipher.derivation.pbkdf2', settings, ['iterations', 'digest', 'salt', 'saltFormat']);
  const { iterations, digest: name, salt: fixedSalt, saltFormat } = settings;
  if (!Number.isSafeInteger(iterations) || iterations < 1 || iterations > 1_000_000) {
    throw derivationError('cipher.derivation.pbkdf2.iterations must be a whole number from 1 to 1,000,000.');
  }
  if (!['sha1', 'sha256', 'sha512'].includes(name)) {
    throw derivationError('cipher.derivation.pbkdf2.digest must be "sha1", "sha256" or "sha512".');
  }
  const defaultSalt =
    fixedSalt === undefined
      ? Buffer.alloc(0)
      : keyMaterial(fixedSalt, saltFormat, {
          setting: 'cipher.derivation.pbkdf2.salt',
          formatSetting: 'cipher.derivation.pbkdf2.saltFormat',
        });
  return (salt, length) => nodeCrypto().pbkdf2Sync(secret, salt ?? defaultSalt, iterations, length, name);
}

function derivationError(message: string): ReturnType<typeof configurationError> {
  return configurationError('cipher.derivation', message);
}
