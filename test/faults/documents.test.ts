import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../helpers/tarball.ts';
import { rows } from './matrix/matrix.ts';
import { faultReport } from './report/results.ts';

const read = (name: string): string => readFileSync(join(root, name), 'utf8');

describe('SECURITY.md', () => {
  it('names only test files that exist', () => {
    const paths = [...read('SECURITY.md').matchAll(/`(test\/[\w./-]+\.ts)`/g)].map(([, path = '']) => path);
    assert.ok(paths.length > 10);
    for (const path of paths) assert.ok(existsSync(join(root, path)), path);
  });
});

describe('test/faults/README.md', () => {
  it('is what results.json renders (npm run test:faults -- --render writes it)', async () => {
    assert.equal(read('test/faults/README.md'), await faultReport.render(await faultReport.read()));
  });

  it('has results of every row of the matrix, and of no other', async () => {
    const { matrix } = await faultReport.read();
    assert.deepEqual(Object.keys(matrix.rows).sort(), rows.map(({ name }) => name).sort());
  });

  it('shows every row of the matrix', () => {
    const shown = [...read('test/faults/README.md').matchAll(/^\| (.+?) +\| \d+\/\d+/gm)].map(([, name]) => name);
    assert.deepEqual(
      shown,
      rows.map(({ name }) => name),
    );
  });
});
