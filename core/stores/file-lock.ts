import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { fsPromises, nodeCrypto } from '../lib/node-modules.ts';
import { parseJson } from '../lib/json.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { wait } from '../lib/wait.ts';
import { createFolder, openInPlace, remove, rename, writeNew } from './files.ts';
import { processState, thisProcess, type ProcessIdentity } from './process-identity.ts';
import { defaultLockTimeout, type HeldLock, type LockOptions } from './token-store.ts';

/** How often the owner of a lock updates its file, in ms. */
const heartbeatInterval = 1_000;
/** A lock whose owner may have exited is taken over once its waiter has seen no heartbeat for this long, in ms. */
const staleAfter = 10_000;
/** How much of the time between two reads of the lock file counts as waiting, in ms. */
const maxCountedPause = 1_000;

/** The content of a lock file. */
interface Owner extends ProcessIdentity {
  readonly id: string;
  /** The owner has released the lock but could not remove its file. */
  readonly released?: true;
}

export interface FileLockOptions extends LockOptions {
  /** Of the lock file. Default 0o600. */
  readonly mode?: number;
  /** By which the timeout counts, for tests. Whether an owner has exited is always decided by the time of the machine. */
  readonly clock?: Pick<Clock, 'monotonic'> | undefined;
}

/**
 * Runs `fn` while holding a lock file that names its owner. A lock whose owner ran on this machine and has exited is
 * taken over at once. One whose owner runs is not taken over, even if the owner hangs. If neither is known, as with an
 * owner on another machine, it is taken over after 10 s without a heartbeat.
 *
 * @throws PartnerAuthError `lock` if the lock could not be acquired within the timeout, `store` if its file could not
 * be created; whatever `fn` throws.
 */
export async function withFileLock<T>(
  path: string,
  fn: (held: HeldLock) => Promise<T>,
  { timeout = defaultLockTimeout, mode = 0o600, clock }: FileLockOptions = {},
): Promise<T> {
  const owner: Owner = { id: nodeCrypto().randomUUID(), ...thisProcess() };
  const lockFile = { path, owner, mode };
  await acquire(lockFile, timeout, clock);
  const heartbeat = setInterval(() => {
    // A failed heartbeat is ignored: callers check stillHeld() where the loss of the lock matters.
    void withOwnLock(lockFile, beat).catch(() => undefined);
  }, heartbeatInterval).unref();
  try {
    return await fn({ stillHeld: async () => (await readOwner(path))?.id === owner.id });
  } finally {
    clearInterval(heartbeat);
    await release(lockFile);
  }
}

interface LockFile {
  readonly path: string;
  readonly owner: Owner;
  readonly mode: number;
}

/** Opens the lock file, and calls `fn` unless it is that of another owner. */
async function withOwnLock({ path, owner }: LockFile, fn: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await openInPlace(path, 'readWrite');
  try {
    if (parseOwner(await handle.readFile('utf8'))?.id === owner.id) await fn(handle);
  } finally {
    await handle.close();
  }
}

async function beat(handle: FileHandle): Promise<void> {
  const now = new Date();
  try {
    await handle.utimes(now, now);
  } catch {
    // The file system does not permit to set times. Writing sets them too.
    await handle.write('{', 0);
  }
}

async function release(lockFile: LockFile): Promise<void> {
  const { path, owner } = lockFile;
  if ((await readOwner(path).catch(() => undefined))?.id !== owner.id) return;
  if (await isRemoved(path)) return;
  const content = JSON.stringify({ ...owner, released: true } satisfies Owner);
  await withOwnLock(lockFile, (handle) => handle.writeFile(content)).catch(() => undefined);
}

async function acquire(lockFile: LockFile, timeout: number, clock: FileLockOptions['clock']): Promise<void> {
  const { path } = lockFile;
  const start = clock?.monotonic() ?? 0;
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
      if (await createLockFile(lockFile)) return;
    } else {
      if (lock.version !== seen?.version) seen = { version: lock.version, since: waited };
      const isSilent = waited - seen.since > staleAfter;
      if (isAbandoned(lock.owner, isSilent) && (await takeOver(lockFile, lock))) continue;
    }
    if ((clock === undefined ? waited : clock.monotonic() - start) > timeout) {
      const holder = lock?.owner === undefined ? 'another process' : `process ${lock.owner.pid}`;
      throw new PartnerAuthError(
        'lock',
        `The lock file ${path} has been held by ${holder} for more than ${Math.round(timeout / 1000)} s. Try again; if no such process is running, remove the file.`,
      );
    }
    await wait(10 + Math.random() * 30);
  }
}

