/** Copies the screenshots shown in the README to extension/media. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../vscode/paths.ts';

for (const name of ['status', 'tooltip', 'sign-in']) {
  const target = join(repositoryRoot, 'extension/media', `screenshot-${name}.png`);
  await copyFile(join(repositoryRoot, 'out/screenshots', `${name}.png`), target);
  console.log(target);
}
