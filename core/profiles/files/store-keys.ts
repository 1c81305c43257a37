import { join } from 'node:path';
import { configurationError, isPartnerAuthError, PartnerAuthError } from '../../lib/errors.ts';
import { nodeCrypto } from '../../lib/node-modules.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { EncryptionKey } from '../../stores/encrypted-store.ts';
import { parseKey } from '../../stores/encryption-key.ts';
import type { Environment, Paths } from './paths.ts';

export const storeModes = ['keyring', 'key', 'plain'] as const;

/**
 * How the secrets of a profile are stored in its files: encrypted with the key in the keyring of the system or that in
 * `PARTNER_AUTH_STORE_KEY`, or in clear.
 */
export type StoreMode = (typeof storeModes)[number];

export type EncryptedMode = Exclude<StoreMode, 'plain'>;

/** The one key of this user in the keyring of the system. */
export interface Keyring {
  get(): Promise<Uint8Array | undefined>;
  set(key: Uint8Array): Promise<void>;
}

export interface StoreKeys {
  /** The key with this id, which is part of each encrypted file. @throws as `forWriting()`, or if it is another one now. */
  forReading(keyId: string, what: string): Promise<EncryptionKey>;
  /**
   * The key of the mode. Creates that of the keyring if it has none.
   *
   * @throws PartnerAuthError `configuration`, setting `store`, if it cannot be had.
   */
  forWriting(mode: EncryptedMode): Promise<EncryptionKey>;
}

const variable = 'PARTNER_AUTH_STORE_KEY';
const createKey = `node -p "crypto.randomBytes(32).toString('base64')"`;
const ways: Readonly<Record<StoreMode, string>> = {
  keyring: 'use the keyring of the system with --store keyring',
  key: `set ${variable} to a key of 32 bytes (create one with ${createKey}) and use --store key`,
  plain: 'use --store plain, which stores secrets in clear in files that only you can read',
};

export function storeKeys(
  env: Environment,
  { state }: Pick<Paths, 'state'>,
  loadKeyring: () => Promise<Keyring> = systemKeyring,
): StoreKeys {
  const known = new Map<EncryptedMode, EncryptionKey>();

  /** Without `reading`, what is to be read, a key that is missing is created. */
  async function keyOf(mode: EncryptedMode, reading?: string): Promise<EncryptionKey> {
    const found = known.get(mode);
    if (found !== undefined) return found;
    const bytes = mode === 'key' ? keyOfEnvironment(env, reading) : await keyOfKeyring(reading);
    const key = { id: `${mode}-${fingerprint(bytes)}`, key: bytes };
    known.set(mode, key);
    return key;
  }

  async function keyOfKeyring(reading: string | undefined): Promise<Buffer> {
    const keyring = await loadKeyring().catch(() => {
      throw unavailable(
        'The package @napi-rs/keyring, through which the keyring is used, is not installed or does not run here.',
      );
    });
    const found = await read(keyring);
    if (found !== undefined) return found;
    if (reading !== undefined) {
      throw configurationError(
        'store',
        `The keyring of the system no longer has the key with which ${reading} is encrypted. Restore it, or sign in again.`,
      );
    }
    // Two processes must not each create one: what the first has encrypted would be lost.
    const { withFileLock } = await import('../../stores/file-lock.ts');
    return withFileLock(join(state, 'keyring.lock'), async () => {
      const created = (await read(keyring)) ?? nodeCrypto().randomBytes(32);
      await keyring.set(created).catch(() => {
        throw unavailable('The keyring of the system could not be written.');
      });
      // Some keyrings accept a secret and forget it.
      if ((await read(keyring))?.equals(created) === true) return created;
      throw unavailable('The keyring of the system does not keep what is stored in it.');
    });
  }

  async function read(keyring: Keyring): Promise<Buffer | undefined> {
    const found = await keyring.get().catch(() => {
      throw unavailable('The keyring of the system could not be read: it is locked, or there is none.');
    });
    if (found === undefined) return undefined;
    if (found.length === 32) return Buffer.from(found);
    throw unavailable(
      'The entry partner-auth in the keyring of the system is not a key of Partner Auth. Delete or rename it.',
    );
  }

  return {
    forWriting: (mode) => keyOf(mode),
    async forReading(keyId, what) {
      const mode = modeOfKey(keyId);
      if (mode === undefined) {
        throw new PartnerAuthError(
          'store',
          `${sentence(what)} is encrypted with the key "${plainLine(keyId, 80)}", which is neither in the keyring nor in ${variable}. It was left unchanged. Sign in again to replace it.`,
          { setting: 'store', retryable: false },
        );
      }
      const key = await keyOf(mode, what);
      if (key.id === keyId) return key;
      const where = mode === 'key' ? variable : 'the keyring of the system';
      throw new PartnerAuthError(
        'store',
        `${sentence(what)} is encrypted with another key than the one in ${where}. It was left unchanged. Restore that key, or sign in again to replace it.`,
        { setting: 'store', retryable: false },
      );
    },
  };
}

/** Undefined if a key with this id is not from here. */
export function modeOfKey(keyId: string): EncryptedMode | undefined {
  const [, mode] = /^(keyring|key)-[\da-f]{8}$/.exec(keyId) ?? [];
  return mode as EncryptedMode | undefined;
}

/** Distinguishes keys without revealing anything about them. */
function fingerprint(key: Buffer): string {
  return nodeCrypto().createHash('sha256').update('partner-auth store key\0').update(key).digest('hex').slice(0, 8);
}

function keyOfEnvironment(env: Environment, reading: string | undefined): Buffer {
  const { [variable]: value } = env;
  if (!value) {
    throw configurationError(
      'store',
      reading === undefined
        ? `${variable} is not set. Set it to a key of 32 bytes (create one with ${createKey}), ${ways.keyring}, or ${ways.plain}.`
        : `${variable} is not set, but ${reading} is encrypted with the key in it. Set it, or sign in again.`,
    );
  }
  try {
    return parseKey(variable, value);
  } catch (error) {
    throw isPartnerAuthError(error) ? configurationError('store', error.message) : error;
  }
}

function unavailable(problem: string): PartnerAuthError {
  return configurationError(
    'store',
    `${problem} Secrets were not stored. There are two other ways: ${ways.key}; or ${ways.plain}.`,
  );
}

/** `secret-service` is named because the package would fall back to the kernel's keyring, which a restart empties. */
async function systemKeyring(): Promise<Keyring> {
  const { AsyncEntry } = await import('@napi-rs/keyring');
  const entry = (): InstanceType<typeof AsyncEntry> =>
    new AsyncEntry('partner-auth', 'store-key', { linux: { store: 'secret-service' } });
  return {
    async get() {
      const secret = await entry().getSecret();
      return secret === null ? undefined : Uint8Array.from(secret);
    },
    set: async (key) => entry().setSecret(key),
  };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
