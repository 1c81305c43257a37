import { exchangeNames } from '../candidates/exchange.ts';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { measure as measureCase, runInterleaved, type Case, type Metrics } from '../measure/fresh-process.ts';
import { compareTimes, median } from '../measure/statistics.ts';
import {
  formatComparison,
  formatCount,
  formatList,
  formatNumber,
  formatRelation,
  formatTimes,
} from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const own = 'Partner Auth';
const bare = 'bare request (node:crypto)';
const tutorial = 'tutorial (got and node-forge)';
const ms = 1e6;

const servers = {
  http: { secure: false, delay: 0, refreshes: 200 },
  https: { secure: true, delay: 0, refreshes: 200 },
  'https with 30 ms delay': { secure: true, delay: 30, refreshes: 20 },
};

export const exchange: Part = {
  title: 'Login and refresh over loopback',
  async measure({ quick }) {
    const measurement: Record<string, Measurement[string]> = {};
    for (const [server, options] of Object.entries(servers)) {
      const refreshes = quick ? 4 : options.refreshes;
      const cases = exchangeNames.map((name) => ({ label: name, module: 'exchange.ts', name }));
      measurement[server] = await runInterleaved(cases, quick ? 1 : 5, (one) => runAgainst(options, refreshes, one));
    }
    return measurement;
  },
  render(measurement) {
    const of = (server: string, name: string, metric: string): readonly number[] =>
      samplesOf(measurement, server, name, metric);
    const tables = Object.keys(servers).map((server) => {
      const requests = median(of(server, own, 'requests'));
      const rows = exchangeNames.map((name) => [
        name,
        formatTimes(of(server, name, 'login'), ms),
        formatTimes(of(server, name, 'refresh'), ms),
        name === bare ? '' : formatComparison(compareTimes(of(server, name, 'refresh'), of(server, bare, 'refresh'))),
        formatTimes(of(server, name, 'processor'), ms),
        formatNumber(median(of(server, name, 'connections'))),
        formatNumber(median(of(server, name, 'handshakes'))),
      ]);
      const head = [
        server,
        'start, load and login',
        'one refresh',
        'relative to bare',
        'processor time of one',
        `connections for ${requests} calls`,
        'TLS handshakes',
      ];
      return markdownTable(head, rows);
    });
    const comparisons = Object.keys(servers).map((server) => {
      const relations = Object.entries({ 'bare request': bare, tutorial }).map(([label, name]) => {
        return formatRelation(compareTimes(of(server, own, 'refresh'), of(server, name, 'refresh')), `the ${label}`);
      });
      return `- over ${server}: ${relations.join(', ')}`;
    });
    const connections = Object.keys(servers).map((server) => {
      const count = formatCount(median(of(server, own, 'connections')), 'connection');
      return `${count} for ${formatNumber(median(of(server, own, 'requests')))} calls`;
    });
    return [
      'A login and then refreshes against a server on the same machine. Partner Auth also stores an intent and the new tokens with each refresh, validates the response and registers its secrets for redaction; the others do not.',
      `One refresh with ${own}:\n\n${comparisons.join('\n')}`,
      `${own} opens ${formatList([...new Set(connections)])}.`,
      ...tables,
    ].join('\n\n');
  },
  figures(measurement) {
    const of = (server: string, name: string, metric: string): number =>
      median(samplesOf(measurement, server, name, metric));
    return Object.fromEntries(
      Object.keys(servers).flatMap((server) => [
        [`exchange ${server} to bare`, of(server, own, 'refresh') / of(server, bare, 'refresh')],
        [`exchange ${server} to tutorial`, of(server, own, 'refresh') / of(server, tutorial, 'refresh')],
        [`exchange ${server} connections`, of(server, own, 'connections')],
      ]),
    );
  },
};

async function runAgainst(
  options: { readonly secure: boolean; readonly delay: number },
  refreshes: number,
  one: Case,
): Promise<Metrics> {
  await using server = await startAuthServer(options);
  const { url, ca } = server;
  const { core } = await provideBuild();
  const metrics = await measureCase({ ...one, options: { core, url, refreshes, ...(ca !== undefined && { ca }) } });
  const counts = server.counts();
  // A login, a quarter of the refreshes to warm up, and the refreshes.
  if (counts.requests !== 1 + refreshes * 1.25) throw new Error(`${one.label} sent ${counts.requests} requests.`);
  return { ...metrics, ...counts };
}
