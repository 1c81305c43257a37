import type { Candidates, Metrics } from '../measure/fresh-process.ts';

export interface StartupOptions {
  /** What to import. */
  readonly specifier: string;
}

/** Time and memory of importing one module into a process that has loaded nothing else of weight. */
async function importing({ specifier }: StartupOptions): Promise<Metrics> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const start = performance.now();
  await import(specifier);
  const ms = performance.now() - start;
  globalThis.gc?.();
  const after = process.memoryUsage();
  return { ms, heap: after.heapUsed - before.heapUsed, resident: after.rss - before.rss };
}

export const candidates: Candidates = { importing };
