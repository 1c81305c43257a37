import type { Clock } from '../../../core/index.ts';

/** The machine's clocks, `rate` times as fast since `start` (epoch ms), so that short token lifetimes pass faster. */
export function fastClock(start: number, rate: number): Clock {
  const scaled = (real: number): number => real / rate;
  return {
    now: () => start + (Date.now() - start) * rate,
    monotonic: () => performance.now() * rate,
    timer(delay, callback) {
      const timer = setTimeout(callback, scaled(delay)).unref();
      return () => clearTimeout(timer);
    },
    wait: (delay) => new Promise((resolve) => setTimeout(resolve, scaled(delay))),
  };
}
