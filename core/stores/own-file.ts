import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { wait } from '../lib/wait.ts';
import { openInPlace } from './files.ts';
import { isMountPoint } from './real-path.ts';
import { storeError } from './store-errors.ts';

export interface OwnFileOptions {
  /** Whether members of the file's group may read and write it. */
  readonly allowGroup: boolean;
}

/**
 * Opens an existing file with tokens, and checks on the open file that no other user can have planted it or can change
 * it. Read permissions that the umask of a copy has given are removed.
 *
 * @throws PartnerAuthError `store` if it is not safe; a system error, such as `ENOENT`, if it cannot be opened.
 */
export async function openOwnFile(
  path: string,
  access: 'read' | 'readWrite',
  options: OwnFileOptions,
): Promise<FileHandle> {
  const handle = await openInPlace(path, access);
  try {
    const stats = await settledStats(handle);
    if (stats.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    const problem = process.platform === 'win32' ? undefined : problemOf(path, stats, options);
    if (problem !== undefined) throw storeError(`The file ${path} is not safe: ${problem}`, { retryable: false });
    if (isReadableByOthers(stats) && stats.uid === process.geteuid?.()) await handle.chmod(0o600);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Another process that restores a file gives it two names for a moment. */
async function settledStats(handle: FileHandle): Promise<Stats> {
  let stats = await handle.stat();
  for (let attempt = 0; stats.nlink > 1 && attempt < 10; attempt++) {
    await wait(10);
    stats = await handle.stat();
  }
  return stats;
}

/** Whether it is a file as `touch` and `cp` make it: written by its owner only, and read by everybody. */
const isReadableByOthers = ({ mode }: Stats): boolean => (mode & 0o077) === 0o044;

function problemOf(path: string, stats: Stats, { allowGroup }: OwnFileOptions): string | undefined {
  const { mode, uid, gid, nlink } = stats;
  if (!stats.isFile()) return 'it is not a regular file. Use another path.';
  if (nlink > 1)
    return `it has ${nlink} hard links, and its other names would miss what is written. Remove all but one.`;
  if ((mode & 0o002) !== 0) return `every user can write to it. Run chmod 600 ${path}.`;
  const isOwn = uid === process.geteuid?.();
  if (!isOwn && !isTrusted(path, stats) && !(allowGroup && isInGroup(gid)))
    return `it belongs to another user (${uid}). Make it yours with chown, or use another path.`;
  // A file that is mounted has the permissions of another machine, where a reader may be intended.
  const refused = isOwn ? 0o077 : 0o022;
  if (allowGroup || (mode & refused) === 0 || (isOwn && isReadableByOthers(stats))) return undefined;
  return `its group or other users have access to it. Run chmod 600 ${path}, or use fileStore(path, { allowGroup: true }) to share it with the group.`;
}

/** Whether the file was mounted, which only an administrator can do: alone, or by root as part of a folder. */
function isTrusted(path: string, { uid }: Stats): boolean {
  return isMountPoint(path) || (uid === 0 && isMountPoint(dirname(path)));
}

function isInGroup(gid: number): boolean {
  return gid === process.getegid?.() || process.getgroups?.().includes(gid) === true;
}
