import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmCommand } from './npm.ts';
import { runProgram, type ProgramResult, type RunOptions } from './run-program.ts';

export const root = join(import.meta.dirname, '..', '..');

export interface Tarball {
  readonly file: string;
  /** Paths inside the package. */
  readonly paths: readonly string[];
}

function runNpm(args: readonly string[], options: RunOptions): Promise<ProgramResult> {
  const npm = npmCommand();
  return runProgram(npm.program, [...npm.args, ...args], options);
}

async function npm(args: readonly string[], cwd: string): Promise<ProgramResult> {
  // Offline with an empty cache: the result must depend neither on the network nor on this machine's npm cache.
  const env = { npm_config_offline: 'true', npm_config_cache: join(cwd, '.npm'), npm_config_audit: 'false' };
  const result = await runNpm([...args, '--ignore-scripts', '--no-fund'], { cwd, env });
  if (result.code !== 0) throw new Error(`npm ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

/** Packs the built package into `folder`. */
export async function pack(folder: string): Promise<Tarball> {
  const env = { npm_config_cache: join(folder, '.npm') };
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { code, stdout, stderr } = await runNpm(args, { cwd: root, env });
  if (code !== 0) throw new Error(stderr);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error('npm pack reported no package.');
  return { file: join(folder, packed.filename), paths: packed.files.map(({ path }) => path).sort() };
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

/**
 * Installs the tarball into an empty project, as a user would. Its dependencies are copied there first from this
 * repository's node_modules, so that npm finds them without a registry.
 */
export async function install({ file }: Tarball, project: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lockfile;
  // Optional dependencies are not installed for other platforms.
  const runtime = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional && existsSync(join(root, path)),
  );
  await mkdir(join(project, 'node_modules'), { recursive: true });
  for (const [path] of runtime) await cp(join(root, path), join(project, path), { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  await npm(['install', file], project);
  // The package does not depend on them, but TypeScript programs on Node do.
  for (const name of ['@types/node', 'undici-types']) {
    await cp(join(root, 'node_modules', name), join(project, 'node_modules', name), { recursive: true });
  }
}
