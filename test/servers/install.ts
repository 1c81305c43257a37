import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { npmCommand } from '../helpers/npm.ts';
import { runProgram } from '../helpers/run-program.ts';

/** Kept between runs, since an installation takes minutes. */
const cache = process.env.PARTNER_AUTH_TEST_SERVERS ?? join(tmpdir(), 'partner-auth-servers');

/** The Node that the servers run on: Directus requires 22, and its native modules cannot be built for a later one. */
const node = { node: '22.23.3' };

/** Versions by the names of the packages. */
export type Packages = Readonly<Record<string, string>>;

export interface Installation {
  readonly folder: string;
  /** The Node to run the packages on. */
  readonly execPath: string;
}

/** Installs packages of npm into a folder of the cache, on first use. @throws Error with npm's output if that fails. */
export async function install(name: string, packages: Packages): Promise<Installation> {
  const execPath = join(await installFolder('node', node, process.execPath), 'node_modules', 'node', 'bin', nodeName);
  return { folder: await installFolder(name, packages, execPath), execPath };
}

const nodeName = process.platform === 'win32' ? 'node.exe' : 'node';

async function installFolder(name: string, dependencies: Packages, execPath: string): Promise<string> {
  const folder = join(cache, name);
  const done = join(folder, 'installed.json');
  const manifest = JSON.stringify({ private: true, dependencies });
  if (existsSync(done) && (await readFile(done, 'utf8')) === manifest) return folder;
  console.log(`Installing ${name} into ${folder} …`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), manifest);
  const npm = npmCommand(execPath);
  const { code, stdout, stderr } = await runProgram(npm.program, [...npm.args, 'install', '--no-audit', '--no-fund'], {
    cwd: folder,
    env: {
      // The settings of npm on this machine: its registry, proxy and certificate authorities.
      ...process.env,
      PATH: [dirname(execPath), process.env.PATH].join(process.platform === 'win32' ? ';' : ':'),
      // Without it, native modules that have to be built request the headers of Node from its site.
      ...headersOf(execPath),
    },
  });
  if (code !== 0) throw new Error(`${name} could not be installed:\n${stdout}${stderr}`);
  await writeFile(done, manifest);
  return folder;
}

/** The setting of npm for the headers of Node, which its package for a platform has. */
function headersOf(execPath: string): Record<string, string> {
  const [header] = globSync(join(dirname(execPath), '..', '**', 'include', 'node', 'node.h').replaceAll('\\', '/'));
  return header === undefined ? {} : { npm_config_nodedir: join(dirname(header), '..', '..') };
}
