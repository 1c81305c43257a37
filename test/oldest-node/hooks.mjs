/**
 * Lets a Node without type stripping run the tests: TypeScript is transpiled as it is loaded, and the doors of core are those
 * of the built package.
 */
import { readFile, readdir } from 'node:fs/promises';
import { transform } from 'esbuild';

const root = new URL('../../', import.meta.url).href;
const doors = ['core/index', 'core/sandbox/index', 'core/sandbox/run', 'core/testing/index', 'core/cli/main'];

// Only one instance of the sandbox's authority may sign what its clients trust.
const certificates = (await readdir(new URL('dist/core/', root))).find((name) => /^certificates-\w+\.js$/.test(name));
const built = new Map([
  ...doors.map((path) => [`${root}${path}.ts`, `${root}dist/${path}.js`]),
  [`${root}core/sandbox/certificates.ts`, `${root}dist/core/${certificates}`],
]);

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const url = built.get(resolved.url);
  return url === undefined ? resolved : { ...resolved, url, format: 'module' };
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
