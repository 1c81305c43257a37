import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fsPromises, nodeCrypto } from '../lib/node-modules.ts';
import { parseJson } from '../lib/json.ts';
import { ageOf, createFolder, openInPlace, remove, rename, writeNew } from '../stores/files.ts';

/** Names the file that says where the editor of a terminal listens. The key is in the file only. */
export const addressVariable = 'PARTNER_AUTH_EDITOR';

const version = 1;

export interface BrokerAddress {
  /** Path of a Unix socket; on Windows, name of a pipe. */
  readonly socket: string;
  /** What editor and client prove to each other that they know: 64 hex digits. */
  readonly key: string;
}

/** Writes the file for this user only. */
export async function writeAddress(path: string, address: BrokerAddress): Promise<void> {
  await createFolder(dirname(path), 0o600);
  const temporary = `${path}.${nodeCrypto().randomUUID()}.tmp`;
  try {
    await writeNew(temporary, `${JSON.stringify({ version, ...address })}\n`, 0o600);
    await rename(temporary, path);
  } finally {
    await remove(temporary).catch(() => undefined);
  }
}

/** Undefined without a file of this version that this user, and no other, can write. */
export async function readAddress(path: string): Promise<BrokerAddress | undefined> {
  const content = await readOwn(path);
  return content === undefined ? undefined : addressIn(parseJson(content));
}

function addressIn(value: unknown): BrokerAddress | undefined {
  const { version: given, socket, key } = (value ?? {}) as Partial<Record<string, unknown>>;
  const isValid =
    typeof socket === 'string' && isSocketName(socket) && typeof key === 'string' && /^[\da-f]{64}$/.test(key);
  return given === version && isValid ? { socket, key } : undefined;
}

/** Undefined without a file, or if another user can read or write it. */
async function readOwn(path: string): Promise<string | undefined> {
  try {
    const handle = await openInPlace(path, 'read');
    try {
      const stats = await handle.stat();
      return stats.isFile() && isPrivate(stats) ? await handle.readFile('utf8') : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

function isPrivate({ uid, mode }: Stats): boolean {
  return process.platform === 'win32' || (uid === process.geteuid?.() && (mode & 0o077) === 0);
}

/** The variable may name a file that is not of the editor, with a pipe of another machine. */
export function isSocketName(socket: string, platform: string = process.platform): boolean {
  const form =
    platform === 'win32' ? /^\\\\\.\\pipe\\partner-auth-[\da-f]{32}$/ : /^\/(?:.*\/)?partner-auth-\w{6}\/socket$/;
  return form.test(socket);
}

/** Whether no other user can listen there. */
export async function isOwnSocket(socket: string): Promise<boolean> {
  if (process.platform === 'win32') return true;
  return fsPromises()
    .lstat(dirname(socket))
    .then(
      (stats) => stats.isDirectory() && isPrivate(stats),
      () => false,
    );
}

/** In ms. A file is written in a moment. */
const minAge = 60_000;

/** Removes what is left of files that could not be written completely. Those of other versions are kept. */
export async function removeDamaged(folder: string): Promise<void> {
  const names = await fsPromises()
    .readdir(folder)
    .catch(() => []);
  for (const path of names.map((name) => join(folder, name))) {
    if ((await ageOf(path)) < minAge) continue;
    if (path.endsWith('.tmp') || (await isDamaged(path))) await remove(path).catch(() => undefined);
  }
}

async function isDamaged(path: string): Promise<boolean> {
  if (!path.endsWith('.json')) return false;
  const text = await readOwn(path);
  if (text === undefined) return false;
  const content = parseJson(text);
  const { version: given } = (content ?? {}) as Partial<Record<string, unknown>>;
  const isOfOther = typeof given === 'number' && given !== version;
  return !isOfOther && addressIn(content) === undefined;
}

/** This file first, then those of other windows, which have the same profiles. */
export async function addressFiles(path: string): Promise<readonly string[]> {
  const folder = dirname(path);
  const names = await fsPromises()
    .readdir(folder)
    .catch(() => []);
  const others = names.filter((name) => name.endsWith('.json') && name !== basename(path)).sort();
  return [path, ...others.map((name) => join(folder, name))];
}
