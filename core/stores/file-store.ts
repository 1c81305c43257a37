import { basename, dirname, join, resolve } from 'node:path';
import { callSafely } from '../lib/call-safely.ts';
import { parseJson } from '../lib/json.ts';
import { fsPromises, nodeCrypto, nodeFs } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { checkClock, completeClock, type Clock } from '../lib/clock.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { withFileLock } from './file-lock.ts';
import { ageOf, createFolder, overwrite, remove, rename, syncFolder, writeNew } from './files.ts';
import { openOwnFile } from './own-file.ts';
import { realPath } from './real-path.ts';
import { newerRecordError, storeError } from './store-errors.ts';
import { isEncrypted, isSignOut, parseStoredRecord, type StoredRecord } from './stored-record.ts';
import type { LockOptions, HeldLock, TokenStore } from './token-store.ts';

/** Options of `fileStore()`. */
export interface FileStoreOptions {
  /**
   * Share the file with its group: files have mode 0660, new folders 0770. Without it, a file to which its group has
   * access is refused. Default false.
   */
  readonly allowGroup?: boolean;
  /** By which the wait for a lock counts, for tests, such as the `clock` of a sandbox. Default: `systemClock`. */
  readonly clock?: Partial<Clock> | undefined;
}

/** Temporary files of other writers are removed when they are older than this, in ms. */
const leftoverAge = 60_000;

/**
 * Stores one session in a JSON file of mode 0600, unencrypted: protect it like a password. Next to it are
 * `<path>.previous`, the previous generation, and while a lock is held `<path>.lock`. Missing folders are created with
 * mode 0700. Symbolic links are resolved once, so that all names of a file share its lock.
 *
 * An empty file is no session. A file that is not a valid session is set aside as `<path>.corrupt-<time>` and the
 * previous generation is restored; the read that found it fails with code `store`. So does every operation, except on
 * Windows, where another user could replace or change the file, or could read it by its mode.
 *
 * A relative path is resolved against the working directory when the store is made, not later; `status.storePath` and errors
 * state the absolute one.
 *
 * @throws TypeError if `path` is not a non-empty string, or for an unknown option.
 */
export function fileStore(path: string, options: FileStoreOptions = {}): TokenStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('fileStore() requires the path of a file.');
  assertKnownKeys('fileStore', options, ['allowGroup', 'clock']);
  checkClock(options.clock);
  // A later change of the working directory must not lead to another session.
  const absolute = resolve(path);
  const file = recordFile<StoredRecord>(absolute, {
    allowGroup: options.allowGroup === true,
    clock: options.clock && completeClock(options.clock),
    what: 'session file',
    parse: parseSessionFile,
  });
  return { ...file, path: absolute };
}

export function parseSessionFile(value: unknown): ParsedContent<StoredRecord> {
  const parsed = parseStoredRecord(value);
  return parsed.kind === 'encrypted' ? { kind: 'record', record: parsed.record } : parsed;
}

/** What the content of a file is. */
export type ParsedContent<R> =
  | { readonly kind: 'record'; readonly record: R }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'invalid'; readonly problem: string };

export interface RecordFileOptions<R> {
  readonly allowGroup: boolean;
  /** See `FileStoreOptions`. */
  readonly clock?: Clock | undefined;
  /** For messages, such as `session file`. */
  readonly what: string;
  readonly parse: (value: unknown) => ParsedContent<R>;
}

/** A file with one record, as `fileStore()` describes it. */
export interface RecordFile<R> {
  read(): Promise<R | undefined>;
  write(record: R): Promise<void>;
  clear(): Promise<void>;
  lock<T>(fn: (held: HeldLock) => Promise<T>, options?: LockOptions): Promise<T>;
  onDidChange(listener: () => void): () => void;
}

