import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from './fuzz/run.ts';
import { properties } from './fuzz/properties.ts';

describe('hostile input', () => {
  for (const name of [...properties.map((property) => property.name), 'a live session']) {
    it(`in ${name} causes our own errors only, with harmless texts`, async () => {
      const results = await fuzz(0.003, Math.floor(Math.random() * 2 ** 31), (other) => other === name);
      assert.deepEqual(
        results.flatMap(({ problem }) => problem ?? []),
        [],
      );
      assert.equal(results.length, 1);
    });
  }
});
