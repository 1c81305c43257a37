import { cipherNames } from '../candidates/cipher.ts';
import { runInterleaved } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { quickSlices } from '../measure/slices.ts';
import { median } from '../measure/statistics.ts';
import { ratio, markdownTable, formatTimes } from '../report/table.ts';

const sizes = { '64 B': 64, '300 B': 300, '1 KiB': 1024, '4 KiB': 4096, '64 KiB': 65_536, '1 MiB': 1_048_576 };
/** Close to each other, so measured more often. */
const close = ['Partner Auth', 'node:crypto, KeyObject', 'node:crypto, key bytes'];
const baseline = 'node:crypto, KeyObject';

export const cipher: Part = {
  title: 'Cipher',
  async run({ quick }) {
    const slices = quick ? quickSlices : { warmUpMs: 30, sliceMs: 5, slices: 9 };
    const options = { sizes, slices };
    // detectCipher refuses what is no message but a file.
    const captured = Object.fromEntries(Object.entries(sizes).filter(([, length]) => length <= 65_536));
    const detection = {
      label: 'detectCipher',
      module: 'cipher.ts',
      name: 'detectCipher',
      options: { slices, sizes: captured },
      rounds: quick ? 1 : 3,
    };
    const samples = await runInterleaved(
      [
        detection,
        ...cipherNames.map((name) => ({
          label: name,
          module: 'cipher.ts',
          name,
          options,
          ...(close.includes(name) ? {} : { rounds: quick ? 1 : 3 }),
        })),
      ],
      quick ? 1 : 5,
    );
    const of = (name: string, metric: string): number[] => samples.get(name)?.get(metric) ?? [];
    const figures: Record<string, number> = {};
    const grids = ['encrypt', 'decrypt'].map((direction) => {
      const rows = cipherNames.map((name) => [
        name,
        ...Object.keys(sizes).map((size) => {
          const faster = median(of(name, `${direction} ${size} faster`));
          if (name === 'Partner Auth') figures[`cipher ${direction} ${size}`] = faster;
          return `${formatTimes(of(name, `${direction} ${size}`))}, ${ratio(faster)}`;
        }),
      ]);
      return markdownTable([direction, ...Object.keys(sizes)], rows);
    });
    const found = Object.keys(captured).map((size) => formatTimes(of('detectCipher', `detect ${size}`)));
    const detected = markdownTable(
      ['the settings of one message', ...Object.keys(captured)],
      [['`detectCipher`', ...found]],
    );
    const explanation = `UTF-8 JSON to hex and back, AES-256-CBC: time for one call, and speed as a multiple of ${baseline}, which runs in turns with each in the same process; its own row shows the noise. The resulting text is made whole, as any use of it would.`;
    return { markdown: [explanation, ...grids, detected].join('\n\n'), figures };
  },
};
