import type { Server } from 'node:net';
import { dirname, resolve } from 'node:path';
import { configurationError, type PartnerAuthError } from '../lib/errors.ts';
import { fsPromises } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { withFileLock } from '../stores/file-lock.ts';
import { createFolder } from '../stores/files.ts';
import { isServed, listenOn } from './listen-on.ts';

/** In bytes, of `sockaddr_un`. Node cuts off what is longer, or fails without saying why, depending on its version. */
const maxLength = process.platform === 'linux' ? 107 : 103;

/**
 * Listens on a Unix socket that only this user can connect to: in a folder of mode 0700, which is created if it is absent.
 * The socket of a gateway that was killed is replaced. Resolves with the absolute path.
 *
 * @throws PartnerAuthError `configuration` if the path is too long, is used by something else, or its folder is open to others.
 */
export async function listenOnUnixSocket(server: Server, given: string): Promise<string> {
  if (process.platform === 'win32')
    throw refusal('cannot be used on Windows, where a pipe cannot be closed to other users. Use the port');
  if (typeof (given as unknown) !== 'string' || given === '' || given.includes('\0'))
    throw refusal('must be the path of a socket');
  const path = resolve(given);
  const length = Buffer.byteLength(path);
  if (length > maxLength)
    throw refusal(`is too long: ${path} has ${length} bytes, and a socket can have ${maxLength}. Use a shorter folder`);
  await prepareFolder(dirname(path));
  // Of two gateways that find the same stale socket, the second would otherwise remove that of the first.
  await withFileLock(`${path}.lock`, async () => {
    await removeStale(path);
    await listenOn(server, { path }).catch((error: unknown) => {
      throw refusal(`${path} cannot be created (${systemErrorCode(error)})`);
    });
    await fsPromises().chmod(path, 0o600);
  });
  return path;
}

async function prepareFolder(folder: string): Promise<void> {
  const { lstat } = fsPromises();
  try {
    await createFolder(folder, 0o600);
    const stats = await lstat(folder);
    if (!stats.isDirectory()) throw refusal(`must be in a folder, and ${folder} is not one itself`);
    if (stats.uid !== process.geteuid?.())
      throw refusal(`must be in a folder of yours, and ${folder} belongs to another user`);
    const mode = stats.mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw refusal(
        `must be in a folder that only you can enter, and ${folder} has mode ${mode.toString(8)}. Use a new folder, or run chmod 700 ${folder}`,
      );
  } catch (error) {
    if ((error as PartnerAuthError).setting !== undefined) throw error;
    throw refusal(`must be in a folder, and ${folder} cannot be created (${systemErrorCode(error)})`);
  }
}

/** Only a socket that nothing listens on is removed. */
async function removeStale(path: string): Promise<void> {
  const { lstat, rm } = fsPromises();
  const stats = await lstat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw refusal(`${path} cannot be read (${systemErrorCode(error)})`);
  });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw refusal(`${path} is not a socket. Use another path, or remove it`);
  if (await isServed(path)) throw refusal(`${path} is in use by another program. Use another path, or stop that one`);
  await rm(path, { force: true });
}

function refusal(problem: string): PartnerAuthError {
  return configurationError('unixSocket', `unixSocket ${problem}.`);
}
