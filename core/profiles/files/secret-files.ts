import { join } from 'node:path';
import { configurationError, isPartnerAuthError } from '../../lib/errors.ts';
import { fsPromises } from '../../lib/node-modules.ts';
import { plainLine } from '../../lib/plain-line.ts';
import { registerSecrets } from '../../redact/owned-secrets.ts';
import { recordCipher, type EncryptionKey, type RecordCipher } from '../../stores/encrypted-store.ts';
import { parseSessionFile, recordFile, type ParsedContent, type RecordFile } from '../../stores/file-store.ts';
import { remove, rename } from '../../stores/files.ts';
import { newerRecordError, storeError } from '../../stores/store-errors.ts';
import { isEncrypted, type EncryptedRecord, type PlainRecord } from '../../stores/stored-record.ts';
import type { SessionStore } from '../profile-store.ts';
import { checkSecretRecord, parseSecretRecord, type SecretRecord } from '../secret-record.ts';
import type { SecretStore } from '../secret-store.ts';
import { fileNameOf, idOfFileName, type FileKind, type Paths } from './paths.ts';
import { modeOfKey, type StoreKeys, type StoreMode } from './store-keys.ts';

/** The session and the secrets of each profile, in two files of one format. */
export interface SecretFiles {
  session(id: string): SessionStore;
  /** Key, fixed IV, credentials and the like. Names are `profile:<id>`. */
  readonly secrets: SecretStore;
  /** How the files of a profile are stored; undefined if it has none. Requires no key. */
  modeOf(id: string): Promise<StoreMode | undefined>;
  /**
   * How this process writes the files of a profile from now on.
   *
   * @throws PartnerAuthError `configuration` if the key of this mode cannot be had.
   */
  choose(id: string, mode: StoreMode): Promise<void>;
  /**
   * Renames files that cannot be decrypted, so that the user can sign in again. To be called under the session's lock.
   *
   * @throws PartnerAuthError `store` for a record of a newer version, which is left unchanged.
   */
  setAsideUnreadable(id: string): Promise<void>;
  /** Removes all files of a profile. Resolves false if there are none. */
  remove(id: string): Promise<boolean>;
}

/** What distinguishes the two kinds of files. */
interface Format<R> {
  readonly kind: FileKind;
  readonly what: string;
  readonly parse: (value: unknown) => ParsedContent<R | EncryptedRecord>;
  readonly encrypt: (cipher: RecordCipher, record: R, before: EncryptedRecord | undefined) => EncryptedRecord;
  readonly decrypt: (cipher: RecordCipher, record: EncryptedRecord) => R;
}

const sessionFormat: Format<PlainRecord> = {
  kind: 'session',
  what: 'session file',
  parse: parseSessionFile,
  encrypt: (cipher, record) => cipher.encrypt(record),
  decrypt(cipher, record) {
    const decrypted = cipher.decrypt(record);
    if (!isEncrypted(decrypted)) return decrypted;
    throw storeError('The session is encrypted twice. Sign in again.', { retryable: false });
  },
};

const secretsFormat: Format<SecretRecord> = {
  kind: 'secrets',
  what: 'file of secrets',
  parse(value) {
    const hasEncrypted = typeof value === 'object' && value !== null && 'encrypted' in value;
    return hasEncrypted ? (parseSessionFile(value) as ParsedContent<EncryptedRecord>) : checkSecretRecord(value);
  },
  encrypt: (cipher, record, before) =>
    cipher.encryptText(JSON.stringify(record), { generation: (before?.generation ?? 0) + 1 }),
  decrypt(cipher, record) {
    const parsed = parseSecretRecord(cipher.decryptText(record));
    if (parsed.kind === 'record') return parsed.record;
    if (parsed.kind === 'newer') throw newerRecordError('The file of secrets', parsed.version);
    throw storeError(`The file of secrets is not valid: ${parsed.problem}. Sign in again.`, { retryable: false });
  },
};

/** A file whose record is encrypted or in clear. */
interface ProtectedFile<R> {
  readonly file: RecordFile<R | EncryptedRecord>;
  read(): Promise<R | undefined>;
  write(record: R): Promise<void>;
  mode(): Promise<StoreMode | undefined>;
  setAsideUnreadable(): Promise<void>;
}

const prefix = 'profile:';

