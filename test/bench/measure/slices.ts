import { quantile } from './statistics.ts';

export interface SliceOptions {
  readonly warmUpMs: number;
  readonly sliceMs: number;
  readonly slices: number;
}

export const quickSlices: SliceOptions = { warmUpMs: 2, sliceMs: 1, slices: 1 };

interface Timed {
  /** Nanoseconds for one call. */
  readonly ns: number;
  /** How much longer the reference took: above 1 the call is the faster one. */
  readonly faster: number;
}

/**
 * The time of a call, and beside it that of a reference: in turns within one process, as a processor that others share may
 * be half as fast a second later. Of the slices it takes the lower quartile, since other work only ever makes one longer; a
 * slice is long enough to hold its share of garbage collection. Not in processor time, which Linux may count in steps of
 * 4 ms. What gives a promise is awaited before the next call.
 */
export async function measureInTurns(
  reference: () => unknown,
  call: () => unknown,
  { warmUpMs, sliceMs, slices }: SliceOptions,
): Promise<Timed> {
  const calls = [call, reference].map((one) => ({ slice: sliceOf(one), measured: [] as number[], batch: 1 }));
  let slowest = 0;
  for (const entry of calls) {
    const warm = await entry.slice(warmUpMs, 1);
    // Reading the clock must not show in a call that costs as little.
    entry.batch = Math.max(1, Math.min(1000, Math.floor(100_000 / warm)));
    slowest = Math.max(slowest, warm);
  }
  const rounds = slowest > sliceMs * 1e6 ? Math.min(slices, 3) : slices;
  for (let round = 0; round < rounds; round++) {
    for (const { slice, measured, batch } of calls) measured.push(await slice(sliceMs, batch));
  }
  const [ns = NaN, other = NaN] = calls.map(({ measured }) => quantile(measured, 0.25));
  return { ns, faster: other / ns };
}

/** ns for one call over that many ms. */
function sliceOf(call: () => unknown): (length: number, batch: number) => number | Promise<number> {
  if (!(call() instanceof Promise)) {
    return (length, batch) => {
      const start = performance.now();
      for (let calls = 0; ;) {
        for (let i = 0; i < batch; i++) call();
        calls += batch;
        const elapsed = performance.now() - start;
        if (elapsed >= length) return (elapsed * 1e6) / calls;
      }
    };
  }
  return async (length, batch) => {
    const start = performance.now();
    for (let calls = 0; ;) {
      for (let i = 0; i < batch; i++) await call();
      calls += batch;
      const elapsed = performance.now() - start;
      if (elapsed >= length) return (elapsed * 1e6) / calls;
    }
  };
}
