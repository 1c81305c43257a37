import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expiredRecord, stormNames } from '../candidates/storm.ts';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { runInterleaved, measure, type Case, type Metrics, type Samples } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { median, quantile } from '../measure/statistics.ts';
import { formatBytes, formatNumber, markdownTable, formatTime } from '../report/table.ts';

const own = 'Partner Auth';
/** How long the partner takes for a refresh, ms. */
const delay = 20;
/** Without single-flight every caller sends a request of its own; ten thousand connections say nothing more. */
const noSingleFlight = 'simple-oauth2';
const processes = 8;

export const storm: Part = {
  title: 'Storm at the moment of expiry',
  async run({ quick }) {
    const figures: Record<string, number> = {};
    const tables: string[] = [];
    for (const callers of quick ? [100] : [1000, 10_000]) {
      const names = stormNames.filter((name) => callers < 10_000 || name !== noSingleFlight);
      const cases = names.map((name) => ({ label: name, module: 'storm.ts', name, options: { callers } }));
      const samples = await runInterleaved(cases, quick ? 1 : 3, inOneProcess);
      tables.push(tableOf(`${callers.toLocaleString('en')} callers in one process`, names, samples));
      figures[`storm ${callers} requests`] = median(samples.get(own)?.get('requests') ?? []);
    }
    const callers = quick ? 20 : 1000;
    const cases = stormNames
      .filter((name) => name !== noSingleFlight)
      .map((name) => ({ label: name, module: 'storm.ts', name, options: { callers } }));
    const samples = await runInterleaved(cases, quick ? 1 : 2, inManyProcesses);
    const head = `${processes} processes, ${callers.toLocaleString('en')} callers each`;
    tables.push(tableOf(head, [...samples.keys()].sort(ownFirst), samples));
    figures['storm 8 processes requests'] = median(samples.get(own)?.get('requests') ?? []);
    const note = `The partner takes ${delay} ms. Partner Auth shares one session file between the processes; the others have no store that processes can share.`;
    return { markdown: [note, ...tables].join('\n\n'), figures };
  },
};

const ownFirst = (a: string, b: string): number => Number(b === own) - Number(a === own);

function tableOf(head: string, names: readonly string[], samples: Samples): string {
  const of = (name: string, metric: string): number => median(samples.get(name)?.get(metric) ?? []);
  return markdownTable(
    [head, 'refresh requests', 'time to a token, p50', 'p99', 'peak memory', 'of it added by the storm'],
    names.map((name) => [
      name,
      formatNumber(of(name, 'requests')),
      formatTime(of(name, 'p50') * 1e6),
      formatTime(of(name, 'p99') * 1e6),
      formatBytes(of(name, 'peak')),
      formatBytes(of(name, 'added')),
    ]),
  );
}

async function inOneProcess(one: Case): Promise<Metrics> {
  await using server = await startAuthServer({ delay });
  const { core } = await provideBuild();
  const metrics = await measure({ ...one, options: { core, url: server.url, ...one.options } });
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
    const all = await Promise.all(Array.from({ length: processes }, () => measure({ ...one, options })));
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
