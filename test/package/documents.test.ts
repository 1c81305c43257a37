import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { firstColumn } from '../helpers/markdown.ts';
import { root } from '../helpers/tarball.ts';

const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8');

interface Manifest {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

describe('documents', () => {
  it('give a reason for every dependency, and for no other package', async () => {
    const [text, manifest] = await Promise.all([read('CONTRIBUTING.md'), read('package.json')]);
    const { dependencies, devDependencies } = JSON.parse(manifest) as Manifest;
    const listed = (header: string): string[] => firstColumn(text, header).flatMap((cell) => cell.split(', '));
    assert.deepEqual(listed('runtime').sort(), Object.keys(dependencies).sort());
    assert.deepEqual(listed('development').sort(), Object.keys(devDependencies).sort());
  });

  it('name only existing scripts', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as Manifest;
    for (const name of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']) {
      for (const [, script = ''] of (await read(name)).matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(script in scripts, `${name} names npm run ${script}`);
      }
    }
  });
});
