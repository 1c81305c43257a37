import { configurationError } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import { labelPattern } from '../lib/label.ts';
import { plainLine } from '../lib/plain-line.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { registerSecrets } from '../redact/owned-secrets.ts';
import { keySpellings, parseKey } from './encryption-key.ts';
import { decryptText, encryptText, recordVersion } from './record-encryption.ts';
import { newerRecordError, storeError } from './store-errors.ts';
import { parseStoredRecord, type EncryptedRecord, type ParsedRecord, type StoredRecord } from './stored-record.ts';
import type { TokenStore } from './token-store.ts';

/** A key of `encryptedStore()`. */
export interface EncryptionKey {
  /** Stored with each record, to find its key again: 1 to 80 printable characters. Not a secret. */
  readonly id: string;
  /** 32 bytes, as they are or as a string in hex or base64. */
  readonly key: Uint8Array | string;
}

/** Options of `encryptedStore()`. */
export interface EncryptedStoreOptions {
  /**
   * What distinguishes this session from the others that are encrypted with the same keys, such as the name of its file
   * or its primary key: 1 to 200 characters. A record that was moved to another name cannot be decrypted.
   */
  readonly name: string;
  /** The first key encrypts what is written; all of them decrypt. To rotate, put a new one in front. */
  readonly keys: readonly EncryptionKey[];
}

/**
 * Encrypts what is stored in another store, by AES-256-GCM. Outside of the encryption remain the id of the key, the
 * generation, and when the session was signed out. A record that is not encrypted is refused and left unchanged, as is
 * one that cannot be decrypted. Not detected is an older record of the same name that is put back.
 *
 * @throws PartnerAuthError `configuration` if `name` or a key is invalid; `setting` names it.
 * @throws TypeError for an unknown option, or if `store` is not a store.
 */
export function encryptedStore(store: TokenStore, options: EncryptedStoreOptions): TokenStore {
  const isStore = typeof store === 'object' && (store as unknown) !== null;
  if (!isStore || !['read', 'write', 'clear', 'lock'].every((name) => name in store))
    throw new TypeError('encryptedStore() requires a store, such as fileStore(path), and its options.');
  assertKnownKeys('encryptedStore', options, ['name', 'keys']);
  const cipher = recordCipher(options);
  const { lockState, onDidChange } = store;
  const encrypted: TokenStore = {
    ...(store.path !== undefined && { path: store.path }),
    async read() {
      const stored = await store.read();
      return stored === undefined ? undefined : cipher.decrypt(stored);
    },
    write: async (record, writeOptions) => store.write(cipher.encrypt(record), writeOptions),
    clear: () => store.clear(),
    lock: (fn, lockOptions) => store.lock(fn, lockOptions),
    ...(lockState !== undefined && { lockState: () => lockState.call(store) }),
    ...(onDidChange !== undefined && { onDidChange: (listener) => onDidChange.call(store, listener) }),
  };
  registerSecrets(encrypted, cipher.secrets);
  return encrypted;
}

/** Encrypts and decrypts the records of one name. */
export interface RecordCipher {
  encrypt(record: StoredRecord): EncryptedRecord;
  /** @throws PartnerAuthError `store`, not retryable, if it is not a record that these keys can decrypt. */
  decrypt(record: unknown): StoredRecord;
  /** `outside` remains readable. */
  encryptText(text: string, outside: Outside): EncryptedRecord;
  /** @throws as `decrypt()`. */
  decryptText(record: EncryptedRecord): string;
  /** The keys in the forms in which they may be written somewhere. */
  readonly secrets: readonly string[];
}

type Outside = Pick<EncryptedRecord, 'generation' | 'signedOutAt'>;

/** What errors say. */
interface Wording {
  /** What could not be read, at the start of a sentence. Default: the session with its name. */
  readonly subject?: string;
  /** A sentence that says what to do in all cases, for users who do not see the option `keys`. */
  readonly remedy?: string;
}

