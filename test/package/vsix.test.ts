import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { marketplacePage } from '../../extension/marketplace-page.ts';
import { sizeByPackage, type Metafile } from '../bench/report/size-by-package.ts';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { readZip } from '../helpers/zip.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly l10n: string;
  readonly [field: string]: unknown;
}

const limit = 340 * 1024;

describe('the VSIX', () => {
  let output: string;
  let size: number;
  let files: ReadonlyMap<string, Buffer>;
  let manifest: Manifest;

  before(async () => {
    const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
    await using folder = await temporaryFolder();
    const args = ['esbuild.mjs', '--package', '--package-folder', folder.path];
    const { code, stdout, stderr } = await runProgram(process.execPath, args, { cwd: root });
    output = stdout + stderr;
    assert.equal(code, 0, output);
    const file = folder.file(`${name}-${version}.vsix`);
    size = (await stat(file)).size;
    files = readZip(await readFile(file));
    manifest = JSON.parse(text('extension/package.json')) as Manifest;
  });

  const text = (name: string): string => files.get(name)?.toString('utf8') ?? assert.fail(`${name} is missing`);

  it('is packaged without warnings', () => {
    assert.match(output, /DONE .*Packaged: /);
    assert.doesNotMatch(output, /warning|error|large/i);
  });

  it('contains only the bundle, manifest, documents, translations and images', () => {
    assert.deepEqual([...files.keys()].sort(), [
      '[Content_Types].xml',
      'extension.vsixmanifest',
      'extension/LICENSE.txt',
      'extension/changelog.md',
      'extension/dist/extension-third-party-notices.txt',
      'extension/dist/extension.cjs',
      'extension/extension/l10n/bundle.l10n.json',
      'extension/extension/l10n/bundle.l10n.vi.json',
      'extension/extension/media/icon.png',
      'extension/extension/media/walkthrough-copy.svg',
      'extension/extension/media/walkthrough-profile.svg',
      'extension/extension/media/walkthrough-sandbox.svg',
      'extension/extension/media/walkthrough-sign-in.svg',
      'extension/package.json',
      'extension/package.nls.json',
      'extension/package.nls.vi.json',
      'extension/readme.md',
    ]);
  });

  it(`is smaller than ${limit / 1024} KiB`, async () => {
    console.log(`${manifest.name}-${manifest.version}.vsix: ${files.size} files, ${(size / 1024).toFixed(0)} KiB`);
    assert.ok(size < limit, `${size} bytes`);
  });

  it('contains the license of every bundled package', async () => {
    const notices = text('extension/dist/extension-third-party-notices.txt');
    const { outputs } = JSON.parse(await readFile(join(root, 'out/extension.meta.json'), 'utf8')) as Metafile;
    const names = sizeByPackage({ outputs }).flatMap(({ name }) => (/\/$|^glue$/.test(name) ? [] : name));
    assert.ok(names.includes('got') && names.includes('node-forge'), names.join());
    for (const name of names) assert.ok(`\n${notices}`.includes(`\n${name} `), name);
  });

  it('contains every file and string that its manifest refers to', () => {
    const named = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
      else if (typeof value === 'string' && /^[\w./-]+\.(?:png|svg|cjs)$/.test(value)) named.add(value);
    };
    collect(manifest);
    assert.equal(manifest.main, './dist/extension.cjs');
    assert.ok(named.size >= 6, [...named].join());
    for (const path of named) assert.ok(files.has(`extension/${path.replace(/^\.\//, '')}`), path);
    const strings = JSON.parse(text('extension/package.nls.json')) as Record<string, string>;
    for (const [, key = ''] of text('extension/package.json').matchAll(/"%([^%"]+)%"/g)) assert.ok(strings[key], key);
  });

  it('contains no build information', () => {
    for (const field of ['scripts', 'dependencies', 'devDependencies', 'exports', 'bin']) {
      assert.equal(manifest[field], undefined, field);
    }
    for (const [name, content] of files) assert.equal(content.includes(root), false, name);
  });

  it('has a page without links that lead nowhere', () => {
    const page = text('extension/readme.md');
    assert.match(page, /^# Partner Auth for VS Code$/m);
    assert.deepEqual(
      linksOf(page).filter((target) => !/^(?:https:|#)/.test(target)),
      [],
    );
  });

  it('has a page whose links and pictures lead to the repository, once that has a public address', async () => {
    const source = await readFile(join(root, 'extension', 'README.md'), 'utf8');
    const page = marketplacePage(source, { version: '1.2.3', repository: { url: 'git+https://github.com/a/b.git' } });
    assert.equal(linksOf(page).length, linksOf(source).length);
    assert.ok(page.includes('](https://raw.githubusercontent.com/a/b/v1.2.3/extension/media/screenshot-status.png)'));
    assert.ok(page.includes('](https://github.com/a/b/blob/v1.2.3/SECURITY.md)'));
    assert.deepEqual(
      linksOf(page).filter((target) => !/^https:\/\/(?:github|raw\.githubusercontent)\.com\/a\/b\//.test(target)),
      [],
    );
  });

  it('contains no source map, no test and nothing that looks like a secret', () => {
    const secret =
      /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[nr])*[\w+/]|\beyJ[\w-]{20,}\.|\bnpm_[A-Za-z\d]{30,}|\bgh[pousr]_[A-Za-z\d]{30,}|\bvsc[a-z\d]{48,}/;
    for (const [name, content] of files) {
      if (name.endsWith('.png')) continue;
      const decoded = content.toString('utf8');
      assert.doesNotMatch(decoded, secret, name);
      assert.doesNotMatch(decoded, /sourceMappingURL/, name);
      assert.doesNotMatch(name, /test|\.map$|\.ts$|\.env/, name);
    }
  });
});

function linksOf(page: string): string[] {
  return [...page.matchAll(/\[[^\]]*\]\(([^)]+)\)/g)].map(([, target = '']) => target);
}
