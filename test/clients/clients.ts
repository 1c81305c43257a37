import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockOf } from '../helpers/documents.ts';
import { npmCommand } from '../helpers/npm.ts';
import { runProgram, type ProgramResult } from '../helpers/run-program.ts';

export const document = 'core/gateway/README.md';

/** A client of the gateway, with the file of the document that it runs. */
export interface Client {
  readonly name: string;
  /** The key of the block, which is its file name. */
  readonly file: string;
  readonly program: string;
  /** Before the file. Default: none. */
  readonly args?: readonly string[];
  /** After the file. */
  readonly more?: readonly string[];
  /** Other files next to it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly versionArgs: readonly string[];
  /** The npm package that is installed for it, on first use. */
  readonly npm?: string;
  /** Left out on a machine without it. */
  readonly isOptional?: boolean;
}

const bruno = { version: '1', name: 'TCONNECT', type: 'collection' };

export const clients: readonly Client[] = [
  { name: 'curl', file: 'curl.sh', program: 'bash', versionArgs: ['-c', 'curl --version'] },
  { name: 'Python', file: 'call.py', program: 'python3', versionArgs: ['--version'] },
  {
    ...{ name: 'httpYac', file: 'call.http', program: 'httpyac', npm: 'httpyac@6.16.7', versionArgs: ['--version'] },
    ...{ args: ['send'], more: ['--all'] },
  },
  {
    ...{ name: 'Postman (newman)', file: 'postman.json', program: 'newman', npm: 'newman@6.2.2' },
    ...{ args: ['run'], more: ['--env-var', 'gateway={gateway}'], versionArgs: ['--version'] },
  },
  {
    ...{ name: 'Bruno', file: 'call.bru', program: 'bru', npm: '@usebruno/cli@4.1.0', versionArgs: ['--version'] },
    ...{ args: ['run'], files: { 'bruno.json': JSON.stringify(bruno) } },
  },
  { name: 'PHP', file: 'call.php', program: 'php', versionArgs: ['--version'], isOptional: true },
  { name: 'Go', file: 'main.go', program: 'go', args: ['run'], versionArgs: ['version'], isOptional: true },
  { name: 'Java', file: 'Call.java', program: 'java', versionArgs: ['--version'], isOptional: true },
];

/** Kept between runs, since an installation takes a minute. */
const cache = join(tmpdir(), 'partner-auth-clients');

/** Installs the npm packages of the clients, and returns the folder of their commands. */
export async function installClients(): Promise<string> {
  const packages = clients.flatMap(({ npm = [] }) => npm);
  const npm = npmCommand();
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, 'package.json'), JSON.stringify({ private: true }));
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...packages];
  const { code, stderr } = await runProgram(npm.program, [...npm.args, ...args], {
    cwd: cache,
    // The settings of npm on this machine: its registry, proxy and certificate authorities.
    env: process.env,
  });
  if (code !== 0) throw new Error(`The clients could not be installed:\n${stderr}`);
  return join(cache, 'node_modules', '.bin');
}

/** Its version; undefined if the machine does not have it. */
export async function versionOf({ program, versionArgs }: Client, path: string): Promise<string | undefined> {
  const result = await run(program, versionArgs, { PATH: path }).catch(() => undefined);
  if (result?.code !== 0) return undefined;
  return /\d+(?:\.\d+)+/.exec(result.stdout + result.stderr)?.[0];
}

/** Runs the file of the document. */
export async function runClient(client: Client, folder: string, path: string, gateway: string): Promise<ProgramResult> {
  const { file, program, args = [], more = [], files = {} } = client;
  for (const [name, text] of Object.entries({ ...files, [file]: blockOf(document, file) }))
    await writeFile(join(folder, name), text);
  const given = [...args, file, ...more.map((argument) => argument.replace('{gateway}', gateway))];
  return run(program, given, { PATH: path, PARTNER_AUTH_GATEWAY: gateway, GOCACHE: join(cache, 'go') }, folder);
}

function run(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<ProgramResult> {
  return runProgram(program, args, { env: { ...env, CI: '1' }, ...(cwd !== undefined && { cwd }) });
}
