import { lazy, nodeFs, nodeOs } from '../lib/node-modules.ts';
import { systemErrorCode } from '../lib/system-error.ts';

/** Identifies a process among all those that may share a file. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** The boot of the machine and the namespace of its process ids. Process ids are unique within it. */
  readonly machine: string;
  /** When the process started. Absent where it cannot be read; a process id alone may be that of a later process. */
  readonly start?: string | undefined;
}

/** How far two boot times of one machine may differ, in ms: they are derived from a clock that may be adjusted. */
const bootTolerance = 10_000;

export const thisProcess = lazy<ProcessIdentity>(() => {
  const start = startOf(process.pid);
  return { pid: process.pid, host: nodeOs().hostname(), machine: machine(), ...(start !== undefined && { start }) };
});

/** Whether the process is running. `unknown` for one of another machine, and where its start cannot be read. */
export function processState(identity: ProcessIdentity): 'running' | 'exited' | 'unknown' {
  if (!isThisMachine(identity.machine)) return 'unknown';
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return 'exited';
  }
  const start = startOf(identity.pid);
  if (start === 'zombie') return 'exited';
  if (start === undefined || identity.start === undefined) return 'unknown';
  return start === identity.start ? 'running' : 'exited';
}

const machine = lazy(() => {
  try {
    const boot = nodeFs().readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // In another time namespace, the same process has another start.
    return [boot, nodeFs().readlinkSync('/proc/self/ns/pid'), namespace('time')].join(' ');
  } catch {
    return `${nodeOs().hostname()} booted ${Math.round(Date.now() - nodeOs().uptime() * 1000)}`;
  }
});

function namespace(name: string): string {
  try {
    return nodeFs().readlinkSync(`/proc/self/ns/${name}`);
  } catch {
    return '';
  }
}

function isThisMachine(other: string): boolean {
  if (other === machine()) return true;
  const [, host, boot] = /^(.*) booted (\d+)$/.exec(other) ?? [];
  const [, thisHost, thisBoot] = /^(.*) booted (\d+)$/.exec(machine()) ?? [];
  return host !== undefined && host === thisHost && Math.abs(Number(boot) - Number(thisBoot)) < bootTolerance;
}

/** Clock ticks from the boot to the start of a process; `zombie` if it has exited; undefined where that is unknown. */
function startOf(pid: number): string | undefined {
  try {
    const stat = nodeFs().readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain blanks and parentheses (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'zombie' : fields[19];
  } catch {
    return undefined;
  }
}
