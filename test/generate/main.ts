/** Writes the files generated from partners and schemas (npm run generate). A test fails if one is outdated. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFile, root } from './format-file.ts';
import { partnerIndexes } from './partner-indexes.ts';

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files))
    await writeFile(join(root, path), await formatFile(path, content));
}

await write(await partnerIndexes(root));
// Imported late, because it reads the indexes that were just written.
const { generatedFiles } = await import('./generated-files.ts');
await write(await generatedFiles(root));
