import { basename, dirname, join, resolve } from 'node:path';
import { parseJson } from '../lib/json.ts';
import { files, nodeCrypto, nodeFs } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { withFileLock } from './file-lock.ts';
import { newerRecordError, storeError } from './store-errors.ts';
import { parseStoredRecord, type ParsedRecord, type StoredRecord } from './stored-record.ts';
import type { TokenStore } from './token-store.ts';

const abandonedAfter = 60_000;

/**
 * Keeps one session in a JSON file of mode 0600, in clear text: protect it like a password. Beside it stand
 * `<path>.previous` (the generation before) and, while in use, `<path>.lock`. Folders are made when needed (0700).
 *
 * A file that is no session is set aside as `<path>.corrupt-<time>`, the previous generation takes its place, and the read
 * that found it fails with code `store`.
 */
export function fileStore(path: string): TokenStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('fileStore needs the path of a file.');
  const file = resolve(path);
  const previous = `${file}.previous`;

  async function read(): Promise<StoredRecord | undefined> {
    const found = await look(file);
    if (found === undefined) return undefined;
    return found.kind === 'invalid' ? repair(found.problem) : recordOf(found);
  }

  function recordOf(found: Exclude<ParsedRecord, { kind: 'invalid' }>): StoredRecord {
    if (found.kind === 'newer') throw newerRecordError(`The session file ${file}`, found.version);
    return found.record;
  }

  // Only one at a time, or the second would set aside what the first has put in the place of the damaged file.
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
    const found = await look(file);
    if (found !== undefined && found.kind !== 'invalid') return recordOf(found);
    const aside = `${file}.corrupt-${Date.now()}`;
    const moved = await files()
      .rename(file, aside)
      .then(
        () => true,
        () => false,
      );
    // A session may have been written between our look and our move.
    const taken = moved ? await look(aside) : undefined;
    if (taken !== undefined && taken.kind !== 'invalid') {
      await moveUnlessTaken(aside, file);
      return recordOf(taken);
    }
    const kept = moved ? `It was set aside as ${basename(aside)}` : 'It could not be set aside';
    const restored = (await moveUnlessTaken(previous, file))
      ? 'the generation before it took its place: try again, and sign in again if the partner refuses it'
      : 'no earlier generation is there: sign in again';
    throw storeError(`The session file ${file} is damaged: ${found?.problem ?? problem}. ${kept}; ${restored}.`);
  }

  return {
    read,
    async write(record) {
      const temporary = `${file}.${nodeCrypto().randomUUID()}.tmp`;
      try {
        await files().mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await removeLeftovers(abandonedAfter);
        const text = `${JSON.stringify(record)}\n`;
        try {
          await writeNew(temporary, text);
          await keepPrevious();
          await files().rename(temporary, file);
        } catch (error) {
          // The partner's answer can not be asked for again; an intent can wait for a disk with room.
          if (!isFull(error) || 'intent' in record) throw error;
          await files().rm(temporary, { force: true });
          await writeOver(previous, text);
          await files().rename(previous, file);
        }
        await syncFolder(dirname(file));
      } catch (error) {
        await files()
          .rm(temporary, { force: true })
          .catch(() => undefined);
        const code = systemErrorCode(error);
        throw storeError(`The session file ${file} could not be written (${code}). Check free space and permissions.`);
      }
    },
    async clear() {
      try {
        await files().rm(file, { force: true });
        await files().rm(previous, { force: true });
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
        // The folder does not exist yet or can not be watched: a refresh re-reads the file anyway.
        return () => undefined;
      }
    },
  };

  /** A copy that can not be made is no reason to lose what is to be written. */
  async function keepPrevious(): Promise<void> {
    const content = await files()
      .readFile(file, 'utf8')
      .catch(() => '');
    if (parseStoredRecord(parseJson(content)).kind !== 'record') return;
    const temporary = `${file}.${nodeCrypto().randomUUID()}.tmp`;
    try {
      await writeNew(temporary, content);
      await files().rename(temporary, previous);
    } catch {
      await files().rm(temporary, { force: true });
    }
  }

  /** Temporary files of processes that were killed while writing hold tokens too, and so do damaged files set aside. */
  async function removeLeftovers(olderThan: number, damagedToo = false): Promise<void> {
    const names = await files()
      .readdir(dirname(file))
      .catch(() => []);
    for (const name of names) {
      if (!name.startsWith(`${basename(file)}.`)) continue;
      if (!name.endsWith('.tmp') && !(damagedToo && name.includes('.corrupt-'))) continue;
      const path = join(dirname(file), name);
      const age = await files()
        .stat(path)
        .then(
          ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
          () => 0,
        );
      if (age >= olderThan) await files().rm(path, { force: true });
    }
  }
}

async function look(path: string): Promise<ParsedRecord | undefined> {
  try {
    return parseStoredRecord(parseJson(await files().readFile(path, 'utf8')));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    throw storeError(`The session file ${path} could not be read (${code}). Check its permissions.`);
  }
}

/** False when there is nothing to move. What somebody has put there meanwhile is newer and stays. */
async function moveUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await files().link(from, to);
    await files().rm(from, { force: true });
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return false;
    if (code === 'EEXIST') return true;
    // A file system without hard links.
    return files()
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

/** Uses the room that the file has already. */
async function writeOver(path: string, content: string): Promise<void> {
  const handle = await files().open(path, 'r+');
  try {
    await handle.writeFile(content);
    await handle.truncate(Buffer.byteLength(content));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  const handle = await files().open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is durable only once its folder is; Windows can not open folders and needs no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await files().open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
