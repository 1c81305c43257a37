import { rename, writeFile } from 'node:fs/promises';
import process from 'node:process';

/**
 * Replaces a file in one step, as restoring a backup does. Windows refuses this while somebody has the file open, so it is
 * tried again there, as a program that restores backups must.
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.backup`, content, { mode: 0o600 });
  for (;;) {
    try {
      await rename(`${path}.backup`, path);
      return;
    } catch (error) {
      if (process.platform !== 'win32' || (error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
      await new Promise(setImmediate);
    }
  }
}
