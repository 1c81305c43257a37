import { fileStore, openSession, type SessionOptions, type TokenStore } from '../../../core/index.ts';

/** Steps of a refresh at which the worker waits to be killed. */
export const steps = [
  'lock acquired',
  'record read',
  'before the intent',
  'intent written',
  'request sent',
  'response received',
  'tokens saved',
  'lock released',
] as const;
export type Step = (typeof steps)[number];

export interface KilledTask {
  readonly file: string;
  readonly options: SessionOptions;
  readonly step: Step;
}

if (process.argv[1] === import.meta.filename) {
  const { file, options, step } = JSON.parse(process.argv[2] ?? '') as KilledTask;
  const reach = async (reached: Step): Promise<void> => {
    if (reached !== step) return;
    process.send?.(reached);
    await new Promise(() => setInterval(() => undefined, 1000));
  };
  const session = await openSession({ ...options, store: pausingStore(fileStore(file), reach) });
  await session.refresh();
  await reach('lock released');
}

function pausingStore(inner: TokenStore, reach: (step: Step) => Promise<void>): TokenStore {
  let isLocked = false;
  return {
    async read() {
      if (isLocked) await reach('lock acquired');
      const record = await inner.read();
      if (isLocked) await reach('record read');
      return record;
    },
    async write(record) {
      const isIntent = 'intent' in record;
      await reach(isIntent ? 'before the intent' : 'response received');
      await inner.write(record);
      await reach(isIntent ? 'intent written' : 'tokens saved');
    },
    clear: () => inner.clear(),
    lock: (fn, options) =>
      inner.lock((held) => {
        isLocked = true;
        return fn(held);
      }, options),
  };
}
