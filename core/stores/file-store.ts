import { basename, dirname, join, resolve } from 'node:path';
import { parseJson } from '../lib/json.ts';
import { fsPromises, nodeCrypto, nodeFs } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { withFileLock } from './file-lock.ts';
import { newerRecordError, storeError } from './store-errors.ts';
import { parseStoredRecord, type ParsedRecord, type StoredRecord } from './stored-record.ts';
import type { TokenStore } from './token-store.ts';

/** Temporary files of other writers are removed when they are older than this, in ms. */
const leftoverAge = 60_000;

/**
 * Stores one session in a JSON file of mode 0600, unencrypted: protect it like a password. Next to it are
 * `<path>.previous`, the previous generation, and while a lock is held `<path>.lock`. Missing folders are created with
 * mode 0700.
 *
 * A file that is not a valid session is set aside as `<path>.corrupt-<time>` and the previous generation is restored;
 * the read that found it fails with code `store`.
 *
 * @throws TypeError if `path` is not a non-empty string.
 */
export function fileStore(path: string): TokenStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('fileStore() requires the path of a file.');
  const file = resolve(path);
  const previous = `${file}.previous`;

  async function read(): Promise<StoredRecord | undefined> {
    const found = await readRecord(file);
    if (found === undefined) return undefined;
    return found.kind === 'invalid' ? repair(found.problem) : recordOf(found);
  }

  function recordOf(found: Exclude<ParsedRecord, { kind: 'invalid' }>): StoredRecord {
    if (found.kind === 'newer') throw newerRecordError(`The session file ${file}`, found.version);
    return found.record;
  }

  // Only one at a time, or the second would set aside what the first has restored.
  async function repair(problem: string): Promise<StoredRecord> {
    const outcome = await withFileLock(`${file}.repair`, () =>
      setAside(problem).catch((error: unknown) => ({ error })),
    ).catch(() => undefined);
    if (outcome === undefined) {
      throw storeError(`The session file ${file} is damaged: ${problem}. It could not be set aside: sign in again.`);
    }
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }

  async function setAside(problem: string): Promise<StoredRecord> {
    const found = await readRecord(file);
    if (found !== undefined && found.kind !== 'invalid') return recordOf(found);
    const aside = `${file}.corrupt-${Date.now()}`;
    const moved = await fsPromises()
      .rename(file, aside)
      .then(
        () => true,
        () => false,
      );
    // A session may have been written between the read and the move.
    const asideRecord = moved ? await readRecord(aside) : undefined;
    if (asideRecord !== undefined && asideRecord.kind !== 'invalid') {
      await moveIfAbsent(aside, file);
      return recordOf(asideRecord);
    }
    const kept = moved ? `It was set aside as ${basename(aside)}` : 'It could not be set aside';
    const restored = (await moveIfAbsent(previous, file))
      ? 'the previous generation was restored: try again, and sign in again if the partner refuses it'
      : 'there is no previous generation: sign in again';
    throw storeError(`The session file ${file} is damaged: ${found?.problem ?? problem}. ${kept}; ${restored}.`);
  }

  return {
    read,
    async write(record) {
      const temporary = `${file}.${nodeCrypto().randomUUID()}.tmp`;
      try {
        await fsPromises().mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await removeLeftovers(leftoverAge);
        const text = `${JSON.stringify(record)}\n`;
        try {
          await writeNew(temporary, text);
          await keepPrevious();
          await fsPromises().rename(temporary, file);
        } catch (error) {
          // The partner's response cannot be requested again; an intent can wait until there is free space.
          if (!isFull(error) || 'intent' in record) throw error;
          await fsPromises().rm(temporary, { force: true });
          await overwrite(previous, text);
          await fsPromises().rename(previous, file);
        }
        await syncFolder(dirname(file));
      } catch (error) {
        await fsPromises()
          .rm(temporary, { force: true })
          .catch(() => undefined);
        const code = systemErrorCode(error);
        throw storeError(`The session file ${file} could not be written (${code}). Check free space and permissions.`);
      }
    },
    async clear() {
      try {
        await fsPromises().rm(file, { force: true });
        await fsPromises().rm(previous, { force: true });
        await removeLeftovers(0, true);
      } catch (error) {
        throw storeError(`The session file ${file} could not be removed (${systemErrorCode(error)}).`);
      }
    },
    lock: (fn, options) => withFileLock(`${file}.lock`, fn, options),
    onDidChange(listener) {
      const name = basename(file);
      try {
        const watcher = nodeFs().watch(dirname(file), { persistent: false }, (_event, changed) => {
          if (changed === null || changed === name) listener();
        });
        watcher.on('error', () => watcher.close());
        return () => watcher.close();
      } catch {
        // The folder does not exist yet or cannot be watched: a refresh reads the file again anyway.
        return () => undefined;
      }
    },
  };

  /** Fails silently: the new record must be written even if the previous one cannot be copied. */
  async function keepPrevious(): Promise<void> {
    const content = await fsPromises()
      .readFile(file, 'utf8')
      .catch(() => '');
    if (parseStoredRecord(parseJson(content)).kind !== 'record') return;
    const temporary = `${file}.${nodeCrypto().randomUUID()}.tmp`;
    try {
      await writeNew(temporary, content);
      await fsPromises().rename(temporary, previous);
    } catch {
      await fsPromises().rm(temporary, { force: true });
    }
  }

  /** Files of processes that were killed while writing contain tokens, and so do damaged files that were set aside. */
  async function removeLeftovers(minAge: number, includeDamaged = false): Promise<void> {
    const names = await fsPromises()
      .readdir(dirname(file))
      .catch(() => []);
    for (const name of names) {
      if (!name.startsWith(`${basename(file)}.`)) continue;
      if (!name.endsWith('.tmp') && !(includeDamaged && name.includes('.corrupt-'))) continue;
      const path = join(dirname(file), name);
      const age = await fsPromises()
        .stat(path)
        .then(
          ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
          () => 0,
        );
      if (age >= minAge) await fsPromises().rm(path, { force: true });
    }
  }
}

async function readRecord(path: string): Promise<ParsedRecord | undefined> {
  try {
    return parseStoredRecord(parseJson(await fsPromises().readFile(path, 'utf8')));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    throw storeError(`The session file ${path} could not be read (${code}). Check its permissions.`);
  }
}

/** Resolves false if there is nothing to move. A file that another process has created at `to` is newer and is kept. */
async function moveIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await fsPromises().link(from, to);
    await fsPromises().rm(from, { force: true });
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return false;
    if (code === 'EEXIST') return true;
    // The file system has no hard links.
    return fsPromises()
      .rename(from, to)
      .then(
        () => true,
        () => false,
      );
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error));
}

/** Writes into an existing file, which needs no new space on a full disk. */
async function overwrite(path: string, content: string): Promise<void> {
  const handle = await fsPromises().open(path, 'r+');
  try {
    await handle.writeFile(content);
    await handle.truncate(Buffer.byteLength(content));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  const handle = await fsPromises().open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is durable only once its folder is synced. Windows cannot open folders and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fsPromises().open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
