import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { undocumentedNames } from '../helpers/declarations.ts';
import { root } from '../helpers/tarball.ts';

describe('the declarations', () => {
  const folder = join(root, 'dist/core');

  it('have a comment for each name, property and method that an editor shows', () => {
    const files = ['', 'gateway', 'sandbox', 'testing'].map((entry) => join(folder, entry, 'index.d.ts'));
    const names = undocumentedNames(files, (file) => file.startsWith(folder));
    assert.deepEqual(
      names.map(({ name, place }) => `${name} (${relative(root, place)})`),
      [],
    );
  });
});
