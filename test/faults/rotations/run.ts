import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fileStore, openSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { fastClock } from './fast-clock.ts';
import type { RotationReport, RotationTask } from './worker.ts';

export interface RotationCounts {
  processes: number;
  rotations: number;
  kills: number;
  /** Of them while the process held the lock, which somebody else then took over. */
  takeovers: number;
  /** ms of the longest wait for the lock. */
  longestWait: number;
  /** Refresh tokens that were sent although a process had got, and kept, their successor. */
  wrongReplays: number;
  /** Rotations whose answer died with a killed process; told as `refreshInterrupted`. */
  inDoubt: number;
  /** Sessions that ended in any other way. */
  lost: number;
  logins: number;
  /** What else processes were told, by code. */
  failures: Record<string, number>;
}

/** How many times faster than the clock on the wall all clocks run: a lifetime of a second passes in 40 ms. */
const rate = 25;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Processes that share one session and are killed at random, until the partner has rotated `rotations` times. */
export async function rotate(rotations: number, processes = 8): Promise<RotationCounts> {
  const counts: RotationCounts = {
    processes,
    rotations: 0,
    kills: 0,
    takeovers: 0,
    longestWait: 0,
    wrongReplays: 0,
    inDoubt: 0,
    lost: 0,
    logins: 1,
    failures: {},
  };
  await using folder = await temporaryFolder();
  const file = folder.file('session.json');
  const successors = new Map<string, string>();
  const used = new Set<string>();
  await using sandbox = await startSandbox({
    rotation: 'reuseDetection',
    accessLifetime: 1,
    clockRate: rate,
    onRequest({ call, outcome, payload }) {
      if (call !== 'refresh') return;
      const { refresh_token: sent = '' } = payload as { refresh_token?: string };
      if (outcome === 'ok') {
        counts.rotations++;
        successors.set(sent, sandbox.tokens('tconnect')?.refreshToken ?? '');
      } else if (outcome === 'replayed') {
        const successor = successors.get(sent) ?? '';
        if (used.has(successor) || readFileSync(file, 'utf8').includes(successor)) counts.wrongReplays++;
      }
      used.add(sent);
      if (counts.rotations % 200 === 0) sandbox.clearJournal();
    },
  });
  const { credentials, ...profile } = {
    ...sandbox.profiles.tconnect,
    credentials: sandbox.profiles.tconnect.credentials,
  };
  const start = Date.now();
  await using session = await openSession({ ...profile, store: fileStore(file), clock: fastClock(start, rate) });
  await session.login({ ...credentials });

  // One after the other: the first to come signs in again, the others find that done.
  let mending: Promise<void> = Promise.resolve();
  const mend = async (): Promise<void> => {
    const record = await fileStore(file).read();
    if (record === undefined || !('tokens' in record) || record.ended === undefined) return;
    if (record.ended.code === 'refreshInterrupted') counts.inDoubt++;
    else counts.lost++;
    counts.logins++;
    await session.login({ ...credentials });
  };
  const task: RotationTask = { file, options: profile, start, rate };
  const ready: ChildProcess[] = [];
  const broken: string[] = [];
  const begin = (): ChildProcess => {
    const child = fork(worker, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('exit', (code) => {
      if (code !== null && code !== 0) broken.push(`A process ended by itself with ${code}.`);
    });
    child.on('message', (report: RotationReport) => {
      if ('ready' in report) ready.push(child);
      else if ('waited' in report) counts.longestWait = Math.max(counts.longestWait, report.waited);
      else if ('ended' in report) mending = mending.then(mend);
      else counts.failures[report.failed] = (counts.failures[report.failed] ?? 0) + 1;
    });
    return child;
  };
  const children = new Set(Array.from({ length: processes }, begin));
  while (counts.rotations < rotations) {
    const next = Math.min(rotations, counts.rotations + 15 + Math.random() * 30);
    while (counts.rotations < next) {
      await wait(1 + Math.random() * 10);
      if (broken.length > 0) throw new Error(broken[0]);
    }
    // One that has begun its work, at any moment of it: not only just after a rotation, which ended the loop above.
    await wait(Math.random() * 80);
    const child = ready.splice(Math.floor(Math.random() * ready.length), 1)[0];
    if (child === undefined) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    counts.kills++;
    if (holds(`${file}.lock`, child.pid)) counts.takeovers++;
    children.delete(child);
    children.add(begin());
  }
  await Promise.all(
    [...children].map((child) => {
      const ended = once(child, 'exit');
      child.disconnect();
      return ended;
    }),
  );
  await mending;
  // The last process may have been killed with an answer on its way.
  await session.refresh().catch(mend);
  await session.refresh();
  return counts;
}

function holds(lock: string, pid: number | undefined): boolean {
  if (!existsSync(lock)) return false;
  try {
    return (JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid === pid;
  } catch {
    return false;
  }
}

/** What must not be. */
export function rotationProblems(counts: RotationCounts): string[] {
  const wrong: string[] = [];
  if (counts.wrongReplays > 0) wrong.push(`${counts.wrongReplays} families killed by a replay of ours`);
  if (counts.lost > 0) wrong.push(`${counts.lost} sessions lost`);
  if (counts.inDoubt > counts.kills) wrong.push('more rotations in doubt than kills');
  if (counts.longestWait > 30_000) wrong.push(`a wait of ${counts.longestWait} ms for the lock`);
  return wrong;
}
