import { exchangeNames } from '../candidates/exchange.ts';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { runInterleaved, measure, type Case } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { median } from '../measure/statistics.ts';
import { ratio, formatNumber, markdownTable, formatTimes } from '../report/table.ts';

const own = 'Partner Auth';
const bare = 'bare node:https, hand-written encryption';
const tutorial = 'tutorial: got and node-forge';
const ms = 1e6;

const lines = {
  http: { secure: false, delay: 0 },
  https: { secure: true, delay: 0 },
  'https, partner takes 30 ms': { secure: true, delay: 30 },
};

export const exchange: Part = {
  title: 'Login and refresh over loopback',
  async run({ quick }) {
    const figures: Record<string, number> = {};
    const tables: string[] = [];
    for (const [line, server] of Object.entries(lines)) {
      const refreshes = quick ? 4 : server.delay > 0 ? 20 : 200;
      const cases = exchangeNames.map((name) => ({ label: name, module: 'exchange.ts', name }));
      const samples = await runInterleaved(cases, quick ? 1 : 5, (one) => against(server, refreshes, one));
      const of = (name: string, metric: string): number[] => samples.get(name)?.get(metric) ?? [];
      const relative = (name: string, to: string): number => median(of(name, 'refresh')) / median(of(to, 'refresh'));
      const rows = exchangeNames.map((name) => [
        name,
        formatTimes(of(name, 'login'), ms),
        formatTimes(of(name, 'refresh'), ms),
        ratio(relative(name, bare)),
        formatTimes(of(name, 'processor'), ms),
        formatNumber(median(of(name, 'connections'))),
        formatNumber(median(of(name, 'handshakes'))),
      ]);
      tables.push(
        markdownTable(
          [
            line,
            'start, load and login',
            'one refresh',
            'time relative to bare',
            'processor time',
            `connections for ${refreshes * 1.25 + 1} calls`,
            'TLS handshakes',
          ],
          rows,
        ),
      );
      figures[`exchange ${line} to bare`] = relative(own, bare);
      figures[`exchange ${line} to tutorial`] = relative(own, tutorial);
      figures[`exchange ${line} connections`] = median(of(own, 'connections'));
    }
    return { markdown: tables.join('\n\n'), figures };
  },
};

async function against(
  options: { readonly secure: boolean; readonly delay: number },
  refreshes: number,
  one: Case,
): Promise<Record<string, number>> {
  await using server = await startAuthServer(options);
  const { url, ca } = server;
  const { core } = await provideBuild();
  const metrics = await measure({ ...one, options: { core, url, refreshes, ...(ca !== undefined && { ca }) } });
  const { requests, connections, handshakes } = server.counts();
  if (requests !== 1 + refreshes * 1.25) throw new Error(`${one.label} made ${requests} requests.`);
  return { ...metrics, connections, handshakes };
}
