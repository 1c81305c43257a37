import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cacheFolder } from '../../helpers/vscode/paths.ts';
import { provideBuild } from '../environment/build.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { median } from '../measure/statistics.ts';
import { formatBytes } from '../report/format.ts';
import { samplesOf, type Part } from '../report/part.ts';
import { sizeByPackage, type Metafile } from '../report/size-by-package.ts';

const bundleName = 'extension bundle';
const vsixName = 'VSIX';
const coreName = 'library without its packages';

export const size: Part = {
  title: 'Size',
  async measure() {
    const { folder } = await provideBuild();
    const bundle = await readFile(join(folder, 'dist/extension.cjs'));
    const vsix = (await readdir(folder)).find((name) => name.endsWith('.vsix')) ?? '';
    const meta = JSON.parse(await readFile(join(folder, 'out/extension.meta.json'), 'utf8')) as Metafile;
    return {
      files: {
        [bundleName]: codeSize(bundle),
        [vsixName]: { size: [(await stat(join(folder, vsix))).size] },
        [coreName]: { size: [await folderSize(join(folder, 'dist/core'), '.js')] },
        ...(await builtInBundles()),
      },
      packages: Object.fromEntries(sizeByPackage(meta).map((one) => [one.name, { size: [one.size] }])),
    };
  },
  render(measurement) {
    const sizeOf = (table: string, name: string): number => median(samplesOf(measurement, table, name, 'size'));
    const files = Object.keys(measurement.files ?? {}).map((name) => {
      const gzip = samplesOf(measurement, 'files', name, 'gzip');
      return [name, formatBytes(sizeOf('files', name)), gzip.length === 0 ? '' : formatBytes(median(gzip))];
    });
    const packages = Object.keys(measurement.packages ?? {}).map((name) => ({ name, size: sizeOf('packages', name) }));
    const sum = (list: typeof packages): number => list.reduce((total, one) => total + one.size, 0);
    const total = sum(packages);
    const isSmall = (one: { readonly size: number }): boolean => one.size < total / 100;
    const small = packages.filter(isSmall);
    const rows = [
      ...packages.filter((one) => !isSmall(one)),
      { name: `${small.length} smaller ones`, size: sum(small) },
    ].map((one) => {
      const share = one.size / total;
      const bar = '█'.repeat(Math.max(1, Math.round(share * 40)));
      return [one.name, formatBytes(one.size), `${(share * 100).toFixed(1)} %`, bar];
    });
    return [
      'The bundles of VS Code are those of the version that the tests run in.',
      markdownTable(['file', 'size', 'gzip'], files),
      markdownTable(['extension bundle by package', 'size', 'share', ''], rows),
    ].join('\n\n');
  },
  figures(measurement) {
    const of = (name: string, metric: string): number => median(samplesOf(measurement, 'files', name, metric));
    return {
      'size bundle': of(bundleName, 'size'),
      'size bundle gzip': of(bundleName, 'gzip'),
      'size vsix': of(vsixName, 'size'),
      'size core': of(coreName, 'size'),
    };
  },
};

function codeSize(code: Buffer): { readonly size: number[]; readonly gzip: number[] } {
  return { size: [code.length], gzip: [gzipSync(code).length] };
}

async function folderSize(folder: string, suffix: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    entries.filter((name) => name.endsWith(suffix)).map(async (name) => (await stat(join(folder, name))).size),
  );
  return sizes.reduce((sum, one) => sum + one, 0);
}

/** The bundles of the built-in authentication extensions of the VS Code that the tests use, if it is installed. */
async function builtInBundles(): Promise<Record<string, ReturnType<typeof codeSize>>> {
  const server = (await readdir(cacheFolder).catch(() => [])).find((name) => name.startsWith('code-server-'));
  if (server === undefined) return {};
  const bundles: Record<string, ReturnType<typeof codeSize>> = {};
  for (const name of ['github-authentication', 'microsoft-authentication']) {
    const path = join(cacheFolder, server, 'extensions', name, 'dist/extension.js');
    const code = await readFile(path).catch(() => undefined);
    if (code !== undefined) bundles[`for comparison: bundle of vscode.${name}`] = codeSize(code);
  }
  return bundles;
}
