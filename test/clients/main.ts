/**
 * `npm run test:clients`: runs the files of core/gateway/README.md against a gateway and a sandbox, with the clients that they
 * are for. Installs those of npm into a temporary folder on first use. Writes the versions into results.json and README.md.
 * `--print`: prints only.
 */
import { delimiter, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { startGateway } from '../../core/gateway/index.ts';
import { openSession } from '../../core/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { clients, installClients, runClient, versionOf } from './clients.ts';
import { clientsReport, type ClientResults } from './report.ts';

const { values } = parseArgs({ options: { print: { type: 'boolean', default: false } } });
const commands = await installClients();
await using sandbox = await startSandbox();
const { credentials, ...profile } = sandbox.profiles.tconnect;
await using session = await openSession(profile);
await session.login({ ...credentials });
await using gateway = await startGateway(session, { readOnly: true });
// The clients of npm run on the Node that runs this.
const path = [commands, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
const results: Record<string, ClientResults[string]> = {};
const failures: string[] = [];
for (const client of clients) {
  const version = await versionOf(client, path);
  if (version === undefined) {
    if (client.isOptional !== true) failures.push(`${client.name} is not installed.`);
    console.log(`- ${client.name}: not on this machine`);
    continue;
  }
  await using folder = await temporaryFolder();
  sandbox.clearJournal();
  const { code, stdout, stderr } = await runClient(client, folder.path, path, gateway.url);
  const [entry] = sandbox.journal;
  const payload = entry?.payload as { readonly limit?: unknown } | undefined;
  const isServed = entry?.status === 200 && entry.method === 'POST' && payload?.limit === 10;
  if (code === 0 && isServed) {
    results[client.name] = { version, date: new Date().toISOString().slice(0, 10) };
    console.log(`✔ ${client.name} ${version}`);
  } else {
    failures.push(`${client.name} ${version} exited with ${code}:\n${stdout}${stderr}`);
    console.log(`✖ ${client.name} ${version}`);
  }
}
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
if (!values.print && failures.length === 0) {
  const stored = await clientsReport.read().catch((): ClientResults => ({}));
  await clientsReport.write({ ...stored, ...results });
}
