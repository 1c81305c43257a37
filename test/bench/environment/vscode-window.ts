import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodeExecutable, repositoryRoot } from '../../helpers/vscode/paths.ts';
import type { HostTimes } from './activation-suite.ts';
import { provideBuild } from './build.ts';

const outputFolder = join(repositoryRoot, 'out/bench');

/** Prepares the packaged extension, without its activation events, and the suite that activates it. */
export async function prepareWindow(): Promise<{ readonly extension: string; readonly suite: string }> {
  const extension = join(outputFolder, 'extension');
  await rm(extension, { recursive: true, force: true });
  await cp((await provideBuild()).extension, extension, { recursive: true });
  const manifest = join(extension, 'package.json');
  const fields = JSON.parse(await readFile(manifest, 'utf8')) as object;
  await writeFile(manifest, JSON.stringify({ ...fields, activationEvents: [] }));
  const suite = join(outputFolder, 'suite.cjs');
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ['test/bench/environment/activation-suite.ts'],
    outfile: suite,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  });
  return { extension, suite };
}

/** Opens a new VS Code window that activates these extensions in this order. */
export async function activationTimes(
  { extension, suite }: { readonly extension: string; readonly suite: string },
  ids: readonly string[],
): Promise<HostTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const result = join(folder, 'result.json');
    const workspace = join(folder, 'workspace');
    await mkdir(workspace);
    const args = [
      join(repositoryRoot, 'test/helpers/vscode/launcher.ts'),
      workspace,
      `--user-data-dir=${join(folder, 'data')}`,
      `--extensions-dir=${join(folder, 'extensions')}`,
      `--extensionDevelopmentPath=${extension}`,
      `--extensionTestsPath=${suite}`,
    ];
    const child = spawn(nodeExecutable(), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, BENCH_RESULT: result, BENCH_EXTENSIONS: ids.join(' ') },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`VS Code exited with ${code}:\n${output.slice(-4000)}`);
    return JSON.parse(await readFile(result, 'utf8')) as HostTimes;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
