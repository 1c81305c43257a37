import { nodeCrypto } from '../lib/node-modules.ts';

/** The version of an encrypted record, and the highest that this package reads. */
export const recordVersion = 2;

const algorithm = 'aes-256-gcm';
/** In bytes. */
const ivLength = 12;
const tagLength = 16;

/** Each as base64. */
export interface Encrypted {
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

/** What a text belongs to: decrypting it as anything else fails. */
export interface Place {
  readonly name: string;
  readonly generation: number;
}

export function encryptText(text: string, key: Uint8Array, place: Place): Encrypted {
  const iv = nodeCrypto().randomBytes(ivLength);
  const cipher = nodeCrypto().createCipheriv(algorithm, key, iv);
  cipher.setAAD(additionalData(place));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return { iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data };
}

/** @throws Error if it was encrypted with another key or for another place, or was changed. */
export function decryptText({ iv, tag, data }: Encrypted, key: Uint8Array, place: Place): string {
  // A shorter tag would be easier to forge.
  const options = { authTagLength: tagLength };
  const decipher = nodeCrypto().createDecipheriv(algorithm, key, Buffer.from(iv, 'base64'), options);
  decipher.setAAD(additionalData(place));
  decipher.setAuthTag(Buffer.from(tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
}

/** The final format of records depends on it. */
function additionalData({ name, generation }: Place): Buffer {
  return Buffer.from(JSON.stringify([name, recordVersion, generation]));
}