export function secretFiles({ state }: Pick<Paths, 'state'>, keys: StoreKeys): SecretFiles {
  const chosen = new Map<string, StoreMode>();
  /** How the files of a profile were stored when they were last read, for the case that they are removed meanwhile. */
  const seen = new Map<string, StoreMode>();

  function protectedFile<R extends object>(
    id: string,
    { kind, what, parse, encrypt, decrypt }: Format<R>,
    onKey: (secrets: readonly string[]) => void = () => undefined,
  ): ProtectedFile<R> {
    const path = join(state, nameOf(kind, id));
    const file = recordFile<R | EncryptedRecord>(path, { allowGroup: false, what, parse });
    const cipherOf = (key: EncryptionKey): RecordCipher => {
      const wording = { subject: `The ${what} ${path}`, remedy: 'Sign in again to replace it.' };
      const cipher = recordCipher({ name: `${kind} ${id}`, keys: [key] }, wording);
      onKey(cipher.secrets);
      return cipher;
    };

    async function read(): Promise<R | undefined> {
      const stored = await file.read();
      if (stored === undefined) return undefined;
      const mode = modeOfRecord(stored);
      if (mode !== undefined) seen.set(id, mode);
      if (!isEncrypted(stored)) return stored;
      const key = await keys.forReading(stored.encrypted.keyId, `the ${what} ${path}`);
      return decrypt(cipherOf(key), stored);
    }

    return {
      file,
      read,
      async write(record) {
        const before = await file.read().catch(() => undefined);
        const mode = await modeForWriting(id);
        const encrypted = before !== undefined && isEncrypted(before) ? before : undefined;
        const next = mode === 'plain' ? record : encrypt(cipherOf(await keys.forWriting(mode)), record, encrypted);
        await file.write(next);
        // The second write replaces the previous generation, which would remain as it was stored before.
        if (before !== undefined && isEncrypted(before) !== isEncrypted(next)) await file.write(next);
      },
      async mode() {
        const stored = await file.read();
        return stored === undefined ? undefined : modeOfRecord(stored);
      },
      async setAsideUnreadable() {
        try {
          await read();
        } catch (error) {
          if (!isPartnerAuthError(error) || error.retryable || error.setting === 'store.version') throw error;
          if ((await file.read()) === undefined) return;
          await rename(path, `${path}.corrupt-${Date.now()}`);
          // It is not to be restored in place of what is written next.
          await remove(`${path}.previous`);
        }
      },
    };
  }

  const secretsFile = (id: string): ProtectedFile<SecretRecord> => protectedFile(id, secretsFormat);
  const files = (id: string) => [protectedFile(id, sessionFormat), secretsFile(id)] as const;

  async function modeOf(id: string): Promise<StoreMode | undefined> {
    for (const file of files(id)) {
      const mode = await file.mode();
      if (mode !== undefined) return mode;
    }
    return undefined;
  }

  async function modeForWriting(id: string): Promise<StoreMode> {
    const mode = chosen.get(id) ?? (await modeOf(id)) ?? seen.get(id);
    if (mode !== undefined) return mode;
    throw configurationError(
      'store',
      `How the secrets of ${id} are stored is not known yet. Sign in with partner-auth login ${id}, with --store keyring, key or plain.`,
    );
  }

  return {
    modeOf,
    async choose(id, mode) {
      if (mode !== 'plain') await keys.forWriting(mode);
      chosen.set(id, mode);
    },
    session(id) {
      const { file, read, write } = protectedFile(id, sessionFormat, (secrets) => registerSecrets(store, secrets));
      const store: SessionStore = {
        read,
        write: (record) => write(record),
        clear: () => file.clear(),
        lock: (fn, options) => file.lock(fn, options),
        onDidChange: (listener) => file.onDidChange(listener),
      };
      return store;
    },
    secrets: {
      async get(name) {
        const record = await secretsFile(idOf(name)).read();
        return record === undefined ? undefined : JSON.stringify(record);
      },
      async set(name, text) {
        const parsed = parseSecretRecord(text);
        if (parsed.kind !== 'record') throw new TypeError('What is stored must be a record of secrets.');
        await secretsFile(idOf(name)).write(parsed.record);
      },
      delete: (name) => secretsFile(idOf(name)).file.clear(),
      async names() {
        const names = await fsPromises()
          .readdir(state)
          .catch(() => []);
        return names.flatMap((name) => {
          const id = idOfFileName('secrets', name);
          return id === undefined ? [] : [prefix + id];
        });
      },
    },
    async setAsideUnreadable(id) {
      for (const file of files(id)) await file.setAsideUnreadable();
    },
    async remove(id) {
      const names = [nameOf('session', id), nameOf('secrets', id)];
      const found = await fsPromises()
        .readdir(state)
        .catch((): string[] => []);
      if (!found.some((entry) => names.some((name) => entry === name || entry.startsWith(`${name}.`)))) return false;
      const [session, secrets] = files(id);
      await session.file.lock(async () => {
        await secrets.file.clear();
        await session.file.clear();
      });
      chosen.delete(id);
      seen.delete(id);
      return true;
    },
  };
}

/** Undefined if the key is not from here. */
function modeOfRecord(record: object): StoreMode | undefined {
  return isEncrypted(record) ? modeOfKey(record.encrypted.keyId) : 'plain';
}

function idOf(name: string): string {
  if (name.startsWith(prefix)) return name.slice(prefix.length);
  throw new TypeError(`The name of a record of secrets starts with ${prefix}`);
}

function nameOf(kind: FileKind, id: string): string {
  const name = fileNameOf(kind, id);
  if (name !== undefined) return name;
  throw configurationError('id', `"${plainLine(id, 80)}" is not the id of a profile, so that it has no files.`);
}
