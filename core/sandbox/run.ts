import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { PartnerDefinition } from '../partners/definition.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import { startSandbox, type Sandbox, type SandboxDefinitionProfile, type SandboxJournalEntry } from './index.ts';
import { readArguments, usage, type SandboxArguments } from './run-arguments.ts';

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
function describe({ url, profiles }: Sandbox, caFile: string | undefined): string {
  const { bizmail } = profiles;
  const lines = Object.values<AnyProfile>(profiles as Readonly<Record<string, AnyProfile>>).flatMap(describeProfile);
  const account = lines.map(([name, value]) => (value === '' ? `\n${name}` : `  ${name.padEnd(14)}${value}`));
  const trust = caFile === undefined ? '' : `--cacert ${caFile} `;
  return [
    `Partner Auth sandbox  ${url}`,
    ...(caFile === undefined ? [] : [`Certificate authority  ${caFile}`]),
    ...account,
    '\nExample',
    `  curl ${trust}${url}/api/1.0/auth/token -H 'Content-Type: application/json' \\`,
    `    -d '${JSON.stringify(bizmail.credentials)}'`,
    '\nCtrl+C to stop\n',
  ].join('\n');
}

function describeRequest(entry: SandboxJournalEntry): string {
  const time = new Date(entry.at).toISOString().slice(11, 19);
  // A path comes from the client and must not contain terminal control sequences.
  const path = entry.path.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
  return `${time}  ${(entry.partner ?? '-').padEnd(9)}  ${entry.method} ${path}  ${entry.status}  ${entry.outcome}`;
}

async function run({ port, https, definitions }: SandboxArguments): Promise<void> {
  const sandbox = await startSandbox({
    port,
    https,
    definitions,
    onRequest: (entry) => console.log(describeRequest(entry)),
  });
  const folder = sandbox.ca === undefined ? undefined : await mkdtemp(join(tmpdir(), 'partner-auth-sandbox-'));
  const caFile = folder === undefined ? undefined : join(folder, 'ca.pem');
  if (caFile !== undefined) await writeFile(caFile, sandbox.ca ?? '');
  console.log(describe(sandbox, caFile));

  const stop = async (): Promise<void> => {
    await sandbox.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}

const parsed = await readArguments().catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
});
if (parsed !== undefined) {
  await run(parsed).catch((error: unknown) => {
    console.error(`The sandbox could not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
