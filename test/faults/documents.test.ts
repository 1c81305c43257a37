import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { rows } from './matrix/matrix.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

describe('the threat model', () => {
  it('names only tests that there are', () => {
    const named = [...read('SECURITY.md').matchAll(/`(test\/[\w./-]+\.ts)`/g)].map(([, path = '']) => path);
    assert.ok(named.length > 10);
    for (const path of named) {
      assert.ok(existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))), path);
    }
  });
});

describe('the matrix in the README', () => {
  it('has the rows of the one that the command prints', () => {
    const [, section = ''] = read('README.md').split('## Measured under faults');
    const table = section.split('\n## ')[0] ?? '';
    const shown = [...table.matchAll(/^\| (.+?) +\| \d+ \/ /gm)].map(([, name = '']) => name);
    assert.deepEqual(
      shown,
      rows.map(({ name }) => name),
    );
  });
});
