import type { Candidates, Metrics } from '../measure/fresh-process.ts';

export interface StartupOptions {
  /** The module to import. */
  readonly specifier: string;
}

/** Time and memory of importing one module into a fresh process. */
async function importModule({ specifier }: StartupOptions): Promise<Metrics> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const processor = process.cpuUsage();
  const start = performance.now();
  await import(specifier);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(processor);
  globalThis.gc?.();
  const after = process.memoryUsage();
  return {
    ms,
    processor: (user + system) / 1000,
    heap: after.heapUsed - before.heapUsed,
    resident: after.rss - before.rss,
  };
}

export const candidates: Candidates = { importModule };
