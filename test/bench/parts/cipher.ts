import { cipherNames } from '../candidates/cipher.ts';
import { runInterleaved } from '../measure/fresh-process.ts';
import { quickSlices } from '../measure/slices.ts';
import { comparePaired, compareSpeeds, median, type Comparison } from '../measure/statistics.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { formatList, formatPaired, formatRange, formatTimes } from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const sizes = { '64 B': 64, '300 B': 300, '1 KiB': 1024, '4 KiB': 4096, '64 KiB': 65_536, '1 MiB': 1_048_576 };
const sizeNames = Object.keys(sizes);
// detectCipher rejects larger ones, because they are files and not messages.
const detectedSizes = Object.fromEntries(Object.entries(sizes).filter(([, length]) => length <= 65_536));
const own = 'Partner Auth';
const baseline = 'node:crypto (KeyObject)';
/** Close to each other, so that they need more rounds. */
const close: readonly string[] = [own, baseline, 'node:crypto (key bytes)'];
const directions = { encrypt: 'Encrypting', decrypt: 'Decrypting' };

export const cipher: Part = {
  title: 'Cipher',
  async measure({ quick }) {
    const slices = quick ? quickSlices : { warmUpMs: 30, sliceMs: 5, slices: 9 };
    const rounds = (name: string): number => (quick ? 1 : close.includes(name) ? 7 : 3);
    const cases = [
      ...cipherNames.map((name) => ({ name, options: { sizes, slices } })),
      { name: 'detectCipher', options: { sizes: detectedSizes, slices } },
    ].map((one) => ({ ...one, label: one.name, module: 'cipher.ts', rounds: rounds(one.name) }));
    return { ciphers: await runInterleaved(cases, rounds(own)) };
  },
  render(measurement) {
    const tables = Object.keys(directions).map((direction) => {
      const speedRow = (name: string): string[] => [
        name,
        ...sizeNames.map((size) =>
          formatPaired(
            compareToBaseline(measurement, name, direction, size),
            speedsOf(measurement, name, direction, size),
          ),
        ),
      ];
      const noise = sizeNames.map((size) => formatRange(speedsOf(measurement, baseline, direction, size)));
      const times = sizeNames.map((size) =>
        formatTimes(samplesOf(measurement, 'ciphers', baseline, `${direction} ${size}`)),
      );
      return markdownTable(
        [`${direction} (paired speed)`, ...sizeNames],
        [
          [baseline, ...times],
          ...cipherNames.filter((name) => name !== baseline).map(speedRow),
          [`${baseline}, against itself`, ...noise],
        ],
      );
    });
    const detection = Object.keys(detectedSizes).map((size) =>
      formatTimes(samplesOf(measurement, 'ciphers', 'detectCipher', `detect ${size}`)),
    );
    return [
      `AES-256-CBC of UTF-8 JSON to hex and back. The first row of a table is the time of one call of ${baseline}. The other rows are speeds relative to it: each candidate runs in turns with it in the same process, and the figure is the median of the ratios of the processes. The last row is the noise: the lowest and the highest ratio of ${baseline} to itself.`,
      Object.entries(directions)
        .map(([direction, verb]) => summary(measurement, direction, verb))
        .join('\n\n'),
      ...tables,
      '`detectCipher` takes this long to find the settings of one message:',
      markdownTable(['', ...Object.keys(detectedSizes)], [['`detectCipher`', ...detection]]),
    ].join('\n\n');
  },
  figures: (measurement) =>
    Object.fromEntries(
      Object.keys(directions).flatMap((direction) =>
        sizeNames.map((size) => [`cipher ${direction} ${size}`, median(speedsOf(measurement, own, direction, size))]),
      ),
    ),
};

function speedsOf(measurement: Measurement, name: string, direction: string, size: string): readonly number[] {
  return samplesOf(measurement, 'ciphers', name, `${direction} ${size} speed`);
}

function compareToBaseline(measurement: Measurement, name: string, direction: string, size: string): Comparison {
  const speeds = speedsOf(measurement, name, direction, size);
  return comparePaired(speeds, speedsOf(measurement, baseline, direction, size));
}

function summary(measurement: Measurement, direction: string, verb: string): string {
  const ownSpeeds = (size: string): readonly number[] => speedsOf(measurement, own, direction, size);
  const sizesWith = (verdict: Comparison['verdict']): string[] =>
    sizeNames.filter((size) => compareToBaseline(measurement, own, direction, size).verdict === verdict);
  const verdicts = (['faster', 'equal', 'slower'] as const)
    .filter((verdict) => sizesWith(verdict).length > 0)
    .map((verdict) => `${verdict} with ${formatList(sizesWith(verdict))}`);
  const exceptions = cipherNames
    .filter((name) => name !== own && name !== baseline)
    .flatMap((name) =>
      sizeNames.flatMap((size) => {
        const { verdict } = compareSpeeds(ownSpeeds(size), speedsOf(measurement, name, direction, size));
        return verdict === 'faster' ? [] : [`${name} with ${size} (${verdict})`];
      }),
    );
  const others = exceptions.length > 0 ? `, except ${formatList(exceptions)}` : '';
  return `${verb}: compared with ${baseline}, ${own} is ${verdicts.join(', ')}; compared with the others, it is faster with every size${others}.`;
}
