import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodeExecutable, repositoryRoot } from '../../helpers/vscode/paths.ts';
import type { HostTimes } from './activation-suite.ts';
import { provideBuild } from './build.ts';

const output = join(repositoryRoot, 'out/bench');

/** The extension as it ships, but activated by the bench alone; and the suite that does it. */
export async function prepareWindow(): Promise<{ readonly extension: string; readonly suite: string }> {
  const extension = join(output, 'extension');
  await rm(extension, { recursive: true, force: true });
  await cp((await provideBuild()).extension, extension, { recursive: true });
  const manifest = join(extension, 'package.json');
  const fields = JSON.parse(await readFile(manifest, 'utf8')) as object;
  await writeFile(manifest, JSON.stringify({ ...fields, activationEvents: [] }));
  const suite = join(output, 'suite.cjs');
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ['test/bench/surroundings/activation-suite.ts'],
    outfile: suite,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  });
  return { extension, suite };
}

/** Opens a fresh VS Code window that activates these extensions in this order. */
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
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`VS Code ended with ${code}:\n${printed.slice(-4000)}`);
    return JSON.parse(await readFile(result, 'utf8')) as HostTimes;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
