import { open, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { configurationFailure } from '../usage-error.ts';

/** Writes a file that appears only when it is complete. */
export async function replaceFile(path: string, body: ReadableStream<Uint8Array>): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.part`;
  const file = await open(temporary, 'wx').catch(async (error: unknown) => {
    await body.cancel();
    throw unwritable(path, error);
  });
  try {
    try {
      for await (const chunk of body) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw isSystemError(error) ? unwritable(path, error) : error;
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
