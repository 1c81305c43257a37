/**
 * `npm run example -- NAME`: runs a program of core/examples/ against a sandbox, in a folder of its own, which is printed and kept.
 * What follows the name are the arguments of the program.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox } from '../../core/sandbox/index.ts';
import { root } from '../helpers/tarball.ts';
import { examples, fileOf, variablesFor } from './examples.ts';

const [name = '', ...args] = process.argv.slice(2);
if (!examples.includes(name)) {
  console.error(`Say which example: ${examples.join(', ')}.`);
  process.exit(2);
}
const cwd = join(root, 'out/examples', name);
await mkdir(cwd, { recursive: true });
console.log(`${fileOf(name)} in ${cwd}`);
await using sandbox = await startSandbox();
const env = { ...process.env, ...variablesFor(sandbox) };
const child = spawn(process.execPath, [fileOf(name), ...args], { cwd, env, stdio: 'inherit' });
// Ctrl+C reaches the program too, which ends as it likes.
process.on('SIGINT', () => undefined);
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;
