/**
 * Lets a Node without type stripping run the tests: TypeScript is transpiled as it is loaded, and the doors of core are those
 * of the built package.
 */
import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';

const root = new URL('../../', import.meta.url).href;
const doors = ['core/index', 'core/sandbox/index', 'core/sandbox/run', 'core/testing/index', 'core/cli/main'];

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const door = doors.find((path) => resolved.url === `${root}${path}.ts`);
  return door === undefined ? resolved : { ...resolved, url: `${root}dist/${door}.js`, format: 'module' };
}

export async function load(url, context, next) {
  if (!new URL(url).pathname.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(new URL(url), 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node22.12',
    sourcefile: url,
    sourcemap: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
