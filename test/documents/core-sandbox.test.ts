import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox } from '../../core/sandbox/index.ts';
import { readDocument, testDocument } from '../helpers/documents.ts';
import { firstColumn } from '../helpers/markdown.ts';

const path = 'core/sandbox/README.md';

testDocument(path, {
  async sandbox({ run }) {
    const { stdout } = await run();
    assert.equal(stdout, '200 login 200, protected 401, refresh 200, refresh 200, protected 200\n');
  },

  async run({ shell }) {
    const { stdout } = await shell({ until: (output) => output.includes('Ctrl+C to stop') });
    assert.match(stdout, /^Partner Auth sandbox {2}http:\/\/127\.0\.0\.1:\d+$/m);
  },
});

describe(path, () => {
  it('lists every scenario', async () => {
    await using sandbox = await startSandbox();
    const listed = firstColumn(readDocument(path), 'scenario').flatMap((cell) => cell.split(', '));
    assert.deepEqual(listed.sort(), Object.keys(sandbox.scenarios).sort());
  });
});
