import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { bundlers } from '../helpers/bundlers.ts';
import { blockOf } from '../helpers/documents.ts';
import { npmCommand } from '../helpers/npm.ts';
import { runProgram, type ProgramResult } from '../helpers/run-program.ts';
import { pack, root } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { page, type Sample } from './page.ts';

/** Something that runs JavaScript or TypeScript, with the sample of the page that it runs. */
export interface Runtime {
  readonly name: string;
  readonly sample: Sample;
  /** The first word is a command of the installed packages. */
  readonly command: string;
  /** Before the command, such as a compilation. */
  readonly before?: readonly string[];
  /** The installed package whose version the page states. Default: the Node that runs this. */
  readonly npm?: string;
  /** `type` of the project's package.json. Default: `module`. */
  readonly type?: 'commonjs';
  readonly tsconfig?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether a program with all doors of the package runs there too. */
  readonly allDoors?: string;
  /** A bundler of this repository instead of a command. */
  readonly bundle?: keyof typeof bundlers;
}

const compiler = { strict: true, target: 'es2022', lib: ['es2024', 'esnext.disposable'], types: ['node'] };
const node10 = { ...compiler, module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' };

export const runtimes: readonly Runtime[] = [
  {
    ...{ name: 'Node 22.12', npm: 'node22', sample: 'main.mjs', command: 'node22 main.mjs' },
    allDoors: 'node22 all-doors.mjs',
  },
  { name: 'Node 22.12, CommonJS', npm: 'node22', sample: 'main.cjs', command: 'node22 main.cjs' },
  { name: 'Node 24', sample: 'main.mjs', command: 'node main.mjs', allDoors: 'node all-doors.mjs' },
  { name: 'Node 24, CommonJS', sample: 'main.cjs', command: 'node main.cjs' },
  { name: 'Node 24, TypeScript', sample: 'main.ts', command: 'node main.ts' },
  {
    ...{ name: 'TypeScript, `node16`', npm: 'typescript', sample: 'commonjs.ts', type: 'commonjs' },
    ...{ tsconfig: { ...compiler, module: 'node16' }, before: ['tsc'], command: 'node commonjs.js' },
  },
  {
    ...{ name: 'TypeScript, `node10`', npm: 'typescript', sample: 'commonjs.ts', type: 'commonjs' },
    ...{ tsconfig: node10, before: ['tsc'], command: 'node commonjs.js' },
  },
  {
    ...{ name: 'ts-node', npm: 'ts-node', sample: 'commonjs.ts', type: 'commonjs' },
    ...{ tsconfig: node10, command: 'ts-node commonjs.ts' },
  },
  { name: 'tsx', npm: 'tsx', sample: 'main.ts', command: 'tsx main.ts' },
  {
    ...{ name: 'Jest', npm: 'jest', sample: 'jest.test.js', command: 'jest' },
    env: { NODE_OPTIONS: '--experimental-vm-modules' },
  },
  { name: 'Bun', npm: 'bun', sample: 'main.ts', command: 'bun main.ts', allDoors: 'bun all-doors.mjs' },
  {
    ...{ name: 'Deno', npm: 'deno', sample: 'main.ts', command: 'deno run -A main.ts' },
    allDoors: 'deno run -A all-doors.mjs',
  },
  ...(['esbuild', 'rollup', 'webpack', 'vite'] as const).map((bundle): Runtime => ({
    name: `${bundle}, bundled`,
    npm: bundle,
    bundle,
    sample: 'main.mjs',
    command: 'node main.mjs',
  })),
];

/** Exact versions; those that this repository depends on are the same there. */
const packages = ['node22@npm:node@22.12.0', 'bun@1.4.5', 'deno@2.9.6', 'tsx@4.23.15', 'ts-node@10.9.2'];
const shared = ['typescript', '@types/node', 'jest', 'esbuild', 'rollup', 'webpack', 'vite'];

/** Kept between runs, since an installation takes a minute. */
const cache = join(tmpdir(), 'partner-auth-runtimes');
const bin = join(cache, 'node_modules', '.bin');

/** Installs the runtimes and the packed library from npm. Returns the packages that this machine does not get, with why. */
export async function installRuntimes(): Promise<ReadonlyMap<string, string>> {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  await mkdir(cache, { recursive: true });
  // These put the binary for the machine in place when they are installed.
  const allowScripts = { node: true, node22: true, bun: true, deno: true, esbuild: true };
  await writeFile(join(cache, 'package.json'), JSON.stringify({ private: true, allowScripts }));
  await rm(join(cache, 'package-lock.json'), { force: true });
  await using folder = await temporaryFolder();
  const { file } = await pack(folder.path);
  const common = [file, ...shared.map((name) => `${name}@${devDependencies[name] ?? 'missing'}`)];
  const all = await npmInstall([...common, ...packages]);
  if (all.code === 0) return new Map();
  // One by one, to know which of them the machine does not get.
  const missing = new Map<string, string>();
  const { code, stderr } = await npmInstall(common);
  if (code !== 0) throw new Error(`The library could not be installed:\n${stderr}`);
  for (const one of packages) {
    const { code, stderr } = await npmInstall([one]);
    if (code !== 0) missing.set(/^@?[^@]+/.exec(one)?.[0] ?? one, firstError(stderr));
  }
  return missing;
}

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
}

