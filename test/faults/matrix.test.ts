import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rows, runRow } from './matrix/matrix.ts';

describe('a session survives without a leaked secret', () => {
  for (const row of rows) {
    it(row.name, async () => assert.deepEqual((await runRow(row, { minTrials: 1, maxVariants: 3 })).problems, []));
  }
});
