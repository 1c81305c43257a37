import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** Everything that the harness installs or writes for itself; git-ignored, safe to delete at any time. */
export const cacheFolder = join(repositoryRoot, '.vscode-test');

/**
 * The Node that runs the VS Code server: the one from the devDependency `node`, because the server wants the major
 * version it was built for, and the machine may have another.
 */
export function nodeExecutable(): string {
  const fromDependency = join(
    repositoryRoot,
    'node_modules/node/bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  return existsSync(fromDependency) ? fromDependency : process.execPath;
}
