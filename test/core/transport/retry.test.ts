import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRetryAfter, retryDelay, type Attempt, type Repeat } from '../../../core/transport/retry.ts';

describe('retryDelay', () => {
  const table: readonly (readonly [
    title: string,
    attempt: Partial<Attempt> & { number: number },
    remaining: number,
    random: number,
    expected: number | undefined,
  ])[] = [
    ['repeats an unsent request immediately if the jitter is 0', { number: 1, neverSent: true }, 5000, 0, 0],
    ['delays the first repeat by up to 400 ms of jitter', { number: 1, neverSent: true }, 5000, 0.5, 200],
    ['delays the second repeat by up to 800 ms of jitter', { number: 2, neverSent: true }, 5000, 0.5, 400],
    ['gives up after three attempts', { number: 3, neverSent: true }, 5000, 0, undefined],
    ['does not repeat a request that may have arrived', { number: 1, neverSent: false }, 5000, 0, undefined],
    ['does not repeat a success', { number: 1, status: 200 }, 5000, 0, undefined],
    ['does not repeat a success with Retry-After', { number: 1, status: 200, retryAfter: 1 }, 5000, 0, undefined],
    ['waits for Retry-After of a 429', { number: 1, status: 429, retryAfter: 2 }, 5000, 0, 2000],
    ['waits for Retry-After of a 503', { number: 2, status: 503, retryAfter: 2 }, 5000, 0, 2000],
    ['adds up to 250 ms of jitter to Retry-After', { number: 1, status: 429, retryAfter: 2 }, 5000, 0.5, 2125],
    ['accepts Retry-After 0', { number: 1, status: 429, retryAfter: 0 }, 5000, 0, 0],
    ['waits for 30 s', { number: 1, status: 429, retryAfter: 30 }, 60_000, 0, 30_000],
    ['does not wait for 31 s', { number: 1, status: 429, retryAfter: 31 }, 60_000, 0, undefined],
    ['does not repeat a 429 without Retry-After', { number: 1, status: 429 }, 5000, 0, undefined],
    ['does not repeat a 503 without Retry-After', { number: 1, status: 503 }, 5000, 0, undefined],
    ['does not repeat a third 429', { number: 3, status: 429, retryAfter: 0 }, 5000, 0, undefined],
    ['does not repeat a 500 with Retry-After', { number: 1, status: 500, retryAfter: 0 }, 5000, 0, undefined],
    ['does not repeat a 502', { number: 1, status: 502, retryAfter: 1 }, 5000, 0, undefined],
    ['does not repeat a 401', { number: 1, status: 401, retryAfter: 1 }, 5000, 0, undefined],
    ['does not wait past the deadline', { number: 1, status: 429, retryAfter: 5 }, 5000, 0, undefined],
    ['waits until just before the deadline', { number: 1, status: 429, retryAfter: 5 }, 5001, 0, 5000],
    ['does not repeat with no time left', { number: 1, neverSent: true }, 0, 0, undefined],
    ['does not repeat after the deadline', { number: 1, neverSent: true }, -1, 0, undefined],
  ];
  for (const [title, attempt, remaining, random, expected] of table) {
    it(title, () => assert.equal(retryDelay({ repeat: 'broken', ...attempt }, remaining, random), expected));
  }

  const reasons = [
    { neverSent: true },
    { status: 429, retryAfter: 0 },
    { status: 503, retryAfter: 0 },
    { brokeOnReuse: true },
  ] as const;
  const repeated: Readonly<Record<Repeat, readonly boolean[]>> = {
    never: [false, false, false, false],
    unsent: [true, false, false, false],
    refused: [true, true, true, false],
    broken: [true, true, true, true],
  };
  for (const [repeat, expected] of Object.entries(repeated) as [Repeat, readonly boolean[]][]) {
    it(`repeats with '${repeat}' only what that allows`, () => {
      const delays = reasons.map((reason) => retryDelay({ number: 1, repeat, ...reason }, 5000, 0));
      assert.deepEqual(
        delays.map((delay) => delay !== undefined),
        expected,
      );
    });
  }

  it('is never negative and always within the deadline', () => {
    const attempt = fc.record({
      number: fc.integer({ min: 1, max: 5 }),
      repeat: fc.constantFrom<Repeat>('never', 'unsent', 'refused', 'broken'),
      neverSent: fc.boolean(),
      status: fc.constantFrom(200, 401, 429, 500, 503),
      retryAfter: fc.option(fc.nat(), { nil: undefined }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(attempt, fc.integer(), random, (given, remaining, jitter) => {
        const delay = retryDelay(given, remaining, jitter);
        return delay === undefined || (delay >= 0 && delay < remaining && given.number < 3);
      }),
    );
  });
});

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 2, 1, 12);
  const table: readonly (readonly [header: string | undefined, expected: number | undefined])[] = [
    [undefined, undefined],
    ['0', 0],
    ['1', 1],
    ['120', 120],
    ['999999999', 999_999_999],
    ['9999999999', undefined],
    ['1.5', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    [' 5', undefined],
    ['5, 5', undefined],
    ['', undefined],
    ['soon', undefined],
    ['2026-03-01', undefined],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30],
    ['Sun, 01 Mar 2026 11:59:00 GMT', 0],
    ['Sun, 99 Mar 2026 12:00:30 GMT', undefined],
    ['Sunday', undefined],
  ];
  for (const [header, expected] of table) {
    it(`parses ${JSON.stringify(header)} as ${String(expected)}`, () =>
      assert.equal(parseRetryAfter(header, now), expected));
  }

  it('rounds up to whole seconds, so that a retry is not too early', () => {
    assert.equal(parseRetryAfter('Sun, 01 Mar 2026 12:00:30 GMT', now + 1), 30);
    assert.equal(parseRetryAfter('Sun, 01 Mar 2026 12:00:30 GMT', now + 999), 30);
    assert.equal(parseRetryAfter('Sun, 01 Mar 2026 12:00:30 GMT', now + 1000), 29);
  });
});
