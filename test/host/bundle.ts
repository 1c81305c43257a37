import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repositoryRoot } from '../helpers/vscode/paths.ts';

/**
 * The suite as CommonJS files, one for each test file: what every extension host can load, whatever Node is inside and
 * whether or not it strips types.
 */
export async function bundleHostTests(): Promise<string> {
  const outdir = join(repositoryRoot, 'out/host');
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ['test/host/index.ts', 'test/host/*.host-test.ts'],
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return join(outdir, 'index.cjs');
}
