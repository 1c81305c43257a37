import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import type { SoakReport, SoakTask } from './program.ts';

const program = fileURLToPath(new URL('program.ts', import.meta.url));

/** Runs a session for so many seconds of a manual clock in a process of its own, with tokens that live for 10 s. */
export async function soak(seconds: number): Promise<SoakReport> {
  await using folder = await temporaryFolder();
  await using sandbox = await startSandbox({
    accessLifetime: 10,
    rotation: 'reuseAllowed',
    onRequest() {
      if (sandbox.journal.length > 100) sandbox.clearJournal();
    },
  });
  const profile = sandbox.profiles.cloudreve;
  const task: SoakTask = {
    file: folder.file('session.json'),
    options: { ...profile },
    credentials: { ...profile.credentials },
    path: '/api/v4/user/capacity',
    seconds,
  };
  const { code, stdout, stderr } = await runProgram(process.execPath, ['--expose-gc', program, JSON.stringify(task)]);
  if (code !== 0) throw new Error(`The soak ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as SoakReport;
}

/** Bytes by which the heap may grow without a leak: compiled code, caches of Node. */
const heapTolerance = 1_500_000;

export function soakProblems({ heap, resources, handles, timers }: SoakReport): string[] {
  const problems: string[] = [];
  const [quarter, end] = heap;
  if (end - quarter > heapTolerance) problems.push(`The heap grew by ${end - quarter} bytes.`);
  const [before, after] = resources.map((names) =>
    names
      .filter((name) => name !== 'PipeWrap')
      .sort()
      .join(' '),
  );
  if (after !== before) problems.push(`Active resources after close(): ${after}.`);
  if (timers > 0) problems.push(`Timers of the clock after close(): ${timers}.`);
  // Loading got keeps no handle open; the event loop may have opened its own.
  if (handles[1] > handles[0] + 2) problems.push(`File handles open after close(): ${handles[1] - handles[0]}.`);
  return problems;
}
