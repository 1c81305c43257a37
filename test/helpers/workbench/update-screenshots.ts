/** Takes new screenshots and copies those shown in the README to extension/media. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../vscode/paths.ts';

const child = spawn(process.execPath, ['--test', 'test/e2e/screenshots.e2e-test.ts'], {
  cwd: repositoryRoot,
  stdio: 'inherit',
});
const [code] = (await once(child, 'exit')) as [number | null];
if (code !== 0) throw new Error('The screenshots could not be taken.');
for (const name of ['status', 'tooltip', 'sign-in']) {
  const target = join(repositoryRoot, 'extension/media', `screenshot-${name}.png`);
  await copyFile(join(repositoryRoot, 'out/screenshots', `${name}.png`), target);
  console.log(target);
}
