/**
 * `npm run test:runtimes`: installs the packed library and the runtimes from npm into a temporary folder, and runs the samples of
 * core/examples/README.md in each of them against a sandbox. Writes what runs where, with versions, into that page.
 * `--print`: prints only.
 */
import { arch, platform } from 'node:os';
import { parseArgs } from 'node:util';
import { startSandbox } from '../../core/sandbox/index.ts';
import { callsOf, cloudreveEnv } from '../helpers/documents.ts';
import { writeTable, type Row } from './page.ts';
import { commandOf, installRuntimes, runAllDoors, runSample, runtimes, versionOf } from './runtimes.ts';

const { values } = parseArgs({ options: { print: { type: 'boolean', default: false } } });
const missing = await installRuntimes();
await using sandbox = await startSandbox();
const rows: Row[] = [];
const failures: string[] = [];
for (const runtime of runtimes) {
  const { name, npm = '', allDoors } = runtime;
  const command = commandOf(runtime);
  const reason = missing.get(npm);
  if (reason !== undefined) {
    console.log(`- ${name}: ${reason}`);
    rows.push({ name, version: undefined, command, result: `not run: ${reason}` });
    continue;
  }
  sandbox.clearJournal();
  const failure =
    (await runSample(runtime, cloudreveEnv(sandbox))) ?? wrongCalls() ?? (allDoors && (await runAllDoors(runtime)));
  const version = await versionOf(runtime);
  if (failure) failures.push(`${name} ${version}: ${failure}`);
  console.log(`${failure ? '✖' : '✔'} ${name} ${version}`);
  const runs = allDoors === undefined ? 'runs' : 'runs, also gateway, sandbox and `testing`';
  rows.push({ name, version, command, result: failure ? 'fails' : runs });
}
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
const on = `On ${platform()} ${arch()}, ${new Date().toISOString().slice(0, 10)}.`;
if (!values.print) await writeTable(rows, on);

function wrongCalls(): string | undefined {
  const calls = callsOf(sandbox).join(', ');
  const isRight = calls === 'login, refresh, protected' && sandbox.journal.every(({ status }) => status === 200);
  return isRight ? undefined : `the sandbox received ${calls || 'nothing'}`;
}
