import { tokenNames } from '../candidates/token.ts';
import { interleaved } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { quickSlices, usualSlices } from '../measure/slices.ts';
import { median } from '../measure/statistics.ts';
import { ratio, short, table, timed } from '../report/table.ts';

const own = 'Partner Auth';

export const token: Part = {
  title: '`accessToken()` with a valid token',
  async run({ quick }) {
    const options = quick ? { slices: quickSlices, calls: 1000 } : { slices: usualSlices, calls: 200_000 };
    const cases = tokenNames.map((name) => ({ label: name, module: 'token.ts', name, options }));
    const samples = await interleaved(cases, quick ? 1 : 7);
    const of = (name: string, metric: string): number[] => samples.get(name)?.get(metric) ?? [];
    const base = median(of(own, 'ns'));
    const rows = tokenNames.map((name) => [
      name,
      timed(of(name, 'ns')),
      ratio(base / median(of(name, 'ns'))),
      `${short(median(of(name, 'growth')))} B`,
    ]);
    const others = tokenNames.filter((name) => name !== own).map((name) => median(of(name, 'ns')));
    return {
      markdown: table(['client', 'time for one awaited call', `speed relative to ${own}`, 'heap kept per call'], rows),
      figures: {
        'token faster than the next': Math.min(...others) / base,
        'token heap kept per call': median(of(own, 'growth')),
      },
    };
  },
};
