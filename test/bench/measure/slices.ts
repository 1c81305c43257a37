import { quantile } from './statistics.ts';

export interface SliceOptions {
  readonly warmUpMs: number;
  readonly sliceMs: number;
  readonly slices: number;
}

export const quickSlices: SliceOptions = { warmUpMs: 2, sliceMs: 1, slices: 1 };

interface PairedTime {
  /** Time of one call, ns. */
  readonly ns: number;
  /** Speed relative to the reference: above 1, the call is faster. */
  readonly speed: number;
}

/**
 * Measures a call and a reference in turns within one process, because a processor that others share may be half as fast a
 * second later. Takes the lower quartile of the slices, because other work only ever makes a slice longer; a slice is long
 * enough to contain its share of garbage collection. Processor time would not do: Linux may count it in steps of 4 ms. A
 * promise is awaited before the next call.
 */
export async function measureInTurns(
  reference: () => unknown,
  call: () => unknown,
  { warmUpMs, sliceMs, slices }: SliceOptions,
): Promise<PairedTime> {
  const calls = [call, reference].map((one) => ({ slice: sliceOf(one), measured: [] as number[], batch: 1 }));
  let slowest = 0;
  for (const entry of calls) {
    const warm = await entry.slice(warmUpMs, 1);
    // The clock is read once for a batch of calls, because reading it takes as long as a short call.
    entry.batch = Math.max(1, Math.min(1000, Math.floor(100_000 / warm)));
    slowest = Math.max(slowest, warm);
  }
  const rounds = slowest > sliceMs * 1e6 ? Math.min(slices, 3) : slices;
  for (let round = 0; round < rounds; round++) {
    for (const { slice, measured, batch } of calls) measured.push(await slice(sliceMs, batch));
  }
  const [ns = NaN, referenceNs = NaN] = calls.map(({ measured }) => quantile(measured, 0.25));
  return { ns, speed: referenceNs / ns };
}

/** A function that calls for so many ms, in batches, and returns the time of one call in ns. */
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
