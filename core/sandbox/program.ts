import process from 'node:process';
import { formatCurl, type CurlCall, type Shell } from '../lib/curl-command.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import { writeCaFile } from './ca-file.ts';
import { startSandbox, type Sandbox, type SandboxDefinitionProfile, type SandboxJournalEntry } from './index.ts';
import type { SandboxArguments } from './run-arguments.ts';

export { readArguments } from './run-arguments.ts';

type AnyProfile = Omit<SandboxDefinitionProfile, 'partner'> & {
  readonly partner: BuiltInPartner | PartnerDefinition;
};

function describeProfile({ partner, partnerCode, cipher, credentials }: AnyProfile): [string, string][] {
  const { label } = typeof partner === 'string' ? partners[partner] : partner;
  return [
    [label, ''],
    ...(partnerCode === undefined ? [] : [['partner code', partnerCode] as [string, string]]),
    ...(cipher === undefined ? [] : [['cipher', JSON.stringify(cipher)] as [string, string]]),
    ...Object.entries(credentials),
  ];
}

// These accounts exist only while this process runs, so their passwords may be printed.
function describe({ url, profiles }: Sandbox, caFile: string | undefined, shell: Shell): string {
  const { bizmail } = profiles;
  const lines = Object.values<AnyProfile>(profiles as Readonly<Record<string, AnyProfile>>).flatMap(describeProfile);
  const account = lines.map(([name, value]) => (value === '' ? `\n${name}` : `  ${name.padEnd(14)}${value}`));
  const example: CurlCall = {
    url: `${url}/api/1.0/auth/token`,
    options: [
      ...(caFile === undefined ? [] : [['--cacert', caFile] as const]),
      // The TLS of Windows requires a revocation list otherwise, and this authority has none.
      ...(caFile === undefined || shell === 'posix' ? [] : [['--ssl-no-revoke'] as const]),
      ['-H', 'Content-Type: application/json'],
      ['-d', JSON.stringify(bizmail.credentials)],
    ],
  };
  return [
    `Partner Auth sandbox  ${url}`,
    ...(caFile === undefined ? [] : [`Certificate authority  ${caFile}`]),
    ...account,
    `\nExample${{ posix: '', powershell: ' for PowerShell', cmd: ' for cmd' }[shell]}`,
    // Not indented: PowerShell requires the end of a here-string at the start of a line.
    formatCurl(example, shell),
    '\nCtrl+C to stop\n',
  ].join('\n');
}

function describeRequest(entry: SandboxJournalEntry): string {
  const time = new Date(entry.at).toISOString().slice(11, 19);
  // A path comes from the client and must not contain terminal control sequences.
  const path = entry.path.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
  return `${time}  ${(entry.partner ?? '-').padEnd(9)}  ${entry.method} ${path}  ${entry.status}  ${entry.outcome}`;
}

/** Starts a sandbox, prints its accounts and the calls that it receives, and ends with the process or a signal. */
export async function runSandbox({ port, https, definitions, shell }: SandboxArguments): Promise<void> {
  const sandbox = await startSandbox({
    port,
    https,
    definitions,
    onRequest: (entry) => console.log(describeRequest(entry)),
  });
  // Before there is a file to remove. On Windows, closing the window and Ctrl+Break arrive as the last two.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const) {
    process.on(signal, () => void sandbox.close());
  }
  const caFile = sandbox.ca === undefined ? undefined : writeCaFile(sandbox.ca);
  console.log(describe(sandbox, caFile, shell));
}
