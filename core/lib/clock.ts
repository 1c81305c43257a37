import { setTimeout as sleep } from 'node:timers/promises';
import { didYouMean } from './did-you-mean.ts';
import { configurationError } from './errors.ts';

/** A source of time that tests can replace. Times are in ms. */
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

/** The clocks and timers of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => (cachedPerformance ??= performance).now(),
  timer(delay, callback) {
    const timer = setTimeout(callback, delay).unref();
    return () => clearTimeout(timer);
  },
  wait: (delay) => sleep(delay),
};

const methods = ['now', 'monotonic', 'timer', 'wait'] as const;

/** @throws PartnerAuthError `configuration` for a value that is no part of a clock, or has a misspelled method. */
export function checkClock(clock: Partial<Clock> | undefined): void {
  if (clock === undefined) return;
  const found = isObject(clock) ? methods.filter((name) => clock[name] !== undefined) : [];
  const missing = methods.filter((name) => !found.includes(name));
  const others = isObject(clock) ? Object.keys(clock).filter((name) => !methods.some((known) => known === name)) : [];
  const suggestion = others.map((name) => didYouMean(name, missing)).find((text) => text !== '') ?? '';
  const isComplete = found.length > 0 && found.every((name) => typeof clock[name] === 'function');
  if (isComplete && suggestion === '') return;
  const message = `clock must be an object with one or more of the methods ${methods.join(', ')}.${suggestion}`;
  throw configurationError('clock', message);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** The clock with the methods of `systemClock` for those that it lacks. */
export function completeClock(clock: Partial<Clock> | undefined): Clock {
  if (clock === undefined) return systemClock;
  const { now, monotonic, timer, wait } = systemClock;
  return {
    now: () => (clock.now === undefined ? now() : clock.now()),
    monotonic: () => (clock.monotonic === undefined ? monotonic() : clock.monotonic()),
    timer: (delay, callback) => (clock.timer === undefined ? timer(delay, callback) : clock.timer(delay, callback)),
    wait: (delay) => (clock.wait === undefined ? wait(delay) : clock.wait(delay)),
  };
}

/**
 * A wall clock that never goes back: it advances by the larger of the elapsed wall-clock and monotonic time. Neither
 * sleep, in which the monotonic clock may pause, nor a clock that was set back makes a token look younger.
 */
export function steadyNow({ now, monotonic }: Pick<Clock, 'now' | 'monotonic'>): () => number {
  const wallStart = now();
  const start = monotonic();
  return () => Math.max(now(), wallStart + monotonic() - start);
}
