import { quantile } from './statistics.ts';

export interface SliceOptions {
  readonly warmUpMs: number;
  readonly sliceMs: number;
  readonly slices: number;
}

export const usualSlices: SliceOptions = { warmUpMs: 40, sliceMs: 10, slices: 9 };
export const quickSlices: SliceOptions = { warmUpMs: 2, sliceMs: 1, slices: 1 };

/**
 * Nanoseconds for one call: the lower quartile of some slices, since other work on the machine only ever makes a slice
 * longer. A slice is long enough to hold its share of garbage collection. Measured in processor time of this thread: the same
 * as time on the wall where nothing else runs, and less disturbed where something does.
 */
export function nsPerCall(call: () => unknown, options: SliceOptions): number {
  const { warmUpMs, sliceMs } = options;
  const slice = (length: number, batch: number): number => {
    const start = threadMs();
    for (let calls = 0; ;) {
      for (let i = 0; i < batch; i++) call();
      calls += batch;
      const elapsed = threadMs() - start;
      if (elapsed >= length) return (elapsed * 1e6) / calls;
    }
  };
  const warm = slice(warmUpMs, 1);
  return lowerQuartile(slicesFor(warm, options), () => slice(sliceMs, batchFor(warm)));
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** As `nsPerCall`, each call awaited before the next. `wall`: where other threads do the work. */
export async function nsPerAwait(call: () => Promise<unknown>, options: SliceOptions, wall = false): Promise<number> {
  const { warmUpMs, sliceMs } = options;
  const now = wall ? () => performance.now() : threadMs;
  const slice = async (length: number, batch: number): Promise<number> => {
    const start = now();
    for (let calls = 0; ;) {
      for (let i = 0; i < batch; i++) await call();
      calls += batch;
      const elapsed = now() - start;
      if (elapsed >= length) return (elapsed * 1e6) / calls;
    }
  };
  const warm = await slice(warmUpMs, 1);
  const measured: number[] = [];
  while (measured.length < slicesFor(warm, options)) measured.push(await slice(sliceMs, batchFor(warm)));
  return quantile(measured, 0.25);
}

/** Reading that clock costs about 1 µs: that must not show in a call that costs as little. */
const batchFor = (ns: number): number => Math.max(1, Math.min(1000, Math.floor(100_000 / ns)));

const slicesFor = (ns: number, { slices, sliceMs }: SliceOptions): number =>
  ns > sliceMs * 1e6 ? Math.min(slices, 3) : slices;

function lowerQuartile(count: number, slice: () => number): number {
  return quantile(
    Array.from({ length: count }, () => slice()),
    0.25,
  );
}
