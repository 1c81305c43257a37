/**
 * Starts VS Code with the packed extension, the one of core/examples/, and a sandbox, for manual testing: the desktop VS Code at `VSCODE_EXECUTABLE` if
 * set, otherwise the VS Code server, to be opened in a browser. Ctrl+C stops everything; settings and state are kept for
 * the next run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { profileOf } from '../profile-of.ts';
import { packExample } from '../workbench/client.ts';
import { startKeyringProxy } from './keyring-proxy.ts';
import { cacheFolder, repositoryRoot } from './paths.ts';
import { installExtension, startServer } from './server.ts';
import { readUserSettings, writeUserSettings } from './user-settings.ts';

const folder = join(cacheFolder, 'try');
const userDataDir = join(folder, 'data');
const extensionsDir = join(folder, 'extensions');
const workspace = join(folder, 'workspace');

async function main(): Promise<void> {
  await mkdir(workspace, { recursive: true });
  await using sandbox = await startSandbox();
  const partners = (['tconnect', 'bizmail', 'cloudreve'] as const).map((partner) =>
    profileOf(sandbox, partner, { id: `sandbox-${partner}` }),
  );
  const before = await readUserSettings(userDataDir).catch(() => ({}));
  await writeUserSettings(userDataDir, { ...before, 'partnerAuth.profiles': partners });
  console.log(describeAccounts(sandbox));

  const desktop = process.env.VSCODE_EXECUTABLE;
  if (desktop) await openDesktop(desktop);
  else await openServer();
}

async function openDesktop(executable: string): Promise<void> {
  const vsix = await vsixFile();
  const options = [`--user-data-dir=${userDataDir}`, `--extensions-dir=${extensionsDir}`];
  for (const file of [vsix, await packExample(folder)])
    await run(executable, [`--install-extension=${file}`, '--force', ...options]);
  console.log('Close the window or press Ctrl+C to stop.');
  await run(executable, ['--wait', '--new-window', ...options, workspace]);
}

async function run(executable: string, args: readonly string[]): Promise<void> {
  const child = spawn(executable, args, { stdio: 'inherit' });
  await once(child, 'exit');
}

async function openServer(): Promise<void> {
  const options = { userDataDir, extensionsDir };
  await installExtension(options, await vsixFile());
  await installExtension(options, await packExample(folder));
  await using server = await startServer(options);
  await using proxy = await startKeyringProxy(server.port);
  const address = new URL(`http://127.0.0.1:${proxy.port}/`);
  address.searchParams.set('folder', workspace);
  console.log(`VS Code ${server.version}: open ${address.href}\nPress Ctrl+C to stop.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

async function vsixFile(): Promise<string> {
  const text = await readFile(join(repositoryRoot, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(text) as Record<'name' | 'version', string>;
  return join(repositoryRoot, `${name}-${version}.vsix`);
}

// These accounts exist only while this process runs, so printing their passwords is safe.
function describeAccounts({ profiles: { tconnect, bizmail, cloudreve } }: Sandbox): string {
  const { key, iv } = tconnect.cipher;
  const fields: Readonly<Record<string, object>> = {
    'ACME (TCONNECT)': { key, ...('value' in iv && { iv: iv.value }), ...tconnect.credentials },
    'Mailer (BizMail)': bizmail.credentials,
    'Drive (Cloudreve)': cloudreve.credentials,
  };
  const lines = Object.entries(fields).map(([name, values]) =>
    [name, ...Object.entries(values).map(([field, value]) => `  ${field.padEnd(14)}${String(value)}`)].join('\n'),
  );
  return `${lines.join('\n')}\n`;
}

await main();
