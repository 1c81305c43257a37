import { downloadNames } from '../candidates/download.ts';
import { startAuthServer } from '../environment/auth-server.ts';
import { provideBuild } from '../environment/build.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { runInterleaved, type Samples } from '../measure/fresh-process.ts';
import { median } from '../measure/statistics.ts';
import { formatBytes, formatTimes } from '../report/format.ts';
import { samplesOf, type Part } from '../report/part.ts';

const mebibyte = 1024 * 1024;
const sizes: Readonly<Record<string, number>> = { '64 MiB': 64 * mebibyte, '1 GiB': 1024 * mebibyte };
const own = downloadNames[0] ?? '';
const ms = 1e6;

export const download: Part = {
  title: 'Downloads',
  async measure({ quick }) {
    const { core } = await provideBuild();
    await using server = await startAuthServer();
    const measurement: Record<string, Samples> = {};
    for (const [size, bytes] of Object.entries(sizes)) {
      const options = { core, url: server.url, bytes: quick ? mebibyte : bytes };
      const cases = downloadNames.map((name) => ({ label: name, module: 'download.ts', name, options }));
      measurement[size] = await runInterleaved(cases, quick ? 1 : 3);
    }
    return measurement;
  },
  render(measurement) {
    const rows = downloadNames.map((name) => [
      name,
      ...Object.keys(sizes).flatMap((size) => [
        formatTimes(samplesOf(measurement, size, name, 'time'), ms),
        formatBytes(median(samplesOf(measurement, size, name, 'added'))),
      ]),
    ]);
    const head = Object.keys(sizes).flatMap((size) => [size, `added to peak memory by ${size}`]);
    return [
      'One process reads a file over loopback as fast as it can. Its memory does not grow with the file: what it adds is buffers that are yet to be collected.',
      markdownTable(['download', ...head], rows),
    ].join('\n\n');
  },
  figures: (measurement) => ({
    'download 1 GiB added memory': median(samplesOf(measurement, '1 GiB', own, 'added')),
  }),
};
