import { systemClock, type Clock } from '../lib/clock.ts';

interface Timer {
  /** On the monotonic time of the sandbox's clock, in ms. */
  readonly due: number;
  readonly callback: () => void;
  readonly keepsAlive: boolean;
  stop: () => void;
}

/** In ms. A longer one fires at once. */
const longestTimeout = 2 ** 31 - 1;

/** A clock that tests move: real time at another rate, and jumps. */
export interface SandboxClock extends Clock {
  /** Moves it forward, or back if negative, and calls the timers that are due then, in order. */
  advance(seconds: number): void;
  /** Changes the rate from now on, without a jump. */
  setRate(rate: number): void;
}

/** `base` returns epoch milliseconds. */
export function sandboxClock(base: () => number, initialRate: number): SandboxClock {
  let rate = initialRate;
  let baseAnchor = base();
  let anchor = baseAnchor;
  let realAnchor = systemClock.monotonic();
  let monotonicAnchor = 0;
  const timers = new Set<Timer>();
  const now = (): number => anchor + (base() - baseAnchor) * rate;
  const monotonic = (): number => monotonicAnchor + (systemClock.monotonic() - realAnchor) * rate;

  function arm(timer: Timer): void {
    const delay = Math.min(longestTimeout, Math.max(0, Math.ceil((timer.due - monotonic()) / rate)));
    const real = setTimeout(() => {
      if (monotonic() >= timer.due) fire(timer);
      else arm(timer);
    }, delay);
    if (!timer.keepsAlive) real.unref();
    timer.stop = () => clearTimeout(real);
  }

  function add(delay: number, callback: () => void, keepsAlive: boolean): () => void {
    const timer: Timer = { due: monotonic() + delay, callback, keepsAlive, stop: () => undefined };
    timers.add(timer);
    arm(timer);
    return () => {
      timers.delete(timer);
      timer.stop();
    };
  }

  function fire(timer: Timer): void {
    timer.stop();
    if (timers.delete(timer)) timer.callback();
  }

  return {
    now,
    monotonic,
    timer: (delay, callback) => add(delay, callback, false),
    wait: (delay) => new Promise((resolve) => void add(delay, resolve, true)),
    advance(seconds) {
      anchor += seconds * 1000;
      monotonicAnchor += Math.max(0, seconds * 1000);
      const due = [...timers].filter((timer) => timer.due <= monotonic()).sort((a, b) => a.due - b.due);
      for (const timer of due) fire(timer);
    },
    setRate(newRate) {
      anchor = now();
      baseAnchor = base();
      monotonicAnchor = monotonic();
      realAnchor = systemClock.monotonic();
      rate = newRate;
      for (const timer of timers) {
        timer.stop();
        arm(timer);
      }
    },
  };
}
