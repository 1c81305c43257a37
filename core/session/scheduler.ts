import type { Clock } from '../lib/clock.ts';

export interface Scheduler {
  /** Calls back at that moment (epoch ms) instead of the one planned before; undefined plans nothing. */
  plan(moment: number | undefined): void;
}

/**
 * A timer stands still while the machine sleeps, does not follow a clock that was set, and can not be set beyond
 * 2^31-1 ms: so the wait is cut into pieces, each of which looks at the clock again.
 */
const longestWait = 60_000;

/** One timer at most, towards one moment. */
export function scheduler(clock: Clock, now: () => number, onTime: () => void): Scheduler {
  let target: number | undefined;
  let cancel: (() => void) | undefined;

  const arm = (): void => {
    cancel?.();
    cancel = undefined;
    if (target === undefined) return;
    // To a full minute, so that many sessions wake the process together.
    const wait = Math.min(Math.max(0, target - now()), longestWait - (now() % longestWait));
    cancel = clock.timer(Math.ceil(wait), () => {
      cancel = undefined;
      if (target === undefined) return;
      if (now() < target) {
        arm();
        return;
      }
      target = undefined;
      onTime();
    });
  };

  return {
    plan(moment) {
      if (moment === target) return;
      target = moment;
      arm();
    },
  };
}
