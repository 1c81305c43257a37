import { ownName, tokenNames } from '../candidates/token.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { runInterleaved } from '../measure/fresh-process.ts';
import { quickSlices } from '../measure/slices.ts';
import { comparePaired, inverse, median, type Comparison } from '../measure/statistics.ts';
import { formatComparisons, formatNumber, formatPaired, formatRange, formatTimes } from '../report/format.ts';
import { samplesOf, type Part } from '../report/part.ts';

const clients = tokenNames.filter((name) => name !== ownName && !name.startsWith('an async function'));

export const token: Part = {
  title: '`accessToken()` with a valid token',
  async measure({ quick }) {
    const slices = quick ? quickSlices : { warmUpMs: 40, sliceMs: 6, slices: 15 };
    const options = { slices, calls: quick ? 1000 : 200_000 };
    const cases = tokenNames.map((name) => ({ label: name, module: 'token.ts', name, options }));
    return { clients: await runInterleaved(cases, quick ? 1 : 7) };
  },
  render(measurement) {
    const of = (name: string, metric: string): readonly number[] => samplesOf(measurement, 'clients', name, metric);
    const compare = (name: string): Comparison => comparePaired(of(name, 'speed'), of(ownName, 'speed'));
    const row = (name: string, result: string, label = name): string[] => [
      label,
      result,
      `${formatNumber(median(of(name, 'growth')))} B`,
    ];
    // The table says how fast a client is next to Partner Auth, the sentence the reverse.
    const comparisons = clients.map((name) => [name, inverse(compare(name))] as const);
    return [
      `One awaited call that returns a token which is valid for an hour. The first row is the time of ${ownName}. The other rows are speeds relative to it: each client runs in turns with it in the same process, and the figure is the median of the ratios of the processes. The last row is the noise: the lowest and the highest ratio of ${ownName} to itself. The async function does the least that a client does which trusts neither a wall clock that may be set back nor a monotonic clock that may stop while the machine sleeps.`,
      `${ownName} is ${formatComparisons(comparisons)}.`,
      markdownTable(
        ['client', 'time, then paired speed', 'heap kept per call'],
        [
          row(ownName, formatTimes(of(ownName, 'ns'))),
          ...tokenNames
            .filter((name) => name !== ownName)
            .map((name) => row(name, formatPaired(compare(name), of(name, 'speed')))),
          row(ownName, formatRange(of(ownName, 'speed')), `${ownName}, against itself`),
        ],
      ),
    ].join('\n\n');
  },
  figures(measurement) {
    const of = (name: string, metric: string): number => median(samplesOf(measurement, 'clients', name, metric));
    return {
      'token faster than the next': 1 / Math.max(...clients.map((name) => of(name, 'speed'))),
      'token heap kept per call': of(ownName, 'growth'),
    };
  },
};
