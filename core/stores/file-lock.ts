import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PartnerAuthError } from '../lib/errors.ts';
import { files, nodeCrypto, nodeFs, onFirstUse } from '../lib/node-modules.ts';
import { parseJson } from '../lib/json.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { defaultLockTimeout, type HeldLock, type LockOptions } from './token-store.ts';

/** How often a holder shows that it lives, in ms. */
const heartbeat = 1_000;
/** A lock whose heartbeat stood still for that long, watched by the waiter itself, is taken over. */
export const staleAfter = 10_000;
/** ms between two looks at a lock that count as waiting. */
const longestPause = 1_000;
interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
}

/**
 * Runs `fn` while holding a lock file that names its owner. A lock of a process that is dead on this machine is taken over
 * at once; one of another machine, or of a process that hangs, when its heartbeat stood still for 10 s.
 *
 * @throws PartnerAuthError `lock` when it was not to be had in time, `store` when the file can not be made.
 */
export async function withFileLock<T>(
  path: string,
  fn: (held: HeldLock) => Promise<T>,
  { timeout = defaultLockTimeout }: LockOptions = {},
): Promise<T> {
  const me: Owner = { id: nodeCrypto().randomUUID(), pid: process.pid, host: host() };
  await acquire(path, me, timeout);
  const beat = setInterval(() => {
    const now = new Date();
    // A lock that is lost shows in stillHeld(), where it matters; a failed heartbeat alone is no reason to stop.
    files()
      .utimes(path, now, now)
      .catch(() => undefined);
  }, heartbeat).unref();
  try {
    return await fn({ stillHeld: async () => (await ownerOf(path))?.id === me.id });
  } finally {
    clearInterval(beat);
    if ((await ownerOf(path).catch(() => undefined))?.id === me.id) await discard(path);
  }
}

async function acquire(path: string, me: Owner, timeout: number): Promise<void> {
  let waited = 0;
  let last = performance.now();
  let seen: { sign: string; since: number } | undefined;
  for (;;) {
    const now = performance.now();
    // More than that between two looks is sleep, or a hang of this process: the owner may have slept as well.
    waited += Math.min(now - last, longestPause);
    last = now;
    const sign = await signOfLife(path);
    if (sign === undefined) {
      if (await create(path, me)) return;
    } else {
      if (sign.text !== seen?.sign) seen = { sign: sign.text, since: waited };
      const dead = sign.owner !== undefined && isDead(sign.owner);
      if ((dead || waited - seen.since > staleAfter) && (await breakLock(path, sign.text, me))) continue;
    }
    if (waited > timeout) {
      const who = sign?.owner === undefined ? 'another process' : `process ${sign.owner.pid}`;
      throw new PartnerAuthError(
        'lock',
        `${who} has held ${path} for more than ${Math.round(timeout / 1000)} s. Try again; if no such process runs, remove that file.`,
      );
    }
    await wait(10 + Math.random() * 30);
  }
}

async function create(path: string, owner: Owner): Promise<boolean> {
  const temporary = `${path}.${owner.id}.tmp`;
  try {
    await writeNew(temporary, owner);
    // In one step with its owner's name: a lock without one could not be taken over from a process that died at once.
    await files()
      .link(temporary, path)
      .catch(async (error: unknown) => {
        if (['EEXIST', 'ENOENT'].includes(systemErrorCode(error))) throw error;
        // A file system without hard links.
        await writeNew(path, owner);
      });
    return true;
  } catch (error) {
    let code: string | undefined = systemErrorCode(error);
    if (code === 'EEXIST') return false;
    // Windows answers so while another process removes the file.
    if (code === 'EPERM' && process.platform === 'win32') return false;
    if (code === 'ENOENT') code = await makeFolder(dirname(path));
    if (code === undefined) return false;
    throw new PartnerAuthError(
      'store',
      `The lock file ${path} could not be made (${code}). Check free space and permissions.`,
      {
        setting: 'store',
      },
    );
  } finally {
    await discard(temporary);
  }
}

/** Resolves the code of the error if it can not be made. */
function makeFolder(path: string): Promise<string | undefined> {
  return files()
    .mkdir(path, { recursive: true, mode: 0o700 })
    .then(() => undefined, systemErrorCode);
}

async function writeNew(path: string, owner: Owner): Promise<void> {
  const handle = await files().open(path, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(owner));
  } catch (error) {
    await files().rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * The owner and a text that changes with each heartbeat; undefined when there is no lock (any more). What can not be read
 * (the lock of another user) or is no file at all is a lock without an owner.
 */
async function signOfLife(path: string): Promise<{ owner: Owner | undefined; text: string } | undefined> {
  try {
    const { mtimeMs, ino } = await files().lstat(path);
    const owner = await ownerOf(path).catch(() => undefined);
    return { owner, text: `${owner?.id ?? ''} ${ino} ${mtimeMs}` };
  } catch {
    return undefined;
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  const value = parseJson(await files().readFile(path, 'utf8'));
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, pid, host } = value as Partial<Owner>;
  return typeof id === 'string' && typeof pid === 'number' && typeof host === 'string' ? { id, pid, host } : undefined;
}

/**
 * Removes a stale lock; false while another waiter is at it, or when it can not be removed. Only one may do so at a time, or the second would remove the
 * lock that the first has made since: hence a second lock file around the removal, itself abandoned only by a crash within
 * these few lines.
 */
async function breakLock(path: string, staleSign: string, me: Owner): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await create(guard, me))) {
    const owner = await ownerOf(guard).catch(() => undefined);
    const age = await files()
      .stat(guard)
      .then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
    if ((owner !== undefined && isDead(owner)) || Math.abs(age) > staleAfter) await discard(guard);
    return false;
  }
  try {
    return (await signOfLife(path))?.text !== staleSign || (await discard(path));
  } finally {
    await discard(guard);
  }
}

/** Resolves whether it is gone. */
function discard(path: string): Promise<boolean> {
  return files()
    .rm(path, { force: true })
    .then(
      () => true,
      () => false,
    );
}

function isDead({ pid, host: ownerHost }: Owner): boolean {
  if (ownerHost !== host()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemErrorCode(error) === 'ESRCH';
  }
}

// Process ids mean something only within one machine and, on Linux, one process namespace (containers).
const host = onFirstUse(() => `${hostname()} ${processNamespace()}`);

function processNamespace(): string {
  try {
    return nodeFs().readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
