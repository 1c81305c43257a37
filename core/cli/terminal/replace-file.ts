import { createWriteStream } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { randomUUID } from 'node:crypto';
import { configurationFailure } from '../usage-error.ts';

/**
 * Writes a file that appears only when it is complete. A link stays a link, and a file keeps its permissions. What is no
 * file, such as a device or a pipe, is never replaced: the body is written into it.
 */
export async function replaceFile(path: string, body: ReadableStream<Uint8Array>): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path);
    const before = await stat(target).catch(() => undefined);
    if (before === undefined || before.isFile()) await writeAside(target, body, before?.mode);
    else await pipeline(body, createWriteStream(target));
  } catch (error) {
    throw isSystemError(error) ? unwritable(path, error) : error;
  }
}

async function writeAside(target: string, body: ReadableStream<Uint8Array>, mode: number | undefined): Promise<void> {
  const temporary = `${target}.${randomUUID().slice(0, 8)}.part`;
  const file = await open(temporary, 'wx', mode === undefined ? 0o666 : 0o600).catch(async (error: unknown) => {
    await body.cancel();
    throw error;
  });
  try {
    try {
      if (mode !== undefined) await file.chmod(mode & 0o777);
      for await (const chunk of body) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function unwritable(path: string, error: unknown): Error {
  return configurationFailure(
    `The file ${path} could not be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
  );
}
