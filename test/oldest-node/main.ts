/**
 * `npm run test:node -- PATH`: unit and package tests with the built package under another Node, such as the oldest supported
 * one. Tests that need a Node with type stripping for their own programs are left out.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [node] = process.argv.slice(2);
if (node === undefined) {
  console.error('Say which Node: npm run test:node -- PATH');
  process.exit(2);
}
const root = resolve(import.meta.dirname, '../..');
const files = globSync(['test/core/**/*.test.ts', 'test/extension/**/*.test.ts', 'test/package/tarball.test.ts'], {
  cwd: root,
  // It looks at what is loaded with module.registerHooks(), of Node 22.15.
  exclude: ['test/core/cipher/imports.test.ts'],
});
const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
console.log(`${files.length} test files under Node ${stdout.trim()}`);
const register = pathToFileURL(join(import.meta.dirname, 'register.mjs')).href;
const { status } = spawnSync(node, ['--test', '--test-timeout=600000', '--test-reporter=spec', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    // What npm installed for the package runs on `node` of the path.
    PATH: `${dirname(resolve(node))}${delimiter}${process.env.PATH ?? ''}`,
    NODE_OPTIONS: `--import=${register}`,
    TEST_NODE_OPTIONS: `--import=${register}`,
  },
});
process.exitCode = status ?? 1;
