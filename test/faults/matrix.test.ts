import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { playRow, problems, rows } from './matrix/matrix.ts';

describe('no session is lost and no secret seen', () => {
  for (const row of rows) {
    it(row.name, async () => assert.deepEqual(problems(await playRow(row, { least: 1, most: 3 })), []));
  }
});
