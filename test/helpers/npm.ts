import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import process from 'node:process';

/** How to start npm, without a shell: on Windows, `npm` is a batch file, which cannot be started without one. */
export function npmCommand(node = process.execPath): { readonly program: string; readonly args: readonly string[] } {
  const running = process.env.npm_execpath;
  const script = running !== undefined && basename(running) === 'npm-cli.js' ? running : installedScript();
  return script === undefined ? { program: 'npm', args: [] } : { program: node, args: [script] };
}

/** The npm that is next to a Node of the path, as its installer for Windows leaves it. */
function installedScript(): string | undefined {
  return [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)]
    .map((folder) => join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    .find((path) => existsSync(path));
}
