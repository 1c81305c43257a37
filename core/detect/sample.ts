import { configurationError } from '../lib/errors.ts';
import { refuseUnknownKeys } from '../lib/validation.ts';
import { decodeBase64, decodeHex } from '../cipher/text-form.ts';
import type { CiphertextFormat } from '../cipher/settings.ts';

/** What is known of one message of a partner. */
export interface CipherSample {
  /** As the partner wrote it down: its text form is found too. */
  readonly key: string | Uint8Array;
  /** As it travelled, of up to 1 MiB. */
  readonly ciphertext: string;
  /** The plain text or a part of it. Without it, whatever reads as JSON, a query string or text counts as right. */
  readonly plaintext?: string;
  /** The IV that the partner handed over, or that travelled beside the ciphertext. */
  readonly iv?: string | Uint8Array;
  /** The envelope's field that `iv` travelled in. Without it both a fixed IV and one in a field `iv` are considered. */
  readonly ivField?: string;
}

/** A ciphertext read as one of the text forms. */
export interface Reading {
  readonly bytes: Buffer;
  readonly prefix: string;
  /** More than one where the text does not tell, such as hex without a letter in it. */
  readonly outputs: readonly CiphertextFormat[];
}

const longest = 1024 * 1024;
const known = ['key', 'ciphertext', 'plaintext', 'iv', 'ivField'];

/** @throws PartnerAuthError `configuration` naming what is missing, too large, or no ciphertext in any known form. */
export function readSample(sample: CipherSample): readonly Reading[] {
  refuseUnknownKeys('sample', sample, known);
  const { key, ciphertext, plaintext, iv, ivField } = sample;
  const empty = (value: unknown): boolean =>
    !(typeof value === 'string' || value instanceof Uint8Array) || value.length === 0;
  if (empty(key))
    throw configurationError('sample.key', 'sample.key is missing: without the key nothing can be tried.');
  if (key.length > 4096) throw configurationError('sample.key', 'sample.key is too long to be a key or a password.');
  if (typeof ciphertext !== 'string' || ciphertext === '') {
    throw configurationError('sample.ciphertext', 'sample.ciphertext is missing.');
  }
  if (ciphertext.length > longest) {
    throw configurationError('sample.ciphertext', 'sample.ciphertext is over 1 MiB; a short message does as well.');
  }
  if (plaintext !== undefined && (typeof plaintext !== 'string' || plaintext === '')) {
    throw configurationError(
      'sample.plaintext',
      'sample.plaintext must be the plain text or a part of it, or left out.',
    );
  }
  if (plaintext !== undefined && plaintext.length > longest) {
    throw configurationError('sample.plaintext', 'sample.plaintext is over 1 MiB; a part of it does as well.');
  }
  if (iv !== undefined && (empty(iv) || iv.length > 64)) {
    throw configurationError(
      'sample.iv',
      'sample.iv must be a text or bytes that can be an IV of 16 bytes, or left out.',
    );
  }
  if (ivField !== undefined && (typeof ivField !== 'string' || ivField === '' || iv === undefined)) {
    throw configurationError('sample.ivField', 'sample.ivField must be the name of the field that sample.iv came in.');
  }
  const readings = [...hexReadings(ciphertext.trim()), ...base64Readings(ciphertext.trim())];
  if (readings.length > 0) return readings;
  throw configurationError(
    'sample.ciphertext',
    'sample.ciphertext is neither hex nor base64 of whole AES blocks. Check that it is complete and that it is the ciphertext alone.',
  );
}

function hexReadings(text: string): Reading[] {
  // From the end, as a pattern would try each of a million places anew.
  let start = text.length;
  while (start > 0 && /[\da-f]/i.test(text[start - 1] ?? '')) start--;
  // Odd digits can belong to a prefix that ends in some.
  const body = text.slice(start + ((text.length - start) % 32));
  const bytes = decodeHex(body);
  if (bytes === undefined || bytes.length === 0) return [];
  const prefix = text.slice(0, text.length - body.length);
  if (prefix.length > 16) return [];
  const upper = /[A-F]/.test(body);
  const lower = /[a-f]/.test(body);
  return [{ bytes, prefix, outputs: upper === lower ? ['hex', 'hex-upper'] : upper ? ['hex-upper'] : ['hex'] }];
}

function base64Readings(text: string): Reading[] {
  const readings: Reading[] = [];
  for (let cut = 0; cut <= Math.min(16, text.length - 1); cut++) {
    // A prefix of letters could as well be base64: only other characters end it for sure.
    if (cut > 0 && /[A-Za-z\d+/]/.test(text[cut - 1] ?? '')) continue;
    const bytes = decodeBase64(text.slice(cut));
    if (bytes !== undefined && bytes.length > 0 && bytes.length % 16 === 0) {
      readings.push({ bytes, prefix: text.slice(0, cut), outputs: ['base64'] });
    }
  }
  return readings;
}
