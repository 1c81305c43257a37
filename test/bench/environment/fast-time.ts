interface Timer {
  at: number;
  readonly callback: () => void;
  readonly every: number | undefined;
}

/** The time of this process from now on: stands still until told to go on. */
export interface FastTime {
  readonly timers: number;
  /** Moments so far at which this process had to run; timers within the same 10 ms count as one. */
  readonly wakeUps: number;
  /** Most timers at once so far. */
  readonly most: number;
  /** Everything that falls due on the way happens in order, and what it awaits meanwhile. */
  advance(ms: number): Promise<void>;
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes over both clocks and the timers of the whole process. */
export function installFastTime(): FastTime {
  const timers = new Map<object, Timer>();
  const wall = Date.now();
  const monotonic = performance.now();
  let passed = 0;
  let wakeUps = 0;
  let lastWakeUp = -Infinity;
  let most = 0;
  const add = (callback: () => void, delay: number, every?: number): object => {
    const handle = { unref: () => handle, ref: () => handle, hasRef: () => false, refresh: () => handle };
    timers.set(handle, { at: passed + Math.max(1, delay), callback, every });
    most = Math.max(most, timers.size);
    return handle;
  };
  const clear = (handle: object | undefined): void => {
    if (handle !== undefined) timers.delete(handle);
  };
  Object.assign(globalThis, {
    setTimeout: (callback: (...given: unknown[]) => void, delay = 0, ...given: unknown[]) =>
      add(() => callback(...given), delay),
    setInterval: (callback: (...given: unknown[]) => void, delay = 0, ...given: unknown[]) =>
      add(() => callback(...given), delay, delay),
    clearTimeout: clear,
    clearInterval: clear,
  });
  Date.now = () => wall + passed;
  Object.defineProperty(performance, 'now', { value: () => monotonic + passed });
  return {
    get timers() {
      return timers.size;
    },
    get wakeUps() {
      return wakeUps;
    },
    get most() {
      return most;
    },
    async advance(ms) {
      const end = passed + ms;
      for (;;) {
        const [next] = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (next === undefined) break;
        const [handle, timer] = next;
        passed = timer.at;
        if (timer.every === undefined) timers.delete(handle);
        else timer.at += timer.every;
        if (passed - lastWakeUp > 10) {
          wakeUps++;
          lastWakeUp = passed;
        }
        timer.callback();
        await pause();
      }
      passed = end;
      await pause();
    },
  };
}
