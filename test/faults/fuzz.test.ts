import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz, fuzzTargets } from './fuzz/run.ts';

describe('hostile input', () => {
  for (const name of fuzzTargets) {
    it(`in ${name} causes only errors of this library, with printable messages`, async () => {
      const results = await fuzz(0.003, Math.floor(Math.random() * 2 ** 31), [name]);
      assert.deepEqual(
        results.flatMap(({ problem }) => problem ?? []),
        [],
      );
      assert.equal(results.length, 1);
    });
  }
});
