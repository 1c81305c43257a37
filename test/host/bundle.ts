import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repositoryRoot } from '../helpers/vscode/paths.ts';

const out = join(repositoryRoot, 'out/host');

export interface HostSuite {
  /** What VS Code loads as the extension under development. */
  readonly extensionPath: string;
  readonly testsPath: string;
}

/**
 * The suite as CommonJS files, one for each test file: what every extension host can load, whatever Node is inside and
 * whether or not it strips types. Beside it the built extension, with observed-extension.ts in front of its bundle.
 */
export async function bundleHostTests(): Promise<HostSuite> {
  await rm(out, { recursive: true, force: true });
  const extensionPath = join(out, 'extension');
  await Promise.all([
    build({
      ...common,
      entryPoints: ['test/host/index.ts', 'test/host/*.host-test.ts'],
      outdir: out,
      outExtension: { '.js': '.cjs' },
      external: ['vscode', 'mocha'],
    }),
    build({
      ...common,
      entryPoints: ['test/host/observed-extension.ts'],
      outfile: join(extensionPath, 'observed.cjs'),
      external: ['vscode'],
    }),
    stageExtension(extensionPath),
  ]);
  return { extensionPath, testsPath: join(out, 'index.cjs') };
}

const common = {
  absWorkingDir: repositoryRoot,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'warning',
  define: { 'import.meta.url': '__filename' },
} as const;

async function stageExtension(stage: string): Promise<void> {
  await mkdir(stage, { recursive: true });
  const parts = ['package.nls.json', 'package.nls.vi.json', 'dist/extension.cjs', 'extension/l10n', 'extension/media'];
  for (const part of parts) await cp(join(repositoryRoot, part), join(stage, part), { recursive: true });
  const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as object;
  await writeFile(join(stage, 'package.json'), JSON.stringify({ ...manifest, main: './observed.cjs' }));
}
