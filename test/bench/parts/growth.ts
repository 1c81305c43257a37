import { join } from 'node:path';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { runInterleaved, type Case } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { median } from '../measure/statistics.ts';
import { markdownTable, formatTimes } from '../report/table.ts';

const counts = {
  profiles: { '1': 1, '10': 10, '100': 100, '1,000': 1000 },
  payload: { '64 KiB': 65_536, '1 MiB': 1_048_576, '10 MiB': 10_485_760 },
  files: { '1': 1, '100': 100, '1,000': 1000 },
};

const lines = {
  profiles: {
    head: 'profiles',
    parse: 'reading the settings',
    activate: 'starting the extension',
    wake: 'what it does each minute',
  },
  payload: {
    head: 'payload',
    encrypt: '`encrypt`: event loop blocked for',
    decrypt: '`decrypt`: event loop blocked for',
    block: '`request` with it: longest block of the event loop',
  },
  files: {
    head: 'session files in one folder, each with an open session',
    open: 'opening, for each session',
    read: 'reading one',
    write: 'writing one, durably',
  },
};

export const growth: Part = {
  title: 'Growth',
  async run({ quick }) {
    const { core, folder } = await provideBuild();
    await using server = await startAuthServer();
    const options = { core, bundle: join(folder, 'dist/extension.cjs'), url: server.url };
    const cases: Case[] = Object.entries(counts).flatMap(([name, sizes]) =>
      Object.entries(sizes).map(([label, count]) => ({
        label: `${name} ${label}`,
        module: 'growth.ts',
        name,
        options: { ...options, count: quick ? Math.min(count, 100_000) : count },
      })),
    );
    const samples = await runInterleaved(cases, quick ? 1 : 3);
    const figures: Record<string, number> = {};
    const tables = (Object.keys(lines) as (keyof typeof lines)[]).map((name) => {
      const { head, ...metrics } = lines[name];
      const sizes = Object.keys(counts[name]);
      const rows = Object.entries(metrics).map(([metric, text]) => [
        text,
        ...sizes.map((size) => {
          const own = samples.get(`${name} ${size}`)?.get(metric) ?? [];
          figures[`growth ${name} ${size} ${metric}`] = median(own);
          return formatTimes(own, 1e6);
        }),
      ]);
      return markdownTable([head, ...sizes], rows);
    });
    return { markdown: tables.join('\n\n'), figures };
  },
};