function npmInstall(names: readonly string[]): Promise<ProgramResult> {
  const npm = npmCommand();
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...names];
  // The settings of npm on this machine: its registry, proxy and certificate authorities.
  return runProgram(npm.program, [...npm.args, ...args], { cwd: cache, env: process.env });
}

const firstError = (stderr: string): string => /^npm error (?!code)(.*)$/m.exec(stderr)?.[1] ?? 'npm install failed';

export async function versionOf({ npm }: Runtime): Promise<string> {
  if (npm === undefined) return process.versions.node;
  const { version } = JSON.parse(await readFile(join(cache, 'node_modules', npm, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** What a person would type. */
export function commandOf({ env = {}, before = [], command }: Runtime): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...variables, [...before, command].join(' && ')].join(' ').replace('node22', 'node');
}

/** Runs the sample in a project of its own. Returns what went wrong. */
export async function runSample(runtime: Runtime, env: Readonly<Record<string, string>>): Promise<string | undefined> {
  const { sample, tsconfig, before = [], command, bundle, type = 'module' } = runtime;
  const project = join(cache, 'projects', runtime.name.replace(/\W+/g, '-'));
  await rm(project, { recursive: true, force: true });
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type }));
  if (tsconfig) await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: tsconfig }));
  const entry = join(project, sample);
  await writeFile(entry, blockOf(page, sample));
  if (bundle === undefined) return run(project, [...before, command], runtime, env);
  // Outside the project, where no node_modules is found.
  await using folder = await temporaryFolder();
  const warnings = await bundlers[bundle]?.(entry, { format: 'esm', folder: folder.path, file: 'main.mjs' });
  return warnings?.length === 0 ? await run(folder.path, [command], runtime, env) : warnings?.join('\n');
}

/** Runs the program that uses every door of the package. Returns what went wrong. */
export async function runAllDoors(runtime: Runtime): Promise<string | undefined> {
  const project = join(cache, 'projects', runtime.name.replace(/\W+/g, '-'));
  const source = await readFile(join(root, 'test/consumer/main.mjs'), 'utf8');
  await writeFile(join(project, 'all-doors.mjs'), source);
  const expected = await readFile(join(root, 'test/consumer/expected.json'), 'utf8');
  return run(project, [runtime.allDoors ?? ''], runtime, {}, JSON.stringify(JSON.parse(expected)));
}

async function run(
  cwd: string,
  commands: readonly string[],
  runtime: Runtime,
  env: Readonly<Record<string, string>>,
  expected?: string,
): Promise<string | undefined> {
  // What is installed runs on the Node that runs this.
  const path = [dirname(process.execPath), bin, process.env.PATH ?? ''].join(delimiter);
  for (const command of commands) {
    const [name = '', ...args] = command.split(' ');
    const program = name === 'node22' ? join(cache, 'node_modules', 'node22', 'bin', 'node') : name;
    const options = { cwd, env: { PATH: path, CI: '1', ...runtime.env, ...env } };
    const ended = await runProgram(program, args, options).catch((error: unknown) => ({
      ...{ code: 1, stdout: '', stderr: String(error) },
    }));
    if (ended.code !== 0 || ended.stdout.trim() !== (expected ?? ended.stdout.trim()))
      return `${command} exited with ${ended.code}:\n${ended.stdout}${ended.stderr}`;
  }
  return undefined;
}