/** @throws PartnerAuthError `configuration` if `name` or a key is invalid. */
export function recordCipher({ name, keys: given }: EncryptedStoreOptions, wording: Wording = {}): RecordCipher {
  const keys = parseKeys(checkName(name), given);
  const { subject = `The session "${plainLine(name, 100)}"`, remedy } = wording;
  const [writing] = keys;
  const unchanged = (problem: string, whatToDo: string) =>
    storeError(`${subject} ${problem} It was left unchanged. ${remedy ?? whatToDo}`, { retryable: false });

  function encryptRecordText(text: string, { generation, signedOutAt }: Outside): EncryptedRecord {
    const encrypted = encryptText(text, writing.key, { name, generation });
    return {
      version: recordVersion,
      encrypted: { keyId: writing.id, ...encrypted },
      generation,
      ...(signedOutAt !== undefined && { signedOutAt }),
    };
  }

  function decryptRecordText({ encrypted, generation }: EncryptedRecord): string {
    const key = keys.find(({ id }) => id === encrypted.keyId)?.key;
    const keyId = plainLine(encrypted.keyId, 80);
    if (key === undefined) {
      const known = keys.map(({ id }) => `"${id}"`).join(', ');
      throw unchanged(
        `is encrypted with the key "${keyId}", which is not in the option keys (${known}).`,
        'Add that key after the others, or clear() the store and sign in again.',
      );
    }
    try {
      return decryptText(encrypted, key, { name, generation });
    } catch {
      throw unchanged(
        `could not be decrypted with the key "${keyId}": it was encrypted with another key of this id or under another name, or it was changed.`,
        'Pass the key and the name with which it was written, or clear() the store and sign in again.',
      );
    }
  }

  function encryptedRecord(value: unknown): EncryptedRecord {
    const parsed = parseStoredRecord(value);
    switch (parsed.kind) {
      case 'encrypted':
        return parsed.record;
      case 'record':
        throw unchanged(
          'is stored without encryption.',
          'To encrypt it, read it from the store inside and write it with this one; or clear() the store and sign in again.',
        );
      default:
        throw parsedError(subject, parsed);
    }
  }

  return {
    secrets: keys.flatMap(({ key }) => keySpellings(key)),
    encryptText: encryptRecordText,
    decryptText: decryptRecordText,
    encrypt: (record) => encryptRecordText(JSON.stringify(record), { generation: 0, ...record }),
    decrypt(value) {
      const outside = encryptedRecord(value);
      const parsed = parseStoredRecord(parseJson(decryptRecordText(outside)));
      if (parsed.kind !== 'record' && parsed.kind !== 'encrypted') throw parsedError(subject, parsed);
      const { record } = parsed;
      // The sign-out is not part of the additional data, but of what is encrypted.
      const signedOutAt = 'signedOutAt' in record ? record.signedOutAt : undefined;
      if (signedOutAt === outside.signedOutAt) return record;
      throw unchanged(
        'was changed: its sign-out was added or removed.',
        'To give it up, clear() the store and sign in again.',
      );
    },
  };
}

function parsedError(subject: string, parsed: Exclude<ParsedRecord, { kind: 'record' | 'encrypted' }>) {
  if (parsed.kind === 'newer') return newerRecordError(subject, parsed.version);
  return storeError(`${subject} is not valid: ${parsed.problem}. To give it up, clear() the store and sign in again.`);
}

function checkName(name: unknown): string {
  if (typeof name === 'string' && name !== '' && name.length <= 200) return name;
  throw configurationError('name', 'name must be a string of 1 to 200 characters that no other session has.');
}

interface ParsedKey {
  readonly id: string;
  readonly key: Buffer;
}

function parseKeys(name: string, given: unknown): readonly [ParsedKey, ...ParsedKey[]] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  const keys = list.map((entry, index): ParsedKey => {
    const at = `keys.${index}`;
    const { id, key } = (typeof entry === 'object' && entry !== null ? entry : {}) as Partial<EncryptionKey>;
    if (typeof id !== 'string' || !labelPattern.test(id))
      throw configurationError(`${at}.id`, `${at}.id must be a string of 1 to 80 printable characters.`);
    return { id, key: parseKey(`${at}.key`, key) };
  });
  const repeated = keys.findIndex(({ id }, index) => keys.slice(0, index).some((other) => other.id === id));
  if (repeated !== -1)
    throw configurationError(
      `keys.${repeated}.id`,
      `keys.${repeated}.id is that of another key. Each key has its own.`,
    );
  const [first, ...others] = keys;
  if (first === undefined)
    throw configurationError(
      'keys',
      `keys of "${plainLine(name, 100)}" must be a list of at least one key: { id, key }.`,
    );
  return [first, ...others];
}