/** @param isSilent whether its heartbeat has stopped. */
function isAbandoned(owner: Owner | undefined, isSilent: boolean): boolean {
  if (owner === undefined) return isSilent;
  if (owner.released === true) return true;
  const state = processState(owner);
  return state === 'exited' || (state === 'unknown' && isSilent);
}

async function createLockFile({ path, owner, mode }: LockFile, isRetry = false): Promise<boolean> {
  const temporary = `${path}.${owner.id}.tmp`;
  const content = JSON.stringify(owner);
  try {
    await writeNew(temporary, content, mode);
    // Created together with its content: a lock without an owner could not be taken over at once if this process died.
    await fsPromises()
      .link(temporary, path)
      .catch(async (error: unknown) => {
        if (['EEXIST', 'ENOENT'].includes(systemErrorCode(error))) throw error;
        // The file system has no hard links.
        await writeNew(path, content, mode);
      });
    return true;
  } catch (error) {
    let code: string | undefined = systemErrorCode(error);
    if (code === 'EEXIST') return false;
    // Windows reports this while another process removes the file.
    if (code === 'EPERM' && process.platform === 'win32') return false;
    if (code === 'ENOENT' && !isRetry) {
      code = await createFolder(dirname(path), mode).then(() => undefined, systemErrorCode);
      if (code === undefined) return await createLockFile({ path, owner, mode }, true);
    }
    throw new PartnerAuthError(
      'store',
      `The lock file ${path} could not be created (${code}). Check free space and permissions.`,
      { setting: 'store' },
    );
  } finally {
    await isRemoved(temporary);
  }
}

interface FoundLock {
  readonly owner: Owner | undefined;
  /** Changes with each heartbeat. */
  readonly version: string;
  readonly inode: number;
  readonly isFolder: boolean;
}

/**
 * Undefined if there is no lock. A lock that cannot be read, such as that of another user, or that is not a file has no
 * owner.
 */
async function readLock(path: string): Promise<FoundLock | undefined> {
  try {
    const stats = await fsPromises().lstat(path);
    const owner = await readOwner(path).catch(() => undefined);
    const version = `${owner?.id ?? ''} ${stats.ino} ${stats.mtimeMs}`;
    return { owner, version, inode: stats.ino, isFolder: stats.isDirectory() };
  } catch {
    return undefined;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  const handle = await openInPlace(path, 'read');
  try {
    return parseOwner(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

function parseOwner(content: string): Owner | undefined {
  const value = parseJson(content);
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, pid, host, machine = '', start, released } = value as Partial<Owner>;
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) return undefined;
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof machine !== 'string') return undefined;
  return {
    id,
    pid,
    host,
    machine,
    ...(typeof start === 'string' && { start }),
    ...(released === true && { released }),
  };
}

/**
 * Removes an abandoned lock. Resolves false if another waiter is removing it, or if it cannot be removed.
 *
 * Only one waiter may remove it, or the second would remove the lock that the first has acquired since. The one that creates
 * the claim, whose name contains the id of the abandoned lock, may do so. A waiter that dies meanwhile leaves its claim,
 * which is abandoned in the same way: the next waiter claims the claim.
 */
async function takeOver(lockFile: LockFile, lock: FoundLock): Promise<boolean> {
  if (lock.isFolder) return false;
  const { path, owner, mode } = lockFile;
  const claims: string[] = [];
  for (let id = lock.owner?.id ?? String(lock.inode); ;) {
    const claim = `${path}.takeover-${id}`;
    claims.push(claim);
    if (await createLockFile({ path: claim, owner, mode })) break;
    const claimant = await readLock(claim);
    if (claimant?.owner === undefined || !isAbandoned(claimant.owner, await isOld(claim))) return false;
    id = claimant.owner.id;
  }
  try {
    return (await readLock(path))?.version !== lock.version || (await isRemovedIf(path, lock));
  } finally {
    for (const claim of claims) await isRemoved(claim);
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await fsPromises()
    .stat(path)
    .catch(() => ({ mtimeMs: Date.now() }));
  return Math.abs(Date.now() - mtimeMs) > staleAfter;
}

/** Removes the lock file unless it has been replaced since it was read. */
async function isRemovedIf(path: string, lock: FoundLock): Promise<boolean> {
  const aside = `${path}.${nodeCrypto().randomUUID()}.tmp`;
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  const found = await readLock(aside);
  if (found?.inode !== lock.inode || found.owner?.id !== lock.owner?.id) {
    // The owner has released it just now, and this is the lock of another process.
    await fsPromises()
      .link(aside, path)
      .catch(() => undefined);
  }
  await isRemoved(aside);
  return true;
}

/** Resolves with whether the file is gone. */
function isRemoved(path: string): Promise<boolean> {
  return remove(path).then(
    () => true,
    () => false,
  );
}
