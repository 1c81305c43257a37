import { setTimeout as wait } from 'node:timers/promises';
import { fileStore, isPartnerAuthError, openSession, type SessionOptions } from '../../../core/index.ts';
import { fastClock } from '../rotations/fast-clock.ts';

export interface StallTask {
  readonly files: readonly string[];
  readonly options: SessionOptions;
  readonly start: number;
  readonly rate: number;
}

/** `block`: how long to block the event loop, in ms. */
export type StallOrder = { readonly block: number } | { readonly stop: true };

export type StallReport = { readonly ready: true } | { readonly failed: string };

const { files, options, start, rate } = JSON.parse(process.argv[2] ?? '') as StallTask;
const send = (report: StallReport): void => void process.send?.(report);

const sessions = await Promise.all(
  files.map((file) => openSession({ ...options, store: fileStore(file), clock: fastClock(start, rate) })),
);
const state = { stopping: false };
process.on('message', (order: StallOrder) => {
  // As a synchronous program or a debugger does.
  if ('block' in order) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.block);
  else state.stopping = true;
});
send({ ready: true });
await Promise.all(
  sessions.map(async (session) => {
    while (!state.stopping) {
      try {
        await session.accessToken();
      } catch (error) {
        send({ failed: isPartnerAuthError(error) ? error.code : String(error) });
        await wait(20);
      }
      await wait(5 + Math.random() * 20);
    }
    // Waits for a refresh in flight.
    await session.close();
  }),
);
process.disconnect();
