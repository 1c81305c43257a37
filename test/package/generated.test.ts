import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generatedFiles } from '../generate/generated-files.ts';
import { formatFile } from '../generate/format-file.ts';
import { partnerIndexes } from '../generate/partner-indexes.ts';
import { root } from '../helpers/tarball.ts';

const files = { ...(await partnerIndexes(root)), ...(await generatedFiles(root)) };

describe('generated files', () => {
  for (const [path, content] of Object.entries(files)) {
    it(`include an up-to-date ${path} (run npm run generate)`, async () => {
      assert.equal(await readFile(join(root, path), 'utf8'), await formatFile(path, content));
    });
  }

  for (const name of ['partner', 'profile']) {
    it(`include ${name}.schema.json in the library`, async () => {
      const [source] = Object.keys(files).filter((path) => path.endsWith(`/${name}.schema.json`));
      const published = await readFile(join(root, 'dist', 'core', `${name}.schema.json`), 'utf8');
      assert.equal(published, await readFile(join(root, String(source)), 'utf8'));
    });
  }
});
