import { createHash, pbkdf2Sync } from 'node:crypto';
import type { SandboxCipherSettings } from './settings.ts';
import { settingBytes } from './text.ts';

export interface Derived {
  readonly key: Buffer;
  /** The 16 bytes that follow the key; only where the derivation gives as many as are asked for. */
  readonly iv?: Buffer;
}

/** Key, and where there is one IV, of a message with this salt; without a salt, of all messages. */
export type Derive = (salt?: Buffer) => Derived;

const ivLength = 16;

/** Throws a TypeError for settings that give no key of `length` bytes. */
export function createDerive(settings: SandboxCipherSettings, length: number): Derive {
  const { derivation = 'none', keyFormat } = settings;
  const secret = settingBytes('cipher.key', settings.key, keyFormat);
  if (derivation === 'none') {
    if (secret.length !== length) {
      throw new TypeError(`sandbox cipher.key must be ${length} bytes as ${keyFormat ?? 'utf8'}, got ${secret.length}`);
    }
    return () => ({ key: secret });
  }
  if (secret.length === 0) throw new TypeError('sandbox cipher.key must not be empty');
  if (derivation === 'sha256' || derivation === 'md5') {
    const digest = createHash(derivation).update(secret).digest();
    if (digest.length < length)
      throw new TypeError(`sandbox cipher.derivation ${derivation} is too short for the algorithm`);
    return () => ({ key: digest.subarray(0, length) });
  }
  if (typeof derivation !== 'object') throw new TypeError('sandbox cipher.derivation is unknown');
  const split = (bytes: Buffer): Derived => ({ key: bytes.subarray(0, length), iv: bytes.subarray(length) });
  if ('evp' in derivation) {
    const { evp } = derivation;
    if (!['md5', 'sha256'].includes(evp)) throw new TypeError('sandbox cipher.derivation.evp must be md5 or sha256');
    return (salt = Buffer.alloc(0)) => split(bytesToKey(evp, secret, salt, length + ivLength));
  }
  const { iterations, digest, salt: given = '', saltFormat } = derivation.pbkdf2;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > 1_000_000) {
    throw new TypeError('sandbox cipher.derivation.pbkdf2.iterations must be a whole number from 1 to 1,000,000');
  }
  if (!['sha1', 'sha256', 'sha512'].includes(digest)) {
    throw new TypeError('sandbox cipher.derivation.pbkdf2.digest must be sha1, sha256 or sha512');
  }
  const ownSalt = settingBytes('cipher.derivation.pbkdf2.salt', given, saltFormat);
  const stretch = (salt: Buffer): Derived => split(pbkdf2Sync(secret, salt, iterations, length + ivLength, digest));
  // A key for all messages is stretched once: a million rounds take a while.
  let own: Derived | undefined;
  return (salt) => (salt === undefined ? (own ??= stretch(ownSalt)) : stretch(salt));
}

/** OpenSSL's EVP_BytesToKey with one round: D_1 = H(secret, salt), D_i = H(D_(i-1), secret, salt). */
function bytesToKey(digest: string, secret: Buffer, salt: Buffer, length: number): Buffer {
  let last = Buffer.alloc(0);
  let all = Buffer.alloc(0);
  while (all.length < length) {
    last = createHash(digest).update(last).update(secret).update(salt).digest();
    all = Buffer.concat([all, last]);
  }
  return all.subarray(0, length);
}
