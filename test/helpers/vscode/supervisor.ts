/**
 * Runs a command in a process group of its own and ends the whole group when asked to, and also when the process that
 * started this one is gone, however it went: its end of the standard input closes even on SIGKILL, where no exit
 * handler of the parent runs.
 */
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('usage: supervisor.ts COMMAND [ARGUMENT ...]');

const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });

function endGroup(): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

child.on('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on('exit', (code) => {
  endGroup();
  process.exit(code ?? 1);
});
process.on('exit', endGroup);
// A terminal sends these to the parent as well; the parent decides by closing the pipe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.on('close', () => process.exit(0)).resume();
