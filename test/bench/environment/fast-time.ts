interface Timer {
  at: number;
  readonly callback: () => void;
  readonly every: number | undefined;
}

/** The time of this process, which passes only in `advance()`. */
export interface FastTime {
  readonly timers: number;
  /** How often the process woke up so far; timers within the same 10 ms count as one wake-up. */
  readonly wakeUps: number;
  /** Calls the timers that fall due in order, and waits for what they await. */
  advance(ms: number): Promise<void>;
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Replaces both clocks and the timers of the whole process. */
export function installFastTime(): FastTime {
  const timers = new Map<object, Timer>();
  const wall = Date.now();
  const monotonic = performance.now();
  let passed = 0;
  let wakeUps = 0;
  let lastWakeUp = -Infinity;
  const add = (callback: () => void, delay: number, every?: number): object => {
    const handle = { unref: () => handle, ref: () => handle, hasRef: () => false, refresh: () => handle };
    timers.set(handle, { at: passed + Math.max(1, delay), callback, every });
    return handle;
  };
  const clear = (handle: object | undefined): void => {
    if (handle !== undefined) timers.delete(handle);
  };
  Object.assign(globalThis, {
    setTimeout: (callback: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) =>
      add(() => callback(...args), delay),
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
