import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notOnWindows } from '../helpers/platform.ts';
import { partnerNames } from '../helpers/with-session.ts';
import { rows, runCell } from './matrix/matrix.ts';

// Each row at one partner, in turn; `npm run test:faults` runs it at all of them, and many times.
describe('a session survives without a leaked secret', () => {
  for (const [index, row] of rows.entries()) {
    const partner = partnerNames[index % partnerNames.length] ?? 'tconnect';
    const options = row.posixOnly === undefined ? {} : notOnWindows(row.posixOnly);
    it(`${row.name} (${partner})`, options, async () => {
      assert.deepEqual([...(await runCell(row, partner, { minTrials: 1, maxVariants: 3 })).problems], []);
    });
  }
});
