/**
 * Runs a command in its own process group, and kills the whole group when the parent closes stdin. Stdin also closes when
 * the parent is killed with SIGKILL, which runs none of its exit handlers.
 */
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('Usage: supervisor.ts COMMAND [ARGUMENT ...]');

const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });

function killGroup(): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has already exited.
  }
}

child.on('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on('exit', (code) => {
  killGroup();
  process.exit(code ?? 1);
});
process.on('exit', killGroup);
// A terminal sends these to the parent as well; the parent decides by closing the pipe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.on('close', () => process.exit(0)).resume();
