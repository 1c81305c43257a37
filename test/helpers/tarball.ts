import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram, type Ended } from './run-program.ts';

export const root = join(import.meta.dirname, '..', '..');

export interface Tarball {
  readonly file: string;
  /** Paths inside the package. */
  readonly paths: readonly string[];
}

async function npm(args: readonly string[], cwd: string): Promise<Ended> {
  // Offline with an empty cache: nothing of this may depend on a network, or on what the machine remembers.
  const env = { npm_config_offline: 'true', npm_config_cache: join(cwd, '.npm'), npm_config_audit: 'false' };
  const ended = await runProgram('npm', [...args, '--ignore-scripts', '--no-fund'], { cwd, env });
  if (ended.code !== 0) throw new Error(`npm ${args.join(' ')}\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

/** Packs what was built into `folder`. */
export async function pack(folder: string): Promise<Tarball> {
  const env = { npm_config_cache: join(folder, '.npm') };
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { code, stdout, stderr } = await runProgram('npm', args, { cwd: root, env });
  if (code !== 0) throw new Error(stderr);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error('npm pack said nothing.');
  return { file: join(folder, packed.filename), paths: packed.files.map(({ path }) => path).sort() };
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

/**
 * Installs the tarball into an empty project, as its user would. The packages it depends on are laid there first, from this
 * repository's own node_modules, so that npm finds them without a registry.
 */
export async function install({ file }: Tarball, project: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lockfile;
  const runtime = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  await mkdir(join(project, 'node_modules'), { recursive: true });
  for (const [path] of runtime) await cp(join(root, path), join(project, path), { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  await npm(['install', file], project);
  // Not a dependency of the package, but of TypeScript programs on Node.
  for (const name of ['@types/node', 'undici-types']) {
    await cp(join(root, 'node_modules', name), join(project, 'node_modules', name), { recursive: true });
  }
}
