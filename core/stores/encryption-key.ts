import { configurationError } from '../lib/errors.ts';

/** In bytes. */
const keyLength = 32;

/**
 * The bytes of an AES-256 key, as a copy. A string is hex, base64 or base64url.
 *
 * @throws PartnerAuthError `configuration` if it does not have 32 bytes; `setting` and the message name it as `name`.
 */
export function parseKey(name: string, key: unknown): Buffer {
  const bytes = bytesOf(key);
  if (bytes?.length === keyLength) return bytes;
  const found = bytes === undefined ? '' : ` It has ${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}.`;
  throw configurationError(
    name,
    `${name} must be a key of ${keyLength} bytes: ${typeof key === 'string' ? '' : 'a Uint8Array, or a string of '}64 hex digits or 44 base64 characters.${found} Create one with: node -p "crypto.randomBytes(32).toString('base64')"`,
  );
}

/** The key in the forms in which it may be written somewhere. */
export function keySpellings(key: Buffer): readonly string[] {
  return [key.toString('hex'), key.toString('base64')];
}

function bytesOf(key: unknown): Buffer | undefined {
  if (key instanceof Uint8Array) return Buffer.from(key);
  if (typeof key !== 'string') return undefined;
  // A line break at the end comes with the output of a command, or a file.
  const text = key.trim();
  if (/^(?:[0-9a-f]{2})+$/i.test(text) && text.length === 2 * keyLength) return Buffer.from(text, 'hex');
  return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
