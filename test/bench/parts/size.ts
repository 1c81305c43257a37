import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cacheFolder } from '../../helpers/vscode/paths.ts';
import { provideBuild } from '../environment/build.ts';
import type { Part } from '../report/part.ts';
import { formatBytes, markdownTable } from '../report/table.ts';
import { sizeByPackage } from '../report/size-by-package.ts';

export const size: Part = {
  title: 'Size',
  async run() {
    const { folder } = await provideBuild();
    const bundle = await readFile(join(folder, 'dist/extension.cjs'));
    const vsixName = (await readdir(folder)).find((name) => name.endsWith('.vsix')) ?? '';
    const vsix = await stat(join(folder, vsixName));
    const core = await folderSize(join(folder, 'dist/core'), '.js');
    const rows = [
      ['extension bundle', formatBytes(bundle.length), formatBytes(gzipSync(bundle).length)],
      ['VSIX', formatBytes(vsix.size), ''],
      ['library without its packages', formatBytes(core), ''],
      ...(await builtInSizes()),
    ];
    const meta = JSON.parse(await readFile(join(folder, 'out/extension.meta.json'), 'utf8')) as Parameters<
      typeof sizeByPackage
    >[0];
    const pieces = sizeByPackage(meta);
    const small = pieces.filter(({ share }) => share < 0.01);
    const rest = { name: `${small.length} smaller ones`, size: 0, share: 0 };
    for (const { size: own, share } of small) {
      rest.size += own;
      rest.share += share;
    }
    const parts = [...pieces.slice(0, -small.length || undefined), rest].map(({ name, size: own, share }) => [
      name,
      formatBytes(own),
      `${(share * 100).toFixed(1)} %`,
      '█'.repeat(Math.max(1, Math.round(share * 40))),
    ]);
    return {
      markdown: [
        markdownTable(['what', 'size', 'gzip'], rows),
        markdownTable(['extension bundle by package', 'size', 'share', ''], parts),
      ].join('\n\n'),
      figures: {
        'size bundle': bundle.length,
        'size bundle gzip': gzipSync(bundle).length,
        'size vsix': vsix.size,
        'size core': core,
      },
    };
  },
};

async function folderSize(folder: string, suffix: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    entries.filter((name) => name.endsWith(suffix)).map(async (name) => (await stat(join(folder, name))).size),
  );
  return sizes.reduce((sum, one) => sum + one, 0);
}

/** The bundles of the built-in authentication extensions of the VS Code that the tests use, where it is installed. */
async function builtInSizes(): Promise<string[][]> {
  const server = (await readdir(cacheFolder).catch(() => [])).find((name) => name.startsWith('code-server-'));
  if (server === undefined) return [];
  const rows = await Promise.all(
    ['github-authentication', 'microsoft-authentication'].map(async (name) => {
      const code = await readFile(join(cacheFolder, server, 'extensions', name, 'dist/extension.js')).catch(
        () => undefined,
      );
      return (
        code && [
          `for comparison: bundle of vscode.${name}`,
          formatBytes(code.length),
          formatBytes(gzipSync(code).length),
        ]
      );
    }),
  );
  return rows.filter((row) => row !== undefined);
}
