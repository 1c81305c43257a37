import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cipherTable } from '../helpers/cipher-table.ts';
import { readDocument, testDocument } from '../helpers/documents.ts';

const path = 'core/cipher/README.md';

testDocument(path, {
  async cipher({ run }) {
    assert.equal((await run()).stdout, '96 {"note":"Xin chào"}\n');
  },

  async detect({ run }) {
    assert.match(
      (await run()).stdout,
      /^found undefined\n\{\s+algorithm: 'aes-128-cbc',\s+iv: \{ from: 'key' \},\s+output: 'hex-upper',\s+ciphertextPrefix: '@'\s+\} query padding is right, known text was found, /,
    );
  },
});

describe(path, () => {
  it('lists the rows of the cipher family as they are tested', () => {
    const lines = readDocument(path)
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '));
    const start = lines.findIndex((line) => line.startsWith('| row |')) + 2;
    assert.deepEqual(lines.slice(start, lines.indexOf('', start)), cipherTable());
  });
});
