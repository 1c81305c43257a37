import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generatedFiles } from '../generate/generated-files.ts';
import { formatted } from '../generate/formatted.ts';
import { partnerIndexes } from '../generate/partner-indexes.ts';
import { root } from '../helpers/tarball.ts';

const files = { ...(await partnerIndexes(root)), ...(await generatedFiles(root)) };

describe('generated files', () => {
  for (const [path, text] of Object.entries(files)) {
    it(`${path} is up to date (npm run generate writes it)`, async () => {
      assert.equal(await readFile(join(root, path), 'utf8'), await formatted(path, text));
    });
  }

  for (const name of ['partner', 'profile']) {
    it(`${name}.schema.json is published with the library`, async () => {
      const [source] = Object.keys(files).filter((path) => path.endsWith(`/${name}.schema.json`));
      const published = await readFile(join(root, 'dist', 'core', `${name}.schema.json`), 'utf8');
      assert.equal(published, await readFile(join(root, String(source)), 'utf8'));
    });
  }
});
