import type { Stats } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { nodeFs } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { storeError } from './store-errors.ts';

/** The same limit as that of Linux. */
const maxLinks = 40;

/**
 * The path without symbolic links, so that all names of one file lead to the same lock. It need not exist. Checks on the
 * way that no other user can replace a link or folder of it, except on Windows.
 *
 * @throws PartnerAuthError `store` for a link or folder that another user could replace.
 */
export function realPath(path: string): string {
  if (process.platform === 'win32') return realPathOnWindows(path);
  let folder = '/';
  let folderStats = nodeFs().lstatSync(folder);
  let rest = parts(resolve(path));
  for (let links = 0; rest.length > 0;) {
    const [name = '', ...after] = rest;
    const next = join(folder, name);
    const stats = nodeFs().lstatSync(next, { throwIfNoEntry: false });
    assertNoOtherWriters(path, folder, folderStats);
    if (stats === undefined) return join(next, ...after);
    const isLink = stats.isSymbolicLink();
    // The file itself is checked when it is open.
    if (isLink || after.length > 0) assertOwner(path, next, stats, folderStats);
    if (isLink) {
      if (++links > maxLinks) throw storeError(`The file ${path} has too many symbolic links on its way.`);
      const target = resolve(folder, nodeFs().readlinkSync(next));
      // A dangling link to a folder is not followed: the folder would be created where nobody expects it.
      if (after.length > 0 && !nodeFs().existsSync(target)) return join(next, ...after);
      rest = [...parts(target), ...after];
      folder = '/';
      folderStats = nodeFs().lstatSync(folder);
    } else {
      folder = next;
      folderStats = stats;
      rest = after;
    }
  }
  return folder;
}

const parts = (path: string): string[] => path.split(sep).filter((part) => part !== '');

function realPathOnWindows(path: string): string {
  const absolute = resolve(path);
  for (let folder = absolute; ; folder = dirname(folder)) {
    try {
      return join(nodeFs().realpathSync.native(folder), absolute.slice(folder.length));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT' || folder === parse(folder).root) return absolute;
    }
  }
}

function assertNoOtherWriters(path: string, folder: string, { mode }: Stats): void {
  // In a folder with the sticky bit, such as /tmp, only its owner can replace a file.
  if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) return;
  throw storeError(
    `The file ${path} is not safe: every user can replace what is in ${folder}. Use another folder, or run chmod o-w ${folder}.`,
    { retryable: false },
  );
}

function assertOwner(path: string, place: string, { uid }: Stats, folder: Stats): void {
  const user = process.geteuid?.();
  if (user === undefined || [user, 0, folder.uid].includes(uid) || isMountPoint(place)) return;
  throw storeError(
    `The file ${path} is not safe: ${place} belongs to another user (${uid}), who could replace it. Use a folder of your own.`,
    { retryable: false },
  );
}

/** Whether something is mounted at this real path. */
export function isMountPoint(path: string): boolean {
  try {
    const mounts = nodeFs().readFileSync('/proc/self/mountinfo', 'utf8');
    // The fifth field, with blanks and the like as octal numbers (proc(5)).
    return mounts.split('\n').some((line) => unescapeOctal(line.split(' ')[4] ?? '') === path);
  } catch {
    const device = (place: string): number | undefined => nodeFs().lstatSync(place, { throwIfNoEntry: false })?.dev;
    return device(path) !== device(dirname(path));
  }
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
