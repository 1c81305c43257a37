import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { clientManifest } from './client-manifest.ts';
import { repositoryRoot } from '../helpers/vscode/paths.ts';

const out = join(repositoryRoot, 'out/host');

export interface HostSuite {
  /** Path of the folder with the extensions under development that VS Code loads. */
  readonly extensionPath: string;
  readonly testsPath: string;
}

/**
 * Bundles the suite into one CommonJS file per test file, which every extension host can load, whether or not its Node
 * strips types. Stages the built extension next to them, with recording-extension.ts as its main, and a client of it.
 */
export async function bundleHostTests(): Promise<HostSuite> {
  await rm(out, { recursive: true, force: true });
  // VS Code in a browser accepts one path, which may be a folder with several extensions.
  const extensionPath = join(out, 'extensions');
  const ownPath = join(extensionPath, 'partner-auth');
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
      outfile: join(ownPath, 'recording.cjs'),
      external: ['vscode'],
    }),
    stageExtension(ownPath),
    stageClient(join(extensionPath, 'client')),
  ]);
  return { extensionPath, testsPath: join(out, 'index.cjs') };
}

/** Writes client-extension.ts with its manifest to a folder. */
export async function stageClient(stage: string): Promise<void> {
  await mkdir(stage, { recursive: true });
  await writeFile(join(stage, 'package.json'), JSON.stringify(clientManifest));
  const outfile = join(stage, 'main.cjs');
  await build({ ...common, entryPoints: ['test/host/client-extension.ts'], outfile, external: ['vscode'] });
}

const common = {
  absWorkingDir: repositoryRoot,
  bundle: true,
  platform: 'node',
  target: 'node22.12',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'warning',
  define: { 'import.meta.url': '__filename' },
} as const;

async function stageExtension(stage: string): Promise<void> {
  await mkdir(stage, { recursive: true });
  const parts = [
    'package.nls.json',
    'package.nls.vi.json',
    'dist/main.cjs',
    'dist/extension.cjs',
    'extension/l10n',
    'extension/media',
  ];
  for (const part of parts) await cp(join(repositoryRoot, part), join(stage, part), { recursive: true });
  const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as object;
  await writeFile(join(stage, 'package.json'), JSON.stringify({ ...manifest, main: './recording.cjs' }));
}
