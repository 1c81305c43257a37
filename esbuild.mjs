import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { marketplacePage } from './extension/marketplace-page.ts';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node22.12',
  logLevel: 'warning',
  metafile: true,
  // The third-party notices next to each bundle contain them.
  legalComments: 'none',
};

/** What npm should be able to update, and what must not be bundled. */
const external = ['got', 'node-forge', '@napi-rs/keyring', '*/load-forge.cjs'];

const { values: options } = parseArgs({
  options: { package: { type: 'boolean' }, 'package-folder': { type: 'string' } },
});
await (options.package === true ? packageExtension(options['package-folder'] ?? '.') : buildAll());

async function buildAll() {
  await rm('dist', { recursive: true, force: true });
  const [library, , extension] = await Promise.all([
    // Dependencies that npm should be able to update stay external. The others are bundled, because only a fifth of their code is used.
    build({
      ...common,
      entryPoints: [
        'core/index.ts',
        'core/gateway/index.ts',
        'core/sandbox/index.ts',
        'core/sandbox/run.ts',
        'core/testing/index.ts',
        'core/cli/program.ts',
      ],
      outbase: 'core',
      outdir: 'dist/core',
      splitting: true,
      external,
      plugins: [separateBundles('./cli/')],
      format: 'esm',
      chunkNames: '[name]-[hash]',
    }),
    // What most calls of the command line need, without the rest: chunks that are shared with it would drag that in.
    build({
      ...common,
      entryPoints: ['core/cli/main.ts', 'core/cli/stored-token.ts'],
      outdir: 'dist/core/cli',
      // A program that starts for each token reads it each time.
      minify: true,
      external,
      plugins: [separateBundles('./')],
      format: 'esm',
    }),
    build({
      ...common,
      entryPoints: ['extension/extension.ts'],
      outfile: 'dist/extension.cjs',
      format: 'cjs',
      minify: true,
      // Only an https sandbox needs certificates, which require all of forge. The extension never starts one.
      external: ['vscode', './core/sandbox/certificates.ts'],
    }),
  ]);

  // External, because inside an ES module esbuild replaces its `require` by one that other bundlers cannot follow.
  await cp('core/cipher/load-forge.cjs', 'dist/core/load-forge.cjs');
  await cp('extension/main.cjs', 'dist/main.cjs');

  // Input of the benchmark and the size budget.
  await mkdir('out', { recursive: true });
  await writeFile('out/extension.meta.json', JSON.stringify(extension.metafile));

  await writeFile('dist/core/third-party-notices.txt', await notices(library.metafile));
  await writeFile('dist/extension-third-party-notices.txt', await notices(extension.metafile));
  for (const schema of ['core/partners/partner.schema.json', 'core/profiles/profile.schema.json']) {
    await cp(schema, join('dist/core', basename(schema)));
  }
}

/** Leaves the imports of modules that are bundled on their own as they are. `folder` is that of the bundles, from the importing one. */
function separateBundles(folder) {
  return {
    name: 'separate bundles',
    setup({ onResolve }) {
      onResolve({ filter: /\/(?:program|stored-token)\.ts$/ }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path: folder + basename(path, '.ts') + '.js', external: true } : undefined,
      );
    },
  };
}

/** The licenses of the packages in a bundle, which must accompany every copy. */
async function notices({ inputs }) {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  const sections = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? `License: ${license}` : await readFile(join(folder, file), 'utf8');
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(sections)).join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * Packs the built extension from a staging folder, with a manifest reduced to what VS Code needs. The root cannot be packed
 * as it is, because its `files` are those of the npm package.
 */
async function packageExtension(folder) {
  const stage = join(folder, 'out/vsix');
  await rm(stage, { recursive: true, force: true });
  const parts = [
    'CHANGELOG.md',
    'LICENSE',
    'package.nls.json',
    'package.nls.vi.json',
    'dist/extension.cjs',
    'dist/extension-third-party-notices.txt',
    'extension/l10n',
    'extension/media',
  ];
  // Sources of the images, and screenshots, which the page shows from their public address.
  const unneeded = /extension[\\/]media[\\/](?:source|screenshot-[\w-]+\.png)/;
  for (const part of parts) {
    await cp(part, join(stage, part), { recursive: true, filter: (path) => !unneeded.test(path) });
  }
  const manifest = JSON.parse(await readFile('package.json', 'utf8'));
  await writeFile(join(stage, 'README.md'), marketplacePage(await readFile('extension/README.md', 'utf8'), manifest));
  for (const field of [
    'scripts',
    'dependencies',
    'optionalDependencies',
    'devDependencies',
    'allowScripts',
    'exports',
    'types',
    'typesVersions',
    'bin',
  ]) {
    delete manifest[field];
  }
  manifest.main = './dist/extension.cjs';
  manifest.files = ['README.md', ...parts];
  // The settings editor reads schemas only from the manifest; this one is too long to be maintained there by hand.
  const { $schema: _, ...definition } = JSON.parse(await readFile('core/partners/partner.schema.json', 'utf8'));
  manifest.contributes.configuration.properties['partnerAuth.partners'].items = definition;
  await writeFile(join(stage, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const packagePath = resolve(folder, `${manifest.name}-${manifest.version}.vsix`);
  const { createVSIX } = await import('@vscode/vsce');
  await createVSIX({
    cwd: stage,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
}
