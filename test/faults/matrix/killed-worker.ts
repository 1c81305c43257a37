import { fileStore, openSession, type SessionOptions, type TokenStore } from '../../../core/index.ts';

/** Steps of a refresh at which the worker stops until it is killed. */
export const steps = [
  'locked',
  'read',
  'before intent',
  'intent written',
  'partner asked',
  'answered',
  'saved',
  'released',
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
  const session = await openSession({ ...options, store: stopping(fileStore(file), reach) });
  await session.refresh();
  await reach('released');
}

function stopping(inner: TokenStore, reach: (step: Step) => Promise<void>): TokenStore {
  let locked = false;
  return {
    async read() {
      if (locked) await reach('locked');
      const record = await inner.read();
      if (locked) await reach('read');
      return record;
    },
    async write(record) {
      const intent = 'intent' in record;
      await reach(intent ? 'before intent' : 'answered');
      await inner.write(record);
      await reach(intent ? 'intent written' : 'saved');
    },
    clear: () => inner.clear(),
    lock: (fn, options) =>
      inner.lock((held) => {
        locked = true;
        return fn(held);
      }, options),
  };
}
