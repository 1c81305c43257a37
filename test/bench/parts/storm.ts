import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expiredRecord, stormNames } from '../candidates/storm.ts';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { measure as measureCase, runInterleaved, type Case, type Metrics } from '../measure/fresh-process.ts';
import { compareTimes, median, quantile } from '../measure/statistics.ts';
import { formatBytes, formatComparisons, formatCount, formatNumber, formatTimes } from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const own = 'Partner Auth';
/** How long the partner takes for a refresh, ms. */
const delay = 20;
/** Without single-flight, every caller sends a request; ten thousand connections would show nothing more. */
const noSingleFlight = 'simple-oauth2';
const processes = 8;
const ms = 1e6;

const tables: Readonly<Record<string, { title: string; callers: number; isShared: boolean; names: string[] }>> = {
  '1000': { title: '1,000 callers in one process', callers: 1000, isShared: false, names: stormNames },
  '10000': {
    title: '10,000 callers in one process',
    callers: 10_000,
    isShared: false,
    names: stormNames.filter((name) => name !== noSingleFlight),
  },
  '8 processes': {
    title: `${processes} processes, 1,000 callers each`,
    callers: 1000,
    isShared: true,
    names: stormNames.filter((name) => name !== noSingleFlight),
  },
};

export const storm: Part = {
  title: 'Many callers when the token expires',
  async measure({ quick }) {
    const measurement: Record<string, Measurement[string]> = {};
    for (const [table, { callers, isShared, names }] of Object.entries(tables)) {
      const options = { callers: quick ? 20 : callers };
      const cases = names.map((name) => ({ label: name, module: 'storm.ts', name, options }));
      measurement[table] = await runInterleaved(cases, quick ? 1 : 3, isShared ? inManyProcesses : inOneProcess);
    }
    return measurement;
  },
  render(measurement) {
    const grids = Object.entries(tables).map(([table, { title, names }]) => {
      const of = (name: string, metric: string): readonly number[] => samplesOf(measurement, table, name, metric);
      const rows = names.map((name) => [
        name,
        formatNumber(median(of(name, 'requests'))),
        formatTimes(of(name, 'p50'), ms),
        formatTimes(of(name, 'p99'), ms),
        formatBytes(median(of(name, 'peak'))),
        formatBytes(median(of(name, 'added'))),
      ]);
      const comparisons = names
        .filter((name) => name !== own)
        .map((name) => [name, compareTimes(of(own, 'p50'), of(name, 'p50'))] as const);
      const requests = formatCount(median(of(own, 'requests')), 'refresh request');
      return [
        `With ${title}, ${own} sends ${requests}. By the median time to a token, it is ${formatComparisons(comparisons)}.`,
        markdownTable(
          [title, 'refresh requests', 'time to a token, p50', 'p99', 'peak memory', 'added by the callers'],
          rows,
        ),
      ].join('\n\n');
    });
    return [
      `All callers ask for a token at once, just after it has expired, in a process that has sent no request yet. The partner takes ${delay} ms for a refresh. ${own} loads got with its first request, which is part of its time. The processes of the last table share one session file with ${own}; the other clients have no store that processes can share.`,
      ...grids,
    ].join('\n\n');
  },
  figures: (measurement) =>
    Object.fromEntries(
      Object.keys(tables).map((table) => [
        `storm ${table} requests`,
        median(samplesOf(measurement, table, own, 'requests')),
      ]),
    ),
};

async function inOneProcess(one: Case): Promise<Metrics> {
  await using server = await startAuthServer({ delay });
  const { core } = await provideBuild();
  const metrics = await measureCase({ ...one, options: { core, url: server.url, ...one.options } });
  return { ...metrics, requests: server.counts().requests };
}

async function inManyProcesses(one: Case): Promise<Metrics> {
  await using server = await startAuthServer({ delay });
  const { core } = await provideBuild();
  const folder = await mkdtemp(join(tmpdir(), 'partner-auth-bench-'));
  try {
    const file = join(folder, 'session.json');
    await writeFile(file, JSON.stringify(expiredRecord(server.url)), { mode: 0o600 });
    const options = { core, url: server.url, file, startAt: Date.now() + 1500, ...one.options };
    const all = await Promise.all(Array.from({ length: processes }, () => measureCase({ ...one, options })));
    const of = (metric: string): number[] => all.map((metrics) => metrics[metric] ?? NaN);
    return {
      p50: median(of('p50')),
      p99: quantile(of('p99'), 1),
      peak: median(of('peak')),
      added: median(of('added')),
      requests: server.counts().requests,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
