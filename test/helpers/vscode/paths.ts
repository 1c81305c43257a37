import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** Cache of everything that the harness installs; ignored by git and safe to delete at any time. */
export const cacheFolder = join(repositoryRoot, '.vscode-test');

/**
 * The Node executable that runs the VS Code server: the one of the devDependency `node`, because the server requires the
 * major version it was built for, and the machine may have another.
 */
export function nodeExecutable(): string {
  const fromDependency = join(
    repositoryRoot,
    'node_modules/node/bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  return existsSync(fromDependency) ? fromDependency : process.execPath;
}
