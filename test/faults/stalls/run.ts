import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fileStore, openSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { fastClock } from '../rotations/fast-clock.ts';
import type { StallOrder, StallReport, StallTask } from './worker.ts';

export interface StallCounts {
  processes: number;
  files: number;
  rotations: number;
  /** Stops by SIGSTOP. */
  stops: number;
  /** Blocked event loops. */
  blocks: number;
  /** Refresh tokens that were sent a second time. */
  replays: number;
  /** Sessions that have ended or do not work at the end. */
  lost: number;
  /** Errors that the processes reported, by code. */
  errors: Record<string, number>;
}

export interface StallLength {
  /** The least number of rotations. */
  readonly rotations: number;
  /** The least number of stalls of each pair of processes. */
  readonly stallsOfPair: number;
  /** How long a process hangs, in ms. */
  readonly stall: number;
  readonly files?: number;
}

/** All clocks run this many times as fast as real time: a lifetime of 2 s passes in 200 ms. */
const rate = 10;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Lets processes share sessions, and lets half of them hang at random moments. */
export async function stall({
  rotations,
  stallsOfPair,
  stall,
  files: fileCount = 20,
}: StallLength): Promise<StallCounts> {
  const counts: StallCounts = {
    processes: 8,
    files: fileCount,
    rotations: 0,
    stops: 0,
    blocks: 0,
    replays: 0,
    lost: 0,
    errors: {},
  };
  await using folder = await temporaryFolder();
  const files = Array.from({ length: fileCount }, (_, index) => folder.file(`session-${index}.json`));
  await using sandbox = await startSandbox({
    rotation: 'reuseDetection',
    accessLifetime: 2,
    clockRate: rate,
    delay: 20,
    onRequest({ call, outcome }) {
      if (call !== 'refresh') return;
      if (outcome === 'ok') counts.rotations++;
      else if (outcome === 'replayed') counts.replays++;
      if (counts.rotations % 200 === 0) sandbox.clearJournal();
    },
  });
  const { credentials } = sandbox.profiles.tconnect;
  const options = { ...sandbox.profiles.tconnect };
  const start = Date.now();
  for (const file of files) {
    await using session = await openSession({ ...options, store: fileStore(file), clock: fastClock(start, rate) });
    await session.login({ ...credentials });
  }
  const task: StallTask = { files, options, start, rate };
  const children = await Promise.all(Array.from({ length: counts.processes }, () => startWorker(task, counts)));
  try {
    const pairs = Array.from({ length: counts.processes / 2 }, (_, index) => children.slice(2 * index, 2 * index + 2));
    // Half of the processes hang at any time.
    await Promise.all(
      pairs.map(async (pair) => {
        for (let number = 0; number < stallsOfPair || counts.rotations < rotations; number++) {
          const child = pair[Math.floor(Math.random() * pair.length)];
          await wait(Math.random() * 200);
          if (Math.random() < 0.5) {
            child?.kill('SIGSTOP');
            counts.stops++;
            await wait(stall);
            child?.kill('SIGCONT');
          } else {
            child?.send({ block: stall } satisfies StallOrder);
            counts.blocks++;
            await wait(stall);
          }
        }
      }),
    );
    await Promise.all(
      children.map((child) => {
        const exited = once(child, 'exit');
        child.send({ stop: true } satisfies StallOrder);
        return exited;
      }),
    );
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
  for (const file of files) {
    await using session = await openSession({ ...options, store: fileStore(file), clock: fastClock(start, rate) });
    await session.refresh().catch(() => counts.lost++);
  }
  return counts;
}

async function startWorker(task: StallTask, counts: StallCounts): Promise<ChildProcess> {
  const child = fork(worker, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ready = Promise.withResolvers<undefined>();
  child.on('message', (report: StallReport) => {
    if ('ready' in report) ready.resolve(undefined);
    else counts.errors[report.failed] = (counts.errors[report.failed] ?? 0) + 1;
  });
  child.once('exit', (code) => ready.reject(new Error(`A worker exited with ${code}.`)));
  await ready.promise;
  return child;
}

export function stallProblems(counts: StallCounts): string[] {
  const problems: string[] = [];
  if (counts.replays > 0) problems.push(`Refresh tokens sent twice: ${counts.replays}.`);
  if (counts.lost > 0) problems.push(`Sessions lost: ${counts.lost}.`);
  return problems;
}
