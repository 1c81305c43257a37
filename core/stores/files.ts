import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fsPromises, nodeFs } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { wait } from '../lib/wait.ts';

/*
 * File operations of the stores and their locks. On Windows, a file that another process has open, such as a virus
 * scanner or a sibling that reads it, can be neither replaced nor removed until it is closed, which takes milliseconds.
 */

/** How long an operation is repeated on Windows, in ms. */
const sharingTimeout = 3_000;
const sharingCodes: readonly string[] = ['EPERM', 'EACCES', 'EBUSY'];

/** Repeats an operation that fails on Windows because another process has the file open. */
export async function whileShared<T>(operation: () => Promise<T>, platform: string = process.platform): Promise<T> {
  // Read only after a failure: the first use of `performance` loads its module.
  let start: number | undefined;
  for (let delay = 5; ; delay = Math.min(2 * delay, 200)) {
    try {
      return await operation();
    } catch (error) {
      if (platform !== 'win32' || !sharingCodes.includes(systemErrorCode(error))) throw error;
      start ??= performance.now();
      if (performance.now() - start + delay > sharingTimeout) throw error;
      await wait(delay);
    }
  }
}

export const rename = (from: string, to: string): Promise<void> => whileShared(() => fsPromises().rename(from, to));

/** In ms, since the file was written; 0 if there is none. */
export async function ageOf(path: string): Promise<number> {
  return fsPromises()
    .stat(path)
    .then(
      ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
      () => 0,
    );
}

/** Removes a file, if it exists. */
export const remove = (path: string): Promise<void> => whileShared(() => fsPromises().rm(path, { force: true }));

/** Creates the missing folders of files with this mode. */
export async function createFolder(path: string, fileMode: number): Promise<void> {
  // Who may read the files may also enter the folders.
  const mode = fileMode | ((fileMode & 0o444) >> 2);
  // Not by Node's option `recursive`, which never ends where a file system, such as /proc, has no folder to create.
  const create = async (): Promise<void> => {
    try {
      await fsPromises().mkdir(path, { mode });
    } catch (error) {
      // Systems report an existing folder in more than one way. A link that leads nowhere is reported as what is missing.
      const stats = await fsPromises()
        .stat(path)
        .catch((failure: unknown) => {
          throw systemErrorCode(error) === 'EEXIST' ? failure : error;
        });
      if (!stats.isDirectory()) throw error;
    }
  };
  try {
    await create();
  } catch (error) {
    const parent = dirname(path);
    if (systemErrorCode(error) !== 'ENOENT' || parent === path) throw error;
    await createFolder(parent, fileMode);
    await create();
  }
}

/** Opens a file without following a symbolic link in its place, and without waiting for the writer of a pipe. */
export function openInPlace(path: string, access: 'read' | 'readWrite'): Promise<FileHandle> {
  const { constants } = nodeFs();
  // Windows has neither flag.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const flags = access === 'read' ? constants.O_RDONLY : constants.O_RDWR;
  return whileShared(() => fsPromises().open(path, flags | O_NOFOLLOW | O_NONBLOCK));
}

/** Creates a file, and writes it durably. @throws a system error `EEXIST` if it exists. */
export async function writeNew(path: string, content: string, mode: number): Promise<void> {
  const handle = await whileShared(() => fsPromises().open(path, 'wx', mode));
  try {
    // The process may mask bits of the mode, such as those of the group.
    if (mode !== 0o600) await handle.chmod(mode);
    await handle.writeFile(content);
    await sync(handle);
  } catch (error) {
    await remove(path).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Replaces the content of a file that has just been opened. A reader sees the old or the new content if both are JSON. */
export async function overwrite(handle: FileHandle, content: string): Promise<void> {
  const { size } = await handle.stat();
  const bytes = Buffer.from(content);
  // Blanks over the rest of the old content, so that it is no part of the new one until the file is truncated.
  const padding = Buffer.alloc(Math.max(0, size - bytes.length), ' ');
  await handle.writeFile(Buffer.concat([bytes, padding]));
  await handle.truncate(bytes.length);
  await sync(handle);
}

/** A rename is durable only once its folder is synced. Windows cannot open folders and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  let handle: FileHandle;
  try {
    handle = await fsPromises().open(folder, 'r');
  } catch {
    // A folder may be writable without being readable.
    return;
  }
  try {
    await sync(handle);
  } finally {
    await handle.close();
  }
}

/** What a file system or mount reports that does not offer to sync files or folders, such as some of FUSE and SMB. */
const notOffered: readonly string[] = [
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EBADF',
  'EPERM',
  'EACCES',
  'EISDIR',
];

async function sync(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } catch (error) {
    if (!notOffered.includes(systemErrorCode(error))) throw error;
  }
}
