import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { provideBuild } from '../environment/build.ts';
import { runInterleaved, runNode, type Case, type Metrics, type Samples } from '../measure/fresh-process.ts';
import { median } from '../measure/statistics.ts';
import { formatNumber, formatTimes } from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const empty = 'an empty program';
const stores = { plain: 'in plain text', key: 'encrypted' } as const;
const rowOf = (store: keyof typeof stores): string => `\`partner-auth token\`, stored ${stores[store]}`;
const ms = 1e6;

/** Reports the processor time of a program when it ends, alike for all. */
const reporter = `const { appendFileSync } = require('node:fs');
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  appendFileSync(process.env.PROCESSOR_TIME, (user + system) + '\\n');
});
`;

export const command: Part = {
  title: 'Command line',
  measure: async ({ quick }) => ({ processes: await measureProcesses(quick ? 1 : 41) }),
  render(measurement) {
    const of = (row: string): readonly number[] => samplesOf(measurement, 'processes', row, 'processor');
    const rows = Object.keys(measurement.processes ?? {}).map((row) => [
      row,
      formatTimes(of(row), ms),
      row === empty ? '' : `${formatNumber(toEmpty(measurement, row))}x`,
    ]);
    return [
      'Processor time of one process from its start to its end, with a valid token in the store. The compiled code is cached. Loading `node:crypto` is what makes the encrypted one slower.',
      markdownTable(['program', 'processor time', 'relative to an empty program'], rows),
    ].join('\n\n');
  },
  figures: (measurement) =>
    Object.fromEntries(
      Object.keys(stores).map((store) => [
        `command token ${store} to empty`,
        toEmpty(measurement, rowOf(store as keyof typeof stores)),
      ]),
    ),
};

function toEmpty(measurement: Measurement, row: string): number {
  const of = (name: string): number => median(samplesOf(measurement, 'processes', name, 'processor'));
  return of(row) / of(empty);
}

async function measureProcesses(rounds: number): Promise<Samples> {
  const { folder } = await provideBuild();
  const main = join(folder, 'dist/core/cli/main.js');
  await using sandbox = await startSandbox();
  const home = await mkdtemp(join(tmpdir(), 'partner-auth-bench-'));
  try {
    const { username, password } = sandbox.profiles.bizmail.credentials;
    const env = {
      PARTNER_AUTH_HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      PARTNER_AUTH_STORE_KEY: 'b5'.repeat(32),
      PROCESSOR_TIME: join(home, 'processor-time.txt'),
    };
    const credentials = { PARTNER_AUTH_USERNAME: username, PARTNER_AUTH_PASSWORD: password };
    const files = { reporter: join(home, 'reporter.cjs'), empty: join(home, 'empty.mjs') };
    await writeFile(files.reporter, reporter);
    await writeFile(files.empty, '');
    const programs: Record<string, readonly string[]> = { [empty]: [files.empty] };
    for (const store of Object.keys(stores) as (keyof typeof stores)[]) {
      const connection = ['--partner', 'bizmail', '--base-url', sandbox.url];
      await runNode([main, 'profile', 'add', store, ...connection], env);
      await runNode([main, 'login', store, '--store', store], { ...env, ...credentials });
      programs[rowOf(store)] = [main, 'token', store];
      // Writes the compiled code of what runs.
      await runNode([main, 'token', store], env);
    }
    const run = async ({ label }: Case): Promise<Metrics> => {
      await rm(env.PROCESSOR_TIME, { force: true });
      await runNode(['--require', files.reporter, ...(programs[label] ?? [])], env);
      return { processor: Number(await readFile(env.PROCESSOR_TIME, 'utf8')) / 1000 };
    };
    const cases = Object.keys(programs).map((label) => ({ label, module: '', name: '' }));
    return await runInterleaved(cases, rounds, run);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