export function recordFile<R extends object>(
  path: string,
  { allowGroup, clock, what, parse }: RecordFileOptions<R>,
): RecordFile<R> {
  const mode = allowGroup ? 0o660 : 0o600;
  let resolved: Files | undefined;

  function files(): Files {
    if (resolved !== undefined) return resolved;
    let file: string;
    try {
      file = realPath(path);
    } catch (error) {
      if (error instanceof PartnerAuthError) throw error;
      throw storeError(`The ${what} ${path} could not be found (${systemErrorCode(error)}). Check its folders.`);
    }
    const found = { file, previous: `${file}.previous` };
    // Until the file exists, a link may still be put in its place.
    if (nodeFs().existsSync(file)) resolved = found;
    return found;
  }

  async function readContent(file: string): Promise<string | undefined> {
    try {
      const handle = await openOwnFile(file, 'read', { allowGroup });
      try {
        return await handle.readFile('utf8');
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (error instanceof PartnerAuthError) throw error;
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return undefined;
      throw storeError(`The ${what} ${file} could not be read (${code}). Check its permissions.`);
    }
  }

  async function readRecord({ file, previous }: Files): Promise<ParsedContent<R> | undefined> {
    const content = await readContent(file);
    if (content === undefined) return undefined;
    // A crash may leave an empty file as well, but then there is a previous generation.
    if (content.trim() === '' && !nodeFs().existsSync(previous)) return undefined;
    return parse(parseJson(content));
  }

  async function read(): Promise<R | undefined> {
    const found = await readRecord(files());
    if (found === undefined) return undefined;
    return found.kind === 'invalid' ? repair(found.problem) : recordOf(found);
  }

  function recordOf(found: Exclude<ParsedContent<R>, { kind: 'invalid' }>): R {
    if (found.kind === 'newer') throw newerRecordError(`The ${what} ${files().file}`, found.version);
    return found.record;
  }

  // Only one at a time, or the second would set aside what the first has restored.
  async function repair(problem: string): Promise<R> {
    const { file } = files();
    const outcome = await withFileLock(
      `${file}.repair`,
      () => setAside(problem).catch((error: unknown) => ({ error })),
      { mode },
    ).catch(() => undefined);
    if (outcome === undefined) {
      throw storeError(`The ${what} ${file} is damaged: ${problem}. It could not be set aside: sign in again.`);
    }
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }

  async function setAside(problem: string): Promise<R> {
    const { file, previous } = files();
    const found = await readRecord(files());
    if (found !== undefined && found.kind !== 'invalid') return recordOf(found);
    const aside = `${file}.corrupt-${Date.now()}`;
    const moved = await isMovedAside(file, aside);
    // A session may have been written between the read and the move.
    const asideRecord = moved ? parse(parseJson((await readContent(aside)) ?? '')) : undefined;
    if (asideRecord !== undefined && asideRecord.kind !== 'invalid') {
      await restore(aside, file);
      return recordOf(asideRecord);
    }
    const kept = moved ? `It was set aside as ${basename(aside)}` : 'It could not be set aside';
    const restored = (await restore(previous, file))
      ? 'the previous generation was restored: try again, and sign in again if the partner refuses it'
      : 'there is no previous generation: sign in again';
    throw storeError(`The ${what} ${file} is damaged: ${found?.problem ?? problem}. ${kept}; ${restored}.`);
  }

  /** A file that is mounted cannot be moved: it is copied and emptied instead. */
  async function isMovedAside(file: string, aside: string): Promise<boolean> {
    try {
      await rename(file, aside);
      return true;
    } catch (error) {
      if (!isInPlaceOnly(error)) return false;
    }
    try {
      await writeNew(aside, (await readContent(file)) ?? '', mode);
      await writeInPlace(file, '');
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Moves `from` to `to` unless another process has created a file there, which is newer. Resolves false if there is
   * nothing to move.
   */
  async function restore(from: string, to: string): Promise<boolean> {
    try {
      await fsPromises().link(from, to);
      await remove(from);
      return true;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return false;
      if (code === 'EEXIST') {
        // A mounted file cannot be removed, and is empty now.
        if ((await readContent(to)) === '') {
          await writeInPlace(to, (await readContent(from)) ?? '');
          await remove(from);
        }
        return true;
      }
      // The file system has no hard links.
      return rename(from, to).then(
        () => true,
        () => false,
      );
    }
  }

  /** Writes into an existing file, which requires no rename, and no new space on a full disk. */
  async function writeInPlace(path: string, content: string): Promise<void> {
    const handle = await openOwnFile(path, 'readWrite', { allowGroup });
    try {
      await overwrite(handle, content);
    } finally {
      await handle.close();
    }
  }

  async function write(record: R): Promise<void> {
    const { file, previous } = files();
    const temporary = temporaryName(file);
    const text = `${JSON.stringify(record)}\n`;
    try {
      await createFolder(dirname(file), mode);
      await removeLeftovers(file, leftoverAge);
      try {
        await writeNew(temporary, text, mode);
        if (!isSignOut(record)) await keepPrevious();
        await replaceBy(temporary, text);
      } catch (error) {
        // The partner's response cannot be requested again; an intent can wait until there is free space.
        if (!isFull(error) || (await canWait(record))) throw error;
        await remove(temporary);
        if (isSignOut(record)) {
          await writeInPlace(file, text);
        } else {
          await writeInPlace(previous, text);
          await replaceBy(previous, text);
        }
      }
      await syncFolder(dirname(file));
      if (isSignOut(record)) {
        // Not before the sign-out is durable, or a process that is killed in between would leave no trace of it.
        await remove(previous);
        await removeLeftovers(file, 0, true);
      }
    } catch (error) {
      throw writeError(file, error);
    } finally {
      await remove(temporary).catch(() => undefined);
    }
  }

  /** Whether nothing is lost if a record is not written: an intent, or what an encrypted record adds to stored tokens. */
  async function canWait(record: R): Promise<boolean> {
    if (!isEncrypted(record) || isSignOut(record)) return 'intent' in record;
    const stored = await readRecord(files()).catch(() => undefined);
    return stored?.kind === 'record' && isEncrypted(stored.record) && stored.record.generation === record.generation;
  }

  /** Moves a file with this text to the place of the session file. */
  async function replaceBy(from: string, text: string): Promise<void> {
    const { file } = files();
    try {
      await rename(from, file);
    } catch (error) {
      if (!isInPlaceOnly(error)) throw error;
      await writeInPlace(file, text);
    }
  }

  function writeError(file: string, error: unknown): PartnerAuthError {
    if (error instanceof PartnerAuthError) return error;
    const code = systemErrorCode(error);
    return storeError(`The ${what} ${file} could not be written (${code}). Check free space and permissions.`);
  }

  /** Fails silently: the new record must be written even if the previous one cannot be copied. */
  async function keepPrevious(): Promise<void> {
    const { file, previous } = files();
    const content = (await readContent(file).catch(() => undefined)) ?? '';
    if (parse(parseJson(content)).kind !== 'record') return;
    const temporary = temporaryName(file);
    try {
      await writeNew(temporary, content, mode);
      await rename(temporary, previous);
    } catch {
      await remove(temporary).catch(() => undefined);
    }
  }

  return {
    read,
    write,
    async clear() {
      const { file, previous } = files();
      try {
        await remove(file).catch(async (error: unknown) => {
          if (!isInPlaceOnly(error)) throw error;
          await writeInPlace(file, '');
        });
        await remove(previous);
        await removeLeftovers(file, 0, true);
      } catch (error) {
        if (error instanceof PartnerAuthError) throw error;
        throw storeError(`The ${what} ${file} could not be removed (${systemErrorCode(error)}).`);
      }
    },
    lock: async (fn, lockOptions) => withFileLock(`${files().file}.lock`, fn, { ...lockOptions, mode, clock }),
    onDidChange(listener) {
      try {
        const { file } = files();
        const name = basename(file);
        const watcher = nodeFs().watch(dirname(file), { persistent: false }, (_event, changed) => {
          if (changed === null || changed === name) callSafely(listener);
        });
        watcher.on('error', () => watcher.close());
        return () => watcher.close();
      } catch {
        // The folder does not exist yet or cannot be watched: a refresh reads the file again anyway.
        return () => undefined;
      }
    },
  };
}

interface Files {
  readonly file: string;
  readonly previous: string;
}

const temporaryName = (file: string): string => `${file}.${nodeCrypto().randomUUID()}.tmp`;

/** Files of processes that were killed while writing contain tokens, and so do damaged files that were set aside. */
async function removeLeftovers(file: string, minAge: number, includeDamaged = false): Promise<void> {
  const names = await fsPromises()
    .readdir(dirname(file))
    .catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`${basename(file)}.`)) continue;
    // The names of a store next to it, such as `<path>.other`, have further dots.
    const suffix = name.slice(basename(file).length + 1);
    if (!/^(?:lock\.)?[^.]+\.tmp$/.test(suffix) && !(includeDamaged && /^corrupt-\d+$/.test(suffix))) continue;
    const path = join(dirname(file), name);
    if ((await ageOf(path)) >= minAge) await remove(path);
  }
}

/** The file cannot be replaced: it is mounted alone, or a program on Windows keeps it open. */
function isInPlaceOnly(error: unknown): boolean {
  const codes = process.platform === 'win32' ? ['EBUSY', 'EPERM', 'EACCES'] : ['EBUSY'];
  return codes.includes(systemErrorCode(error));
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error));
}
