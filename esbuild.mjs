import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const outdir = 'dist/core';
await rm(outdir, { recursive: true, force: true });

// Packages stay outside, so that npm can update them and got can load on first use.
await build({
  entryPoints: ['core/index.ts', 'core/sandbox/index.ts', 'core/sandbox/run.ts', 'core/cli/main.ts'],
  outbase: 'core',
  outdir,
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node22',
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
});
