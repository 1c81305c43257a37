import { setTimeout as sleep } from 'node:timers/promises';

/** A source of time that tests can replace. */
export interface Clock {
  /** Wall-clock time, epoch ms; may jump in both directions. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start; may pause while the machine sleeps. */
  monotonic(): number;
  /** Calls `callback` once after `delay` ms. Returns a function that cancels it. Must not keep the process alive. */
  timer(delay: number, callback: () => void): () => void;
  /** Resolves after `delay` ms and keeps the process alive until then. */
  wait(delay: number): Promise<void>;
}

// The global is a getter: its first read loads a large part of Node, later ones take a third of the call's time.
let cachedPerformance: typeof performance | undefined;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => (cachedPerformance ??= performance).now(),
  timer(delay, callback) {
    const timer = setTimeout(callback, delay).unref();
    return () => clearTimeout(timer);
  },
  wait: (delay) => sleep(delay),
};

/**
 * A wall clock that never goes back: it advances by the larger of the elapsed wall-clock and monotonic time. Neither
 * sleep, in which the monotonic clock may pause, nor a clock that was set back makes a token look younger.
 */
export function steadyNow({ now, monotonic }: Pick<Clock, 'now' | 'monotonic'>): () => number {
  const wallStart = now();
  const start = monotonic();
  return () => Math.max(now(), wallStart + monotonic() - start);
}
