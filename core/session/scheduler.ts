import type { Clock } from '../lib/clock.ts';

export interface Scheduler {
  /** Replaces the scheduled time, epoch ms; undefined cancels it. */
  schedule(time: number | undefined): void;
}

/**
 * A timer pauses while the machine sleeps, does not follow changes of the wall clock and cannot be longer than 2^31-1
 * ms. Hence a long delay is split into shorter ones, each of which reads the clock again.
 */
const maxDelay = 60_000;

/** Calls `onTime` at a scheduled time, with at most one timer. */
export function createScheduler(clock: Clock, now: () => number, onTime: () => void): Scheduler {
  let target: number | undefined;
  let cancel: (() => void) | undefined;

  const arm = (): void => {
    cancel?.();
    cancel = undefined;
    if (target === undefined) return;
    // Aligned to full minutes, so that many sessions wake the process together.
    const delay = Math.min(Math.max(0, target - now()), maxDelay - (now() % maxDelay));
    cancel = clock.timer(Math.ceil(delay), () => {
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
    schedule(time) {
      if (time === target) return;
      target = time;
      arm();
    },
  };
}
