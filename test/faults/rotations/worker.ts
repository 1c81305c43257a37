import { setTimeout as wait } from 'node:timers/promises';
import {
  fileStore,
  isPartnerAuthError,
  openSession,
  type SessionOptions,
  type TokenStore,
} from '../../../core/index.ts';
import { fastClock } from './fast-clock.ts';

export interface RotationTask {
  readonly file: string;
  readonly options: SessionOptions;
  readonly start: number;
  readonly rate: number;
}

export type RotationReport =
  | { readonly ready: true }
  /** The longest wait of this process for the lock so far, ms. */
  | { readonly waited: number }
  | { readonly ended: string }
  | { readonly failed: string };

const { file, options, start, rate } = JSON.parse(process.argv[2] ?? '') as RotationTask;
const send = (report: RotationReport): void => void process.send?.(report);
process.once('disconnect', () => process.exit());

let longestWait = 0;
const inner = fileStore(file);
const store: TokenStore = {
  ...inner,
  lock(fn, lockOptions) {
    const since = performance.now();
    return inner.lock((held) => {
      const waited = performance.now() - since;
      if (waited > longestWait) send({ waited: (longestWait = waited) });
      return fn(held);
    }, lockOptions);
  },
};

// Asks for a valid token again and again until it is killed.
const session = await openSession({ ...options, store, clock: fastClock(start, rate) });
send({ ready: true });
for (;;) {
  try {
    await session.accessToken();
  } catch (error) {
    const code = isPartnerAuthError(error) ? error.code : String(error);
    if (session.status.phase === 'ended') send({ ended: code });
    else send({ failed: code });
    await wait(20);
  }
  await wait(Math.random() * 10);
}
