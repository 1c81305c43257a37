import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runNode } from '../measure/fresh-process.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Not needed for a build, or made by one. */
const outside = /^(?:\..*|test|dist|out|node_modules|.*\.(?:vsix|tgz))$/;

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
  const parts = await readdir(root);
  for (const part of parts.filter((name) => !outside.test(name)))
    await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await runNode([join(folder, 'esbuild.mjs')], {}, folder);
  await runNode([join(folder, 'esbuild.mjs'), '--package'], {}, folder);
  return { folder, core: join(folder, 'dist/core/index.js'), extension: join(folder, 'out/vsix') };
}
