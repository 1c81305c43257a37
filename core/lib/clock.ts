import { setTimeout as sleep } from 'node:timers/promises';

/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Wall clock, epoch ms; may jump in both directions. */
  now(): number;
  /** Never goes back, ms from any start; may stand still while the machine sleeps. */
  monotonic(): number;
  /** Calls back once after `delay` ms; returns a function that cancels. Must not keep the process alive. */
  timer(delay: number, callback: () => void): () => void;
  /** Resolves after `delay` ms and keeps the process alive until then. */
  wait(delay: number): Promise<void>;
}

// The global is a getter that loads a good part of Node when first read, and later costs a third of reading the clock.
let ownPerformance: typeof performance | undefined;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => (ownPerformance ??= performance).now(),
  timer(delay, callback) {
    const timer = setTimeout(callback, delay).unref();
    return () => clearTimeout(timer);
  },
  wait: (delay) => sleep(delay),
};

/**
 * A wall clock that does not go back: since its creation it has advanced by the larger of what the wall clock and what
 * the monotonic clock say. So neither sleep (monotonic may stand still) nor a clock set back makes a token look younger.
 */
export function steadyNow({ now, monotonic }: Pick<Clock, 'now' | 'monotonic'>): () => number {
  const wallStart = now();
  const start = monotonic();
  return () => Math.max(now(), wallStart + monotonic() - start);
}
