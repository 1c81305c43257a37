import { randomUUID } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PartnerAuthError } from '../errors.ts';
import { parseJson } from '../json.ts';
import { parseStoredRecord, type StoredRecord } from '../session/record.ts';
import { withFileLock } from './file-lock.ts';
import { systemErrorCode } from './system-error.ts';
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
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return undefined;
      throw storeError(`The session file ${file} could not be read (${code}). Check its permissions.`);
    }
    const parsed = parseStoredRecord(parseJson(text));
    if ('record' in parsed) return parsed.record;
    throw await setAside(parsed.problem);
  }

  async function setAside(problem: string): Promise<PartnerAuthError> {
    const aside = `${file}.corrupt-${Date.now()}`;
    const kept = await rename(file, aside).then(
      () => `It was set aside as ${basename(aside)}`,
      () => 'It could not be set aside',
    );
    const restored = await rename(previous, file).then(
      () => 'the generation before it took its place: try again, and sign in again if the partner refuses it',
      () => 'no earlier generation is there: sign in again',
    );
    return storeError(`The session file ${file} is damaged: ${problem}. ${kept}; ${restored}.`);
  }

  return {
    read,
    async write(record) {
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await removeLeftovers(abandonedAfter);
        await writeNew(temporary, `${JSON.stringify(record)}\n`);
        await keepPrevious();
        await rename(temporary, file);
        await syncFolder(dirname(file));
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        const code = systemErrorCode(error);
        throw storeError(`The session file ${file} could not be written (${code}). Check free space and permissions.`);
      }
    },
    async clear() {
      try {
        await rm(file, { force: true });
        await rm(previous, { force: true });
        await removeLeftovers(0);
      } catch (error) {
        throw storeError(`The session file ${file} could not be removed (${systemErrorCode(error)}).`);
      }
    },
    lock: (fn, options) => withFileLock(`${file}.lock`, fn, options),
    onDidChange(listener) {
      const name = basename(file);
      try {
        const watcher = watch(dirname(file), { persistent: false }, (_event, changed) => {
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

  async function keepPrevious(): Promise<void> {
    const content = await readFile(file, 'utf8').catch(() => undefined);
    if (content === undefined) return;
    const temporary = `${file}.${randomUUID()}.tmp`;
    await writeNew(temporary, content);
    await rename(temporary, previous);
  }

  /** Temporary files of processes that were killed while writing hold tokens too. */
  async function removeLeftovers(olderThan: number): Promise<void> {
    const names = await readdir(dirname(file)).catch(() => []);
    for (const name of names) {
      if (!name.startsWith(`${basename(file)}.`) || !name.endsWith('.tmp')) continue;
      const path = join(dirname(file), name);
      const age = await stat(path).then(
        ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
        () => 0,
      );
      if (age >= olderThan) await rm(path, { force: true });
    }
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
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
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function storeError(message: string): PartnerAuthError {
  return new PartnerAuthError('store', message, { setting: 'store' });
}
