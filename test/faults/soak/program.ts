import { readdirSync } from 'node:fs';
import { fileStore, openSession, type SessionOptions } from '../../../core/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

export interface SoakTask {
  readonly file: string;
  readonly options: SessionOptions;
  readonly credentials: Readonly<Record<string, string>>;
  readonly path: string;
  readonly seconds: number;
}

export interface SoakReport {
  /** Of the manual clock. */
  readonly seconds: number;
  readonly refreshes: number;
  readonly requests: number;
  readonly signOuts: number;
  /** Bytes in use after a quarter of the time and at the end, after garbage collection. */
  readonly heap: readonly [number, number];
  /** Node's active resources before the first session and after the last. */
  readonly resources: readonly [string[], string[]];
  /** Open file handles before the first session and after the last; 0 where they cannot be counted. */
  readonly handles: readonly [number, number];
  /** Timers of the manual clock after the last session. */
  readonly timers: number;
}

const { file, options, credentials, path, seconds } = JSON.parse(process.argv[2] ?? '') as SoakTask;
const heapUsed = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const openHandles = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

const clock = manualClock();
const before = { resources: process.getActiveResourcesInfo(), handles: openHandles() };
let refreshes = 0;
let requests = 0;
let signOuts = 0;
let heapAtQuarter = 0;
const open = () => openSession({ ...options, clock, store: fileStore(file) });
let session = await open();
await session.login(credentials);
for (let second = 1; second <= seconds; second++) {
  clock.advance(1_000);
  const unsubscribe = session.on('change', ({ refreshing }) => (refreshes += refreshing ? 1 : 0));
  await session.accessToken();
  if (second % 5 === 0) requests += (await session.request(path).catch(() => undefined)) === undefined ? 0 : 1;
  unsubscribe();
  if (second % 60 === 0) {
    await session.signOut();
    signOuts++;
    await session.close();
    session = await open();
    await session.login(credentials);
  }
  if (second === Math.floor(seconds / 4)) heapAtQuarter = heapUsed();
}
const heapAtEnd = heapUsed();
await session.close();
// Sockets and watchers close in later turns of the event loop.
for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
const report: SoakReport = {
  seconds,
  refreshes,
  requests,
  signOuts,
  heap: [heapAtQuarter, heapAtEnd],
  resources: [before.resources, process.getActiveResourcesInfo()],
  handles: [before.handles, openHandles()],
  timers: clock.timers,
};
console.log(JSON.stringify(report));
