import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runNode } from '../measure/fresh-process.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Files that a build does not need or that it creates. */
const excluded = /^(?:\..*|test|dist|out|node_modules|.*\.(?:vsix|tgz))$/;

export interface Build {
  /** A copy of the repository with its own `dist/`, `out/` and packed extension. */
  readonly folder: string;
  /** URL of the built library's index. */
  readonly core: string;
  /** Folder of the packaged extension, unpacked. */
  readonly extension: string;
}

let building: Promise<Build> | undefined;

/** Builds the library and the extension from the current sources, once per process, in a folder of its own. */
export function provideBuild(): Promise<Build> {
  return (building ??= build());
}

async function build(): Promise<Build> {
  const folder = join(root, 'out/bench/build');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const names = await readdir(root);
  for (const name of names.filter((entry) => !excluded.test(entry)))
    await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await runNode([join(folder, 'esbuild.mjs')], {}, folder);
  await runNode([join(folder, 'esbuild.mjs'), '--package'], {}, folder);
  return { folder, core: pathToFileURL(join(folder, 'dist/core/index.js')).href, extension: join(folder, 'out/vsix') };
}
