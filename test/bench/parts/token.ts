import { ownName, tokenNames } from '../candidates/token.ts';
import { runInterleaved } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { quickSlices } from '../measure/slices.ts';
import { median } from '../measure/statistics.ts';
import { ratio, formatNumber, markdownTable, formatTimes } from '../report/table.ts';

export const token: Part = {
  title: '`accessToken()` with a valid token',
  async run({ quick }) {
    const slices = quick ? quickSlices : { warmUpMs: 40, sliceMs: 6, slices: 15 };
    const options = { slices, calls: quick ? 1000 : 200_000 };
    const cases = tokenNames.map((name) => ({ label: name, module: 'token.ts', name, options }));
    const samples = await runInterleaved(cases, quick ? 1 : 7);
    const of = (name: string, metric: string): number[] => samples.get(name)?.get(metric) ?? [];
    const rows = tokenNames.map((name) => [
      name,
      formatTimes(of(name, 'ns')),
      ratio(median(of(name, 'faster'))),
      `${formatNumber(median(of(name, 'growth')))} B`,
    ]);
    const clients = tokenNames.filter((name) => name !== ownName && !name.startsWith('an async function'));
    const note = `Speed as a multiple of ${ownName}, which runs in turns with each in the same process: below 1 is slower.`;
    return {
      markdown: `${markdownTable(['client', 'time for one awaited call', 'relative speed', 'heap kept per call'], rows)}\n\n${note}`,
      figures: {
        'token faster than the next': 1 / Math.max(...clients.map((name) => median(of(name, 'faster')))),
        'token heap kept per call': median(of(ownName, 'growth')),
      },
    };
  },
};
