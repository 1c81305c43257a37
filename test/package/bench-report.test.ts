import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compareSpeeds, comparePaired, compareTimes } from '../bench/measure/statistics.ts';
import { parts } from '../bench/parts/all.ts';
import { formatComparison, formatComparisons, formatPaired, formatTimes } from '../bench/report/format.ts';
import { benchReport } from '../bench/report/results.ts';
import { root } from '../helpers/tarball.ts';

describe('test/bench/README.md', () => {
  it('is what results.json renders (npm run bench -- --render writes it)', async () => {
    const readme = await readFile(join(root, 'test/bench/README.md'), 'utf8');
    assert.equal(readme, await benchReport.render(await benchReport.read()));
  });

  it('has a section for every part of the benchmark', async () => {
    assert.deepEqual(Object.keys(await benchReport.read()), Object.keys(parts));
  });
});

describe('a comparison in the benchmark', () => {
  it('is the ratio of the two medians', () => {
    const comparison = compareTimes([4, 5, 6], [9, 10, 11]);
    assert.deepEqual(comparison, { speed: 2, verdict: 'faster' });
    assert.equal(formatComparison(comparison), '2.00x faster');
    assert.equal(formatComparison(compareTimes([9, 10, 11], [4, 5, 6])), '2.00x slower');
  });

  it('is equal when the quartile ranges of two times overlap', () => {
    assert.equal(formatComparison(compareTimes([1, 4, 7], [3, 6, 9])), 'equal');
  });

  it('is equal when the quartile range of paired speeds includes 1 or overlaps the noise', () => {
    const speeds = [0.9, 0.98, 1.2, 1.3, 1.4];
    assert.equal(formatPaired(comparePaired(speeds, [1]), speeds), 'equal ±13 %');
    assert.equal(comparePaired([1.1, 1.2, 1.3], [0.99, 1.01]).verdict, 'faster');
    assert.equal(comparePaired([1.1, 1.2, 1.3], [0.99, 1.16]).verdict, 'equal');
    assert.equal(comparePaired([0.7, 0.8, 0.9], [0.99, 1.01]).verdict, 'slower');
    assert.equal(comparePaired([0.7, 0.8, 0.9], [0.84, 1.01]).verdict, 'equal');
  });

  it('compares speeds relative to the same reference', () => {
    assert.deepEqual(compareSpeeds([2, 2, 2], [1, 1, 1]), { speed: 2, verdict: 'faster' });
  });

  it('is a sentence that groups the names by verdict', () => {
    const comparisons = [
      ['a', { speed: 2, verdict: 'faster' }],
      ['b', { speed: 0.9, verdict: 'equal' }],
      ['c', { speed: 3, verdict: 'faster' }],
    ] as const;
    assert.equal(formatComparisons(comparisons), 'faster than a and c, equal to b');
  });
});

describe('a time in the benchmark', () => {
  it('is the median with half the distance between the quartiles', () => {
    assert.equal(formatTimes([900, 1000, 1100]), '1 µs ±5 %');
  });
});
