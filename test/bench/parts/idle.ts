import { join } from 'node:path';
import { provideBuild } from '../environment/build.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { runInterleaved, type Case } from '../measure/fresh-process.ts';
import { median } from '../measure/statistics.ts';
import { formatBytes, formatCount, formatNumber } from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const session = 'a session, signed in, with `autoRefresh` and a listener';
const tenOpened = 'the extension, 10 profiles, all tokens used once';
const candidates: Readonly<Record<string, { name: string; profiles?: number; useTokens?: boolean }>> = {
  [session]: { name: 'session' },
  'the extension, 1 profile signed in': { name: 'extension' },
  'the extension, 1 profile, its token used once': { name: 'extension', useTokens: true },
  'the extension, 10 profiles signed in': { name: 'extension', profiles: 10 },
  [tenOpened]: { name: 'extension', profiles: 10, useTokens: true },
};

const figureOf = (measurement: Measurement, row: string, metric: string): number =>
  median(samplesOf(measurement, 'hour', row, metric));

export const idle: Part = {
  title: 'Idle, over an hour of fast time',
  async measure({ quick }) {
    const { core, folder } = await provideBuild();
    const bundle = join(folder, 'dist/extension.cjs');
    const cases = Object.entries(candidates).map(([label, { name, ...options }]): Case => ({
      label,
      module: 'idle.ts',
      name,
      options: { core, bundle, ...options },
    }));
    return { hour: await runInterleaved(cases, quick ? 1 : 3) };
  },
  render(measurement) {
    const of = (row: string, metric: string): number => figureOf(measurement, row, metric);
    const rows = Object.keys(candidates).map((row) => [
      row,
      formatNumber(of(row, 'timers')),
      formatNumber(of(row, 'wakeUps')),
      formatBytes(of(row, 'grown')),
    ]);
    const wakeUps = formatCount(of(session, 'wakeUps'), 'time');
    const growth = formatBytes(Math.max(...Object.keys(candidates).map((row) => of(row, 'grown'))));
    return [
      `The process has replaced clocks and timers, on which an hour passes in an instant. A session has ${formatCount(of(session, 'timers'), 'timer')} and wakes the process ${wakeUps} in an hour. The extension with 10 opened sessions wakes it ${formatCount(of(tenOpened, 'wakeUps'), 'time')}, because their timers fall due together. The heap grows by at most ${growth}.`,
      markdownTable(['what', 'timers', 'wake-ups in an hour', 'heap growth'], rows),
    ].join('\n\n');
  },
  figures(measurement) {
    const of = (row: string, metric: string): number => figureOf(measurement, row, metric);
    return {
      'idle timers of a session': of(session, 'timers'),
      'idle wake-ups of a session': of(session, 'wakeUps'),
      'idle heap of a session': of(session, 'grown'),
      'idle wake-ups of the extension with 10 opened sessions': of(tenOpened, 'wakeUps'),
      'idle heap of the extension with 10 opened sessions': of(tenOpened, 'grown'),
    };
  },
};
