import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { partnerJsonSchema, publishedSchema } from '../helpers/partner-schema.ts';

describe('the JSON schema of partner definitions', () => {
  it('is the one that checks them (npm run schema writes it)', async () => {
    assert.deepEqual(await publishedSchema(), partnerJsonSchema());
  });

  it('is published with the library', async () => {
    const file = new URL('../../dist/core/partner.schema.json', import.meta.url);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), partnerJsonSchema());
  });
});
