import type { Clock } from '../../core/index.ts';

/** A clock that moves only when a test moves it. */
export interface ManualClock extends Clock {
  /** Advances the wall clock and the monotonic clock, and calls the timers that become due, in order. */
  advance(ms: number): void;
  /** Shifts only the wall clock, forward or back, as when a user sets it or the machine sleeps. */
  shiftWallClock(ms: number): void;
  /** The number of pending timers. */
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
    shiftWallClock: (ms) => (wall += ms),
    get timers() {
      return timers.length;
    },
  };
}
