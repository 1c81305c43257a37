import { basename, dirname } from 'node:path';
import { isPartnerAuthError, PartnerAuthError } from '../../lib/errors.ts';
import { parseList, withItem, withItemAt, withoutItemAt } from '../../lib/json-list.ts';
import { fsPromises, nodeCrypto, nodeFs } from '../../lib/node-modules.ts';
import { systemErrorCode } from '../../lib/system-error.ts';
import { withFileLock } from '../../stores/file-lock.ts';
import { createFolder, remove, rename, syncFolder, writeNew } from '../../stores/files.ts';

const mode = 0o600;

export type ListChange =
  | { readonly kind: 'add'; readonly item: unknown }
  | { readonly kind: 'replace'; readonly index: number; readonly item: unknown }
  | { readonly kind: 'remove'; readonly index: number };

/** A file with a JSON list that people edit too. */
export interface ListFile {
  /**
   * The items; none if there is no file or it is blank.
   *
   * @throws PartnerAuthError `store` if it cannot be read. One that is not a JSON list is set aside first.
   */
  read(): Promise<readonly unknown[]>;
  /**
   * Applies the changes that `decide` returns for the current items, under a lock. What they do not concern stays as it
   * is, comments included.
   *
   * @throws PartnerAuthError `store` as `read()`, or if it cannot be written; `lock`; whatever `decide` throws.
   */
  change(decide: (items: readonly unknown[]) => readonly ListChange[]): Promise<void>;
}

export function listFile(path: string, setting: string): ListFile {
  const error = (message: string): PartnerAuthError =>
    new PartnerAuthError('store', message, { setting, retryable: false });

  async function readText(): Promise<string> {
    try {
      return decode(await fsPromises().readFile(path));
    } catch (failure) {
      const code = systemErrorCode(failure);
      if (code === 'ENOENT' && !(await isLink(path))) return '';
      // One to a folder that is not mounted at the moment, for example: a new file would take the place of the link.
      if (code === 'ENOENT')
        throw error(`The file ${path} is a link to a file that does not exist. Create that file, or remove the link.`);
      throw error(`The file ${path} could not be read (${code}). Check it and its permissions.`);
    }
  }

  /** Must be called under the lock, so that nothing that was written meanwhile is moved. */
  async function setAside(): Promise<PartnerAuthError> {
    const problem = problemOf(await readText());
    if (problem === undefined) return error(`The file ${path} was damaged and has been replaced meanwhile. Try again.`);
    const aside = `${path}.corrupt-${Date.now()}`;
    // Fails if the name is taken, which a rename would not.
    await fsPromises().copyFile(path, aside, nodeFs().constants.COPYFILE_EXCL);
    await remove(path);
    return error(
      `The file ${path} is damaged: ${problem}. It was set aside as ${basename(aside)}. Correct it there and rename it to ${basename(path)}, or add what was in it again.`,
    );
  }

  const lock = <T>(fn: () => Promise<T>): Promise<T> => withFileLock(`${path}.lock`, fn);

  async function read(): Promise<readonly unknown[]> {
    const text = await readText();
    const problem = problemOf(text);
    if (problem === undefined) return parseList(text);
    throw await lock(setAside).catch((failure: unknown) => {
      const reason = isPartnerAuthError(failure) ? failure.message : `(${systemErrorCode(failure)})`;
      return error(`The file ${path} is damaged: ${problem}. It could not be set aside: ${reason} Correct the file.`);
    });
  }

  return {
    read,
    async change(decide) {
      await read();
      await lock(async () => {
        const text = await readText();
        if (problemOf(text) !== undefined) throw await setAside();
        let next = text;
        for (const change of decide(parseList(text))) next = changed(next, change);
        if (next !== text) await write(next);
      });
    },
  };

  async function write(text: string): Promise<void> {
    // A link, such as one to a folder of dotfiles, stays a link.
    const target = await fsPromises()
      .realpath(path)
      .catch(() => path);
    const temporary = `${target}.${nodeCrypto().randomUUID()}.tmp`;
    try {
      await createFolder(dirname(target), mode);
      await writeNew(temporary, text, mode);
      await rename(temporary, target);
      await syncFolder(dirname(target));
    } catch (failure) {
      throw error(
        `The file ${path} could not be written (${systemErrorCode(failure)}). Check free space and permissions.`,
      );
    } finally {
      await remove(temporary).catch(() => undefined);
    }
  }
}

function changed(text: string, change: ListChange): string {
  switch (change.kind) {
    case 'add':
      return withItem(text, change.item);
    case 'replace':
      return withItemAt(text, change.index, change.item);
    case 'remove':
      return withoutItemAt(text, change.index);
  }
}

/** Why the text is not a JSON list, without a part of it; undefined if it is one. */
function problemOf(text: string): string | undefined {
  try {
    parseList(text);
    return undefined;
  } catch (failure) {
    const message = failure instanceof Error ? failure.message : '';
    if (message.endsWith('list.')) return 'it must be a JSON list';
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    if (position === undefined) return 'it is not valid JSON';
    const before = text.slice(0, Number(position)).split('\n');
    return `it is not valid JSON at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  }
}

async function isLink(path: string): Promise<boolean> {
  const stats = await fsPromises()
    .lstat(path)
    .catch(() => undefined);
  return stats?.isSymbolicLink() ?? false;
}

/** Editors and shells of Windows write UTF-16 too. */
function decode(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return isUtf16 ? bytes.toString('utf16le') : bytes.toString('utf8');
}
