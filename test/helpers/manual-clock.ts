import type { Clock } from '../../core/index.ts';

/** Time that passes only when a test says so. */
export interface ManualClock extends Clock {
  /** Both clocks go on and timers that fall due are called, in order. */
  advance(ms: number): void;
  /** Only the wall clock moves, forward or back: somebody set it, or the machine slept. */
  setWall(ms: number): void;
  readonly timers: number;
}

export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let wall = start;
  let monotonic = 0;
  let timers: { at: number; callback: () => void }[] = [];
  const advance = (ms: number): void => {
    const end = monotonic + ms;
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      wall += next.at - monotonic;
      monotonic = next.at;
      next.callback();
    }
    wall += end - monotonic;
    monotonic = end;
  };
  return {
    now: () => wall,
    monotonic: () => monotonic,
    timer(delay, callback) {
      const timer = { at: monotonic + delay, callback };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
    wait(delay) {
      advance(delay);
      return Promise.resolve();
    },
    advance,
    setWall: (ms) => (wall += ms),
    get timers() {
      return timers.length;
    },
  };
}
