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
  /** Kills of a process that held the lock, which another process then took over. */
  takeovers: number;
  /** The longest wait for the lock, ms. */
  longestWait: number;
  /** Refresh tokens that were sent although a process had received and stored their successor. */
  replays: number;
  /** Rotations whose response was lost with a killed process; reported as `refreshInterrupted`. */
  interrupted: number;
  /** Sessions that ended in any other way. */
  lost: number;
  logins: number;
  /** Errors that the processes reported, by code. */
  errors: Record<string, number>;
}

/** All clocks run this many times as fast as real time: a lifetime of 1 s passes in 40 ms. */
const rate = 25;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Lets processes share one session and kills them at random until the partner has rotated the tokens `rotations` times. */
export async function rotate(rotations: number, processes = 8): Promise<RotationCounts> {
  const counts: RotationCounts = {
    processes,
    rotations: 0,
    kills: 0,
    takeovers: 0,
    longestWait: 0,
    replays: 0,
    interrupted: 0,
    lost: 0,
    logins: 1,
    errors: {},
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
        if (used.has(successor) || readFileSync(file, 'utf8').includes(successor)) counts.replays++;
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

  // In sequence: the first process to report an ended session signs in again, and the others find it signed in.
  let recovery: Promise<void> = Promise.resolve();
  const recover = async (): Promise<void> => {
    const record = await fileStore(file).read();
    if (record === undefined || !('tokens' in record) || record.ended === undefined) return;
    if (record.ended.code === 'refreshInterrupted') counts.interrupted++;
    else counts.lost++;
    counts.logins++;
    await session.login({ ...credentials });
  };
  const task: RotationTask = { file, options: profile, start, rate };
  const ready: ChildProcess[] = [];
  const crashes: string[] = [];
  const startWorker = (): ChildProcess => {
    const child = fork(worker, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('exit', (code) => {
      if (code !== null && code !== 0) crashes.push(`A worker exited with ${code}.`);
    });
    child.on('message', (report: RotationReport) => {
      if ('ready' in report) ready.push(child);
      else if ('waited' in report) counts.longestWait = Math.max(counts.longestWait, report.waited);
      else if ('ended' in report) recovery = recovery.then(recover);
      else counts.errors[report.failed] = (counts.errors[report.failed] ?? 0) + 1;
    });
    return child;
  };
  const children = new Set(Array.from({ length: processes }, startWorker));
  while (counts.rotations < rotations) {
    const next = Math.min(rotations, counts.rotations + 15 + Math.random() * 30);
    while (counts.rotations < next) {
      await wait(1 + Math.random() * 10);
      if (crashes.length > 0) throw new Error(crashes[0]);
    }
    // The kill must hit any moment of a worker's work, not only the one after a rotation, at which the loop above ends.
    await wait(Math.random() * 80);
    const child = ready.splice(Math.floor(Math.random() * ready.length), 1)[0];
    if (child === undefined) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    counts.kills++;
    if (ownsLock(`${file}.lock`, child.pid)) counts.takeovers++;
    children.delete(child);
    children.add(startWorker());
  }
  await Promise.all(
    [...children].map((child) => {
      const ended = once(child, 'exit');
      child.disconnect();
      return ended;
    }),
  );
  await recovery;
  // The last process may have been killed while it waited for a response.
  await session.refresh().catch(recover);
  await session.refresh();
  return counts;
}

function ownsLock(lock: string, pid: number | undefined): boolean {
  if (!existsSync(lock)) return false;
  try {
    return (JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid === pid;
  } catch {
    return false;
  }
}

export function rotationProblems(counts: RotationCounts): string[] {
  const problems: string[] = [];
  if (counts.replays > 0) problems.push(`Sessions ended by a used refresh token: ${counts.replays}.`);
  if (counts.lost > 0) problems.push(`Sessions lost: ${counts.lost}.`);
  if (counts.interrupted > counts.kills) problems.push('More rotations were interrupted than processes killed.');
  if (counts.longestWait > 30_000) problems.push(`A process waited ${counts.longestWait} ms for the lock.`);
  return problems;
}
