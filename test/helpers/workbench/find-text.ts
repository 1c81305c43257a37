import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files under a folder, of any kind, that contain one of the texts; for "no secret is left behind". */
export async function findText(folder: string, texts: readonly string[]): Promise<string[]> {
  if (texts.some((text) => text === '')) throw new Error('An empty text is in every file.');
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    // A running VS Code removes locks and temporary files meanwhile.
    const content = await readFile(file).catch(() => Buffer.alloc(0));
    if (texts.some((text) => content.includes(text))) found.push(file);
  }
  return found;
}
