import { join } from 'node:path';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { runInterleaved, type Case, type Samples } from '../measure/fresh-process.ts';
import { median } from '../measure/statistics.ts';
import { formatTime, formatTimes } from '../report/format.ts';
import { samplesOf, type Part } from '../report/part.ts';

interface Table {
  readonly head: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** Labels of the rows by metric. */
  readonly metrics: Readonly<Record<string, string>>;
}

const tables: Readonly<Record<'profiles' | 'payload' | 'files', Table>> = {
  profiles: {
    head: 'profiles',
    sizes: { '1': 1, '10': 10, '100': 100, '1,000': 1000 },
    metrics: {
      parse: 'reading the settings',
      activate: 'starting the extension',
      wake: 'work of the extension in each minute',
    },
  },
  payload: {
    head: 'payload',
    sizes: { '64 KiB': 65_536, '1 MiB': 1_048_576, '10 MiB': 10_485_760 },
    metrics: {
      encrypt: '`createCipher().encrypt()`',
      decrypt: '`createCipher().decrypt()`',
      block: '`session.request()`: longest block of the event loop',
    },
  },
  files: {
    head: 'session files in one folder, each with an open session',
    sizes: { '1': 1, '100': 100, '1,000': 1000 },
    metrics: { open: 'opening, for each session', read: 'reading one', write: 'writing one, durably' },
  },
};
const ms = 1e6;

export const growth: Part = {
  title: 'Growth',
  async measure({ quick }) {
    const { core, folder } = await provideBuild();
    await using server = await startAuthServer();
    const options = { core, bundle: join(folder, 'dist/extension.cjs'), url: server.url };
    const cases = Object.entries(tables).flatMap(([name, { sizes }]) =>
      Object.entries(sizes).map(([size, count]): Case => ({
        label: `${name} ${size}`,
        module: 'growth.ts',
        name,
        options: { ...options, count: quick ? Math.min(count, 100_000) : count },
      })),
    );
    const samples = await runInterleaved(cases, quick ? 1 : 3);
    return Object.fromEntries(
      Object.entries(tables).map(([name, { sizes }]): [string, Samples] => [
        name,
        Object.fromEntries(Object.keys(sizes).map((size) => [size, samples[`${name} ${size}`] ?? {}])),
      ]),
    );
  },
  render(measurement) {
    const grids = Object.entries(tables).map(([name, { head, sizes, metrics }]) => {
      const rows = Object.entries(metrics).map(([metric, label]) => [
        label,
        ...Object.keys(sizes).map((size) => formatTimes(samplesOf(measurement, name, size, metric), ms)),
      ]);
      return markdownTable([head, ...Object.keys(sizes)], rows);
    });
    const { metrics, sizes } = tables.payload;
    const [longest] = Object.entries(metrics)
      .flatMap(([metric, label]) =>
        Object.keys(sizes).map((size) => ({
          time: median(samplesOf(measurement, 'payload', size, metric)),
          what: `${label.split(':')[0] ?? ''} with ${size}`,
        })),
      )
      .sort((a, b) => b.time - a.time);
    return [
      `Encrypting and decrypting are synchronous, so that they block the event loop; \`session.request()\` returns to the event loop between its steps. The longest block with a payload is ${formatTime((longest?.time ?? NaN) * ms)}, by ${longest?.what ?? ''}. A file holds one session.`,
      ...grids,
    ].join('\n\n');
  },
  figures: (measurement) =>
    Object.fromEntries(
      Object.entries(tables).flatMap(([name, { sizes, metrics }]) =>
        Object.keys(sizes).flatMap((size) =>
          Object.keys(metrics).map((metric) => [
            `growth ${name} ${size} ${metric}`,
            median(samplesOf(measurement, name, size, metric)),
          ]),
        ),
      ),
    ),
};
