import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Profile } from '../../../core/profiles/profile.ts';
import { stageClient } from '../../host/bundle.ts';
import { repositoryRoot } from '../vscode/paths.ts';
import { runProgram } from '../run-program.ts';
import type { WorkbenchWindow } from './window.ts';

/** Packs the client of test/host/, which requests sessions like any other extension would. */
export async function packClient(folder: string): Promise<string> {
  const source = join(folder, 'client');
  await stageClient(source);
  return packExtension(source);
}

/** Packs the extension of core/examples/. */
export async function packExample(folder: string): Promise<string> {
  const source = join(folder, 'capacity');
  await mkdir(source, { recursive: true });
  const example = join(repositoryRoot, 'core/examples/extension');
  await copyFile(join(example, 'package.json'), join(source, 'package.json'));
  const { build } = await import('esbuild');
  const entryPoints = [join(example, 'extension.ts')];
  const output = { platform: 'node', format: 'cjs', outfile: join(source, 'extension.cjs') } as const;
  await build({ entryPoints, bundle: true, external: ['vscode'], ...output });
  return packExtension(source);
}

async function packExtension(source: string): Promise<string> {
  const packagePath = `${source}.vsix`;
  await writeFile(join(source, 'LICENSE'), 'MIT');
  await writeFile(join(source, 'README.md'), 'Test fixture.');
  const vsce = join(repositoryRoot, 'node_modules/@vscode/vsce/vsce');
  const options = ['--no-dependencies', '--allow-missing-repository', '--out', packagePath];
  const { code, stderr } = await runProgram(process.execPath, [vsce, 'package', ...options], { cwd: source });
  if (code !== 0) throw new Error(`vsce failed: ${stderr}`);
  return packagePath;
}

export interface ClientRequest {
  readonly scopes: readonly string[];
  readonly options?: Readonly<Record<string, boolean>>;
  /** The label of the account to request. */
  readonly account?: string;
}

/** Lets the client call `getSession()`. */
export function requestSession(window: WorkbenchWindow, request: ClientRequest): Promise<void> {
  return runWithInput(window, 'Client: Get Session', /^Request/, request);
}

/** Changes the user's setting `partnerAuth.profiles` within VS Code, which notices no change of the file in this setup. */
export function setProfiles(window: WorkbenchWindow, profiles: readonly Profile[]): Promise<void> {
  return runWithInput(window, 'Client: Set Profiles', /^Profiles/, profiles);
}

async function runWithInput(window: WorkbenchWindow, command: string, message: RegExp, input: unknown): Promise<void> {
  await window.runCommand(command);
  await window.quickInput.waitFor({ message });
  await window.quickInput.type(JSON.stringify(input));
  await window.quickInput.accept();
}
