/**
 * VS Code with the packed extension and a running sandbox, for trying things by hand: the desktop one that
 * `VSCODE_EXECUTABLE` names, else the VS Code server, to be opened in a browser. Ctrl+C ends all of it; what was done in
 * it is kept for the next time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { profileOf } from '../profile-of.ts';
import { withKeyring } from './keyring-proxy.ts';
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
  console.log(whatToType(sandbox));

  const desktop = process.env.VSCODE_EXECUTABLE;
  if (desktop) await openDesktop(desktop);
  else await openServer();
}

async function openDesktop(executable: string): Promise<void> {
  const vsix = await vsixFile();
  const options = [`--user-data-dir=${userDataDir}`, `--extensions-dir=${extensionsDir}`];
  await run(executable, [`--install-extension=${vsix}`, '--force', ...options]);
  console.log('Close the window, or press Ctrl+C, to end.');
  await run(executable, ['--wait', '--new-window', ...options, workspace]);
}

async function run(executable: string, args: readonly string[]): Promise<void> {
  const child = spawn(executable, args, { stdio: 'inherit' });
  await once(child, 'exit');
}

async function openServer(): Promise<void> {
  const options = { userDataDir, extensionsDir };
  await installExtension(options, await vsixFile());
  await using server = await startServer(options);
  await using front = await withKeyring(server.port);
  const address = new URL(`http://127.0.0.1:${front.port}/`);
  address.searchParams.set('folder', workspace);
  console.log(`VS Code ${server.version}: open ${address.href}\nCtrl+C to end.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

async function vsixFile(): Promise<string> {
  const text = await readFile(join(repositoryRoot, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(text) as Record<'name' | 'version', string>;
  return join(repositoryRoot, `${name}-${version}.vsix`);
}

// These accounts exist only as long as this process, so their passwords may be shown.
function whatToType({ profiles: { tconnect, bizmail, cloudreve } }: Sandbox): string {
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
