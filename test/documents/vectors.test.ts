import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testDocument } from '../helpers/documents.ts';
import { root } from '../helpers/tarball.ts';

testDocument('test/vectors/README.md', {
  async checksums({ code }) {
    for (const line of code.trim().split('\n')) {
      const [sum = '', file = ''] = line.split('  ');
      const content = await readFile(join(root, 'test', 'vectors', file));
      assert.equal(createHash('sha256').update(content).digest('hex'), sum, file);
    }
  },
});
