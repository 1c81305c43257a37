/** Writes what is made from the partners and schemas (npm run generate). A test fails if a file is out of date. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatted, root } from './formatted.ts';
import { partnerIndexes } from './partner-indexes.ts';

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), await formatted(path, text));
}

await write(await partnerIndexes(root));
// Only now: the rest is made from the indexes.
const { generatedFiles } = await import('./generated-files.ts');
await write(await generatedFiles(root));
