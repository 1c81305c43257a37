import { join } from 'node:path';
import { parseJson } from '../../lib/json.ts';
import { parseList } from '../../lib/json-list.ts';
import { nodeFs } from '../../lib/node-modules.ts';
import { decryptText, recordVersion } from '../../stores/record-encryption.ts';
import type { EncryptedRecord, StoredSession } from '../../stores/stored-record.ts';
import { isDue, isUsable } from '../../tokens/expiry.ts';
import { fileNameOf, pathsOf, type Environment, type Paths } from './paths.ts';
import { storeKeys, type StoreKeys } from './store-keys.ts';

/*
 * The shortest way to a valid token, for programs that start for each one. It reads two files without loading what
 * writing, locking or a session require, and leaves everything unusual to the session.
 */

/** An access token that was stored. Times are epoch ms. */
export interface StoredToken {
  readonly profile: string;
  readonly partner: string;
  readonly account?: string;
  readonly token: string;
  readonly expiresAt?: number;
  /** When the refresh token expires. */
  readonly signInAgainAt?: number;
}

/** Times are in ms. */
export interface Limits {
  readonly now: number;
  readonly margin: number;
  readonly minValidity: number;
}

/** In seconds. */
export const defaultMargin = 300;

/** What `FileProfiles.storedToken()` does, without loading anything else of them. */
export async function storedToken(
  env: Environment,
  id: string | undefined,
  minValidity: number,
): Promise<StoredToken | undefined> {
  const paths = pathsOf(env);
  const limits = { now: Date.now(), margin: defaultMargin * 1000, minValidity: minValidity * 1000 };
  return readStoredToken(paths, storeKeys(env, paths), id ?? env.PARTNER_AUTH_PROFILE, limits);
}

/** The token of the profile with this id, or of the only one; undefined if a session is required to get one. */
export async function readStoredToken(
  paths: Paths,
  keys: StoreKeys,
  wanted: string | undefined,
  limits: Limits,
): Promise<StoredToken | undefined> {
  try {
    const entries = parseList(nodeFs().readFileSync(paths.profiles, 'utf8')) as readonly Entry[];
    const found = wanted ? entries.filter((candidate) => candidate.id === wanted) : entries;
    const [entry] = found;
    if (entry === undefined || found.length > 1) return undefined;
    return storedTokenOf(entry, await readRecord(paths, keys, String(entry.id)), limits);
  } catch {
    // The session reports why.
    return undefined;
  }
}

/** A profile that has not been checked. */
export type Entry = Readonly<Partial<Record<'id' | 'partner' | 'baseUrl' | 'apiUrl' | 'partnerCode', unknown>>>;

/** The token of a session; undefined if it is not valid for long enough, or if the entry is not that of the session. */
export function storedTokenOf(
  { id, partner, baseUrl, apiUrl = baseUrl, partnerCode }: Entry,
  stored: unknown,
  { now, margin, minValidity }: Limits,
): StoredToken | undefined {
  const [origin, apiOrigin] = [baseUrl, apiUrl].map(originOf);
  if (typeof id !== 'string' || origin === undefined || apiOrigin === undefined) return undefined;
  const record = sessionOf(stored);
  if (record === undefined || record.ended !== undefined) return undefined;
  if (record.partner !== partner || record.partnerCode !== partnerCode) return undefined;
  if (record.origin !== origin || (record.apiOrigin ?? record.origin) !== apiOrigin) return undefined;
  const { tokens, account } = record;
  if (isDue(tokens, now, margin) || !isUsable(tokens, now, minValidity)) return undefined;
  const { accessToken: token, accessExpiresAt: expiresAt, refreshExpiresAt: signInAgainAt } = tokens;
  return {
    profile: id,
    partner: record.partner,
    ...(account !== undefined && { account }),
    token,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(signInAgainAt !== undefined && { signInAgainAt }),
  };
}

/** What the file of the session has, decrypted. */
async function readRecord({ state }: Paths, keys: StoreKeys, id: string): Promise<unknown> {
  const text = readOwnFile(join(state, fileNameOf('session', id) ?? ''));
  const stored = text === undefined ? undefined : parseJson(text);
  if (!isEncryptedRecord(stored)) return stored;
  const { encrypted, generation } = stored;
  const { key } = await keys.forReading(encrypted.keyId, 'the session');
  return parseJson(decryptText(encrypted, key as Uint8Array, { name: `session ${id}`, generation }));
}

/*
 * These check what is used here. The schema of `parseStoredRecord()` checks more, but takes as long to load as all the rest.
 * They accept nothing that it refuses in the fields that they concern; what they refuse is left to the session.
 */

function isEncryptedRecord(value: unknown): value is EncryptedRecord {
  if (!isObject(value) || value.version !== recordVersion || 'signedOutAt' in value) return false;
  const { encrypted, generation } = value;
  return (
    isObject(encrypted) &&
    ['keyId', 'iv', 'tag', 'data'].every((name) => isText(encrypted[name])) &&
    isCount(generation, 0)
  );
}

function sessionOf(value: unknown): StoredSession | undefined {
  if (!isObject(value) || value.version !== 1 || 'signedOutAt' in value || 'encrypted' in value) return undefined;
  const { sessionId, generation, partner, origin, apiOrigin = origin, account, tokens } = value;
  if (![sessionId, partner, origin, apiOrigin].every(isText) || !isCount(generation, 1)) return undefined;
  if (account !== undefined && typeof account !== 'string') return undefined;
  if (!isObject(tokens) || !isText(tokens.accessToken) || !isTime(tokens.issuedAt)) return undefined;
  const { accessExpiresAt, refreshExpiresAt } = tokens;
  if (![accessExpiresAt, refreshExpiresAt].every((time) => time === undefined || isTime(time))) return undefined;
  return value as unknown as StoredSession;
}

function originOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15;
}

/** Undefined unless it is a file that only this user can read and write, which the file store would read without a change. */
function readOwnFile(path: string): string | undefined {
  const { closeSync, constants, fstatSync, openSync, readFileSync } = nodeFs();
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const file = openSync(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    const isOwn = process.platform === 'win32' || ((stats.mode & 0o077) === 0 && stats.uid === process.geteuid?.());
    return stats.isFile() && stats.nlink === 1 && isOwn ? readFileSync(file, 'utf8') : undefined;
  } finally {
    closeSync(file);
  }
}
