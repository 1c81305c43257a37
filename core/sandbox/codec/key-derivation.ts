import { createHash, pbkdf2Sync } from 'node:crypto';
import type { SandboxCipherSettings } from './settings.ts';
import { decodeSetting, encode } from './encoding.ts';

export interface DerivedKey {
  readonly key: Buffer;
  /** The 16 bytes that follow the key. Only with a derivation of variable length. */
  readonly iv?: Buffer;
}

/** Derives the key, and the IV if there is one, of a message with this salt. Without a salt: those of all messages. */
export type DeriveKey = (salt?: Buffer) => DerivedKey;

const ivLength = 16;

/** @throws TypeError for settings that do not yield a key of `length` bytes. */
export function createKeyDerivation(settings: SandboxCipherSettings, length: number): DeriveKey {
  const { derivation = 'none', keyFormat } = settings;
  const secret = decodeSetting('cipher.key', settings.key, keyFormat);
  if (derivation === 'none') {
    if (secret.length !== length) {
      throw new TypeError(
        `Sandbox cipher.key must be ${length} bytes as ${keyFormat ?? 'utf8'}, got ${secret.length}.`,
      );
    }
    return () => ({ key: secret });
  }
  if (secret.length === 0) throw new TypeError('Sandbox cipher.key must not be empty.');
  if (derivation === 'resize') return () => ({ key: resize(secret, length) });
  if (typeof derivation === 'object' && 'hash' in derivation) {
    const { hash, text } = derivation;
    if (!['md5', 'sha1', 'sha256', 'sha512'].includes(hash)) {
      throw new TypeError('Sandbox cipher.derivation.hash must be md5, sha1, sha256 or sha512.');
    }
    if (text !== undefined && !['hex', 'hex-upper', 'base64'].includes(text)) {
      throw new TypeError('Sandbox cipher.derivation.text must be hex, hex-upper or base64.');
    }
    const digest = createHash(hash).update(secret).digest();
    const key = resize(text === undefined ? digest : Buffer.from(encode(digest, text)), length);
    return () => ({ key });
  }
  if (derivation === 'sha256' || derivation === 'md5') {
    const digest = createHash(derivation).update(secret).digest();
    if (digest.length < length)
      throw new TypeError(`Sandbox cipher.derivation ${derivation} is too short for the algorithm.`);
    return () => ({ key: digest.subarray(0, length) });
  }
  if (typeof derivation !== 'object') throw new TypeError('Sandbox cipher.derivation is unknown.');
  const split = (bytes: Buffer): DerivedKey => ({ key: bytes.subarray(0, length), iv: bytes.subarray(length) });
  if ('evp' in derivation) {
    const { evp } = derivation;
    if (!['md5', 'sha256'].includes(evp)) throw new TypeError('Sandbox cipher.derivation.evp must be md5 or sha256.');
    return (salt = Buffer.alloc(0)) => split(bytesToKey(evp, secret, salt, length + ivLength));
  }
  const { iterations, digest, salt: encodedSalt = '', saltFormat } = derivation.pbkdf2;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > 1_000_000) {
    throw new TypeError('Sandbox cipher.derivation.pbkdf2.iterations must be an integer from 1 to 1,000,000.');
  }
  if (!['sha1', 'sha256', 'sha512'].includes(digest)) {
    throw new TypeError('Sandbox cipher.derivation.pbkdf2.digest must be sha1, sha256 or sha512.');
  }
  const constantSalt = decodeSetting('cipher.derivation.pbkdf2.salt', encodedSalt, saltFormat);
  const stretch = (salt: Buffer): DerivedKey => split(pbkdf2Sync(secret, salt, iterations, length + ivLength, digest));
  // The key of all messages is derived once, because a million iterations are slow.
  let constant: DerivedKey | undefined;
  return (salt) => (salt === undefined ? (constant ??= stretch(constantSalt)) : stretch(salt));
}

function resize(bytes: Buffer, length: number): Buffer {
  const resized = Buffer.alloc(length);
  bytes.copy(resized);
  return resized;
}

/** OpenSSL's EVP_BytesToKey with one iteration: D_1 = H(secret, salt), D_i = H(D_(i-1), secret, salt). */
function bytesToKey(digest: string, secret: Buffer, salt: Buffer, length: number): Buffer {
  let last = Buffer.alloc(0);
  let all = Buffer.alloc(0);
  while (all.length < length) {
    last = createHash(digest).update(last).update(secret).update(salt).digest();
    all = Buffer.concat([all, last]);
  }
  return all.subarray(0, length);
}
