import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { installOnce } from './install-once.ts';
import { writeNativeStubs } from './native-stubs.ts';
import { npmCommand } from '../../npm.ts';
import { cacheFolder, nodeExecutable } from '../paths.ts';

/** Pinned, because the page objects in helpers/workbench/ depend on the markup of this VS Code version. */
const codeServerVersion = '4.139.1';

/** Never used by the tests, and more than half of the size of the installation. */
const unneeded = [
  'extensions/copilot',
  'extensions/mermaid-markdown-features',
  'node_modules/@github',
  'node_modules/@microsoft/mxc-sdk',
  'node_modules/@vscode/windows-process-tree',
];

export interface ServerInstallation {
  /** Script that starts the server or its command line. */
  readonly main: string;
  /** Version of VS Code, which differs from that of the npm package. */
  readonly version: string;
}

/** Installs the VS Code server from the npm registry into the cache folder on first use. */
export async function ensureServer(): Promise<ServerInstallation> {
  const folder = await installOnce(join(cacheFolder, `code-server-${codeServerVersion}`), install);
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) {
    throw new Error(`${folder} is not a VS Code server. Delete it and run again.`);
  }
  return { main: join(folder, 'out/server-main.js'), version: String(manifest.version) };
}

async function install(staging: string): Promise<void> {
  console.log(`Installing the VS Code server (code-server ${codeServerVersion} from npm, once) into .vscode-test/ ...`);
  // Without a manifest here, npm would install into the repository above.
  await writeFile(join(staging, 'package.json'), '{ "private": true }\n');
  await npmInstall(staging, `code-server@${codeServerVersion}`);
  const server = join(staging, 'node_modules/code-server/lib/vscode');
  await npmInstall(server, '--omit=dev');
  await writeNativeStubs(server);
  await Promise.all(unneeded.map((path) => rm(join(server, path), { recursive: true, force: true })));

  // Keeps only the inner VS Code server, which the tests start without the code-server wrapper.
  const serverOnly = `${staging}.server`;
  await rename(server, serverOnly);
  await rm(staging, { recursive: true });
  await rename(serverOnly, staging);
}

async function npmInstall(cwd: string, ...args: string[]): Promise<void> {
  // Install scripts would need a compiler, and the tests need nothing that they build.
  const options = ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = npmCommand(nodeExecutable());
  const child = spawn(npm.program, [...npm.args, ...options, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${dirname(nodeExecutable())}${delimiter}${process.env.PATH ?? ''}`,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`npm ${options.concat(args).join(' ')} failed in ${cwd}:\n${output}`);
}
