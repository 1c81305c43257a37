import { configurationError } from '../lib/errors.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { decodeCiphertext, type DecodedCiphertext } from './decode-ciphertext.ts';
import { explainUndecodable } from './undecodable.ts';

/** What is known about one encrypted message of a partner. */
export interface CipherSample {
  /** As the partner states it; its encoding is detected. Up to 4,096 characters. */
  readonly key: string | Uint8Array;
  /** As it was sent, without its envelope, up to 1 MiB. */
  readonly ciphertext: string;
  /** The plaintext or a part of it. Without it, any JSON, query string or text counts as a correct decryption. */
  readonly plaintext?: string;
  /** The IV that the partner states, or that was sent next to the ciphertext. */
  readonly iv?: string | Uint8Array;
  /** The envelope's field that contained `iv`. Without it, both a fixed IV and one in a field `iv` are tried. */
  readonly ivField?: string;
}

const maxLength = 1024 * 1024;
const knownFields = ['key', 'ciphertext', 'plaintext', 'iv', 'ivField'];

/**
 * Checks the sample and decodes its ciphertext.
 *
 * @throws PartnerAuthError `configuration` naming the field that is missing, too long or invalid.
 */
export function readSample(sample: CipherSample): readonly DecodedCiphertext[] {
  assertKnownKeys('sample', sample, knownFields);
  const { key, ciphertext, plaintext, iv, ivField } = sample;
  const isEmpty = (value: unknown): boolean =>
    !(typeof value === 'string' || value instanceof Uint8Array) || value.length === 0;
  if (isEmpty(key)) throw configurationError('sample.key', 'sample.key is missing. Detection requires the key.');
  if (key.length > 4096) throw configurationError('sample.key', 'sample.key is too long to be a key or a password.');
  if (typeof ciphertext !== 'string' || ciphertext === '') {
    throw configurationError('sample.ciphertext', 'sample.ciphertext is missing.');
  }
  if (ciphertext.length > maxLength) {
    throw configurationError('sample.ciphertext', 'sample.ciphertext is larger than 1 MiB. Use a shorter message.');
  }
  if (plaintext !== undefined && (typeof plaintext !== 'string' || plaintext === '')) {
    throw configurationError(
      'sample.plaintext',
      'sample.plaintext must be the plaintext or a part of it, or be omitted.',
    );
  }
  if (plaintext !== undefined && plaintext.length > maxLength) {
    throw configurationError('sample.plaintext', 'sample.plaintext is larger than 1 MiB. A part of it is enough.');
  }
  if (iv !== undefined && (isEmpty(iv) || iv.length > 64)) {
    throw configurationError(
      'sample.iv',
      'sample.iv must be a string or bytes that can be an IV of 16 bytes, or be omitted.',
    );
  }
  if (ivField !== undefined && (typeof ivField !== 'string' || ivField === '' || iv === undefined)) {
    throw configurationError(
      'sample.ivField',
      'sample.ivField must be the name of the field that contained sample.iv.',
    );
  }
  const decoded = decodeCiphertext(ciphertext);
  if (decoded.length > 0) return decoded;
  const explanation = explainUndecodable(ciphertext, (text) => decodeCiphertext(text).length > 0);
  throw configurationError('sample.ciphertext', `sample.ciphertext ${explanation}`);
}
