import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PartnerAuthError } from '../lib/errors.ts';
import { fsPromises, lazy, nodeCrypto, nodeFs } from '../lib/node-modules.ts';
import { parseJson } from '../lib/json.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { defaultLockTimeout, type HeldLock, type LockOptions } from './token-store.ts';

/** How often the owner of a lock updates its file, in ms. */
const heartbeatInterval = 1_000;
/** A lock is taken over once its waiter has seen no heartbeat for this long, in ms. */
const staleAfter = 10_000;
/** How much of the time between two reads of the lock file counts as waiting, in ms. */
const maxCountedPause = 1_000;

/** The content of a lock file. */
interface Owner {
  readonly id: string;
  readonly pid: number;
  /** See `hostId`. */
  readonly host: string;
}

/**
 * Runs `fn` while holding a lock file that names its owner. A lock whose owner ran on this machine and has exited is
 * taken over at once; that of another machine or of a process that hangs, after 10 s without a heartbeat.
 *
 * @throws PartnerAuthError `lock` if the lock could not be acquired within the timeout, `store` if its file could not
 * be created; whatever `fn` throws.
 */
export async function withFileLock<T>(
  path: string,
  fn: (held: HeldLock) => Promise<T>,
  { timeout = defaultLockTimeout }: LockOptions = {},
): Promise<T> {
  const owner: Owner = { id: nodeCrypto().randomUUID(), pid: process.pid, host: hostId() };
  await acquire(path, owner, timeout);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A failed heartbeat is ignored: callers check stillHeld() where the loss of the lock matters.
    fsPromises()
      .utimes(path, now, now)
      .catch(() => undefined);
  }, heartbeatInterval).unref();
  try {
    return await fn({ stillHeld: async () => (await readOwner(path))?.id === owner.id });
  } finally {
    clearInterval(heartbeat);
    if ((await readOwner(path).catch(() => undefined))?.id === owner.id) await remove(path);
  }
}

async function acquire(path: string, owner: Owner, timeout: number): Promise<void> {
  let waited = 0;
  let last = performance.now();
  let seen: { version: string; since: number } | undefined;
  for (;;) {
    const now = performance.now();
    // A longer time means that this process hung or the machine slept, and the owner may have slept too.
    waited += Math.min(now - last, maxCountedPause);
    last = now;
    const lock = await readLock(path);
    if (lock === undefined) {
      if (await createLockFile(path, owner)) return;
    } else {
      if (lock.version !== seen?.version) seen = { version: lock.version, since: waited };
      const isAbandoned = lock.owner !== undefined && hasExited(lock.owner);
      const isStale = isAbandoned || waited - seen.since > staleAfter;
      if (isStale && (await removeStaleLock(path, lock.version, owner))) continue;
    }
    if (waited > timeout) {
      const holder = lock?.owner === undefined ? 'another process' : `process ${lock.owner.pid}`;
      throw new PartnerAuthError(
        'lock',
        `The lock file ${path} has been held by ${holder} for more than ${Math.round(timeout / 1000)} s. Try again; if no such process is running, remove the file.`,
      );
    }
    await wait(10 + Math.random() * 30);
  }
}

async function createLockFile(path: string, owner: Owner): Promise<boolean> {
  const temporary = `${path}.${owner.id}.tmp`;
  try {
    await writeNew(temporary, owner);
    // Created together with its content: a lock without an owner could not be taken over at once if this process died.
    await fsPromises()
      .link(temporary, path)
      .catch(async (error: unknown) => {
        if (['EEXIST', 'ENOENT'].includes(systemErrorCode(error))) throw error;
        // The file system has no hard links.
        await writeNew(path, owner);
      });
    return true;
  } catch (error) {
    let code: string | undefined = systemErrorCode(error);
    if (code === 'EEXIST') return false;
    // Windows reports this while another process removes the file.
    if (code === 'EPERM' && process.platform === 'win32') return false;
    if (code === 'ENOENT') code = await createFolder(dirname(path));
    if (code === undefined) return false;
    throw new PartnerAuthError(
      'store',
      `The lock file ${path} could not be created (${code}). Check free space and permissions.`,
      { setting: 'store' },
    );
  } finally {
    await remove(temporary);
  }
}

/** Resolves with the code of the error, or undefined on success. */
function createFolder(path: string): Promise<string | undefined> {
  return fsPromises()
    .mkdir(path, { recursive: true, mode: 0o700 })
    .then(() => undefined, systemErrorCode);
}

async function writeNew(path: string, owner: Owner): Promise<void> {
  const handle = await fsPromises().open(path, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(owner));
  } catch (error) {
    await fsPromises().rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * The owner and a version that changes with each heartbeat; undefined if there is no lock. A lock that cannot be read,
 * such as that of another user, or that is not a file has no owner.
 */
async function readLock(path: string): Promise<{ owner: Owner | undefined; version: string } | undefined> {
  try {
    const { mtimeMs, ino } = await fsPromises().lstat(path);
    const owner = await readOwner(path).catch(() => undefined);
    return { owner, version: `${owner?.id ?? ''} ${ino} ${mtimeMs}` };
  } catch {
    return undefined;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  const value = parseJson(await fsPromises().readFile(path, 'utf8'));
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, pid, host } = value as Partial<Owner>;
  return typeof id === 'string' && typeof pid === 'number' && typeof host === 'string' ? { id, pid, host } : undefined;
}

/**
 * Removes a stale lock. Resolves false if another waiter is removing it, or if it cannot be removed.
 *
 * Only one waiter may do so at a time, or the second would remove the lock that the first has acquired since. Hence a
 * second lock file guards the removal. It is abandoned only by a crash within these few lines.
 */
async function removeStaleLock(path: string, staleVersion: string, waiter: Owner): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await createLockFile(guard, waiter))) {
    const owner = await readOwner(guard).catch(() => undefined);
    const age = await fsPromises()
      .stat(guard)
      .then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
    if ((owner !== undefined && hasExited(owner)) || Math.abs(age) > staleAfter) await remove(guard);
    return false;
  }
  try {
    return (await readLock(path))?.version !== staleVersion || (await remove(path));
  } finally {
    await remove(guard);
  }
}

/** Resolves with whether the file is gone. */
function remove(path: string): Promise<boolean> {
  return fsPromises()
    .rm(path, { force: true })
    .then(
      () => true,
      () => false,
    );
}

function hasExited({ pid, host: ownerHost }: Owner): boolean {
  if (ownerHost !== hostId()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemErrorCode(error) === 'ESRCH';
  }
}

// Process ids are unique only within one machine and, on Linux, one process namespace (container).
const hostId = lazy(() => `${hostname()} ${processNamespace()}`);

function processNamespace(): string {
  try {
    return nodeFs().readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
