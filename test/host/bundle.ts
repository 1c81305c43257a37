import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repositoryRoot } from '../helpers/vscode/paths.ts';

const out = join(repositoryRoot, 'out/host');

export interface HostSuite {
  /** Path of the extension under development that VS Code loads. */
  readonly extensionPath: string;
  readonly testsPath: string;
}

/**
 * Bundles the suite into one CommonJS file per test file, which every extension host can load, whether or not its Node
 * strips types. Stages the built extension next to them, with recording-extension.ts as its main.
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
      entryPoints: ['test/host/recording-extension.ts'],
      outfile: join(extensionPath, 'recording.cjs'),
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
  await writeFile(join(stage, 'package.json'), JSON.stringify({ ...manifest, main: './recording.cjs' }));
}
