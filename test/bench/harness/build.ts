import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runNode } from './fresh-process.ts';

const root = resolve(import.meta.dirname, '../../..');

export interface Build {
  /** A copy of the repository with its own `dist/`, `out/` and packed extension. */
  readonly folder: string;
  /** The library as it ships. */
  readonly core: string;
  /** The extension as it ships, unpacked. */
  readonly extension: string;
}

let building: Promise<Build> | undefined;

/** What ships, built from the sources of now, in a folder that nobody else builds in. Once for a run. */
export function provideBuild(): Promise<Build> {
  return (building ??= build());
}

async function build(): Promise<Build> {
  const folder = join(root, 'out/bench/build');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const parts = ['core', 'extension', 'esbuild.mjs', 'package.json', 'package.nls.json', 'package.nls.vi.json'];
  const documents = ['README.md', 'CHANGELOG.md', 'LICENSE'];
  for (const part of [...parts, ...documents]) await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await runNode([join(folder, 'esbuild.mjs'), '--package'], {}, folder);
  return { folder, core: join(folder, 'dist/core/index.js'), extension: join(folder, 'out/vsix') };
}
