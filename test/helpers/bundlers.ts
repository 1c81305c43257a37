import { join } from 'node:path';
import commonjsModule from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { build as viteBuild } from 'vite';
import webpack from 'webpack';

// Its types describe the CommonJS form, where the function is one level deeper.
const commonjs = commonjsModule as unknown as typeof commonjsModule.default;

export type Format = 'esm' | 'cjs';

export interface Target {
  readonly format: Format;
  readonly folder: string;
  /** Of the bundle itself; chunks are next to it. */
  readonly file: string;
}

/**
 * The bundlers of users, each with its usual settings for a program that runs on Node. Each reports its warnings, because a user of
 * the library cannot do anything about them.
 */
export const bundlers: Readonly<Record<string, (entry: string, target: Target) => Promise<readonly string[]>>> = {
  async esbuild(entry, { format, folder, file }) {
    const { warnings } = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format,
      outfile: join(folder, file),
      logLevel: 'silent',
    });
    return warnings.map(({ text }) => text);
  },
  async rollup(entry, { format, folder, file }) {
    const warnings: string[] = [];
    const onLog = (level: string, { message }: { message: string }): void => {
      if (level === 'warn') warnings.push(message);
    };
    const bundle = await rollup({ input: entry, plugins: [nodeResolve(), commonjs()], onLog });
    await bundle.write({ dir: folder, format, entryFileNames: file, chunkFileNames: `[name]-${file}` });
    await bundle.close();
    return warnings;
  },
  webpack(entry, { format, folder, file }) {
    const isModule = format === 'esm';
    return new Promise((resolve, reject) => {
      webpack(
        {
          target: 'node',
          mode: 'production',
          entry,
          optimization: { minimize: false },
          experiments: { outputModule: isModule },
          output: { path: folder, filename: file, ...(isModule && { module: true, chunkFormat: 'module' }) },
        },
        (error, stats) => {
          if (stats === undefined || stats.hasErrors()) reject(error ?? new Error(stats?.toString()));
          else resolve(stats.compilation.warnings.map(({ message }) => message));
        },
      );
    });
  },
  async vite(entry, { format, folder, file }) {
    const warnings: string[] = [];
    await viteBuild({
      root: join(entry, '..'),
      configFile: false,
      logLevel: 'silent',
      // A program for Node, with its dependencies inside.
      ssr: { noExternal: true },
      build: {
        ssr: entry,
        outDir: folder,
        rolldownOptions: {
          output: { format, entryFileNames: file, chunkFileNames: `[name]-${file}` },
          onLog: (level, { message }) => {
            if (level === 'warn') warnings.push(message);
          },
        },
      },
    });
    return warnings;
  },
};
