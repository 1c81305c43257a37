import { spawn, spawnSync } from 'node:child_process';
import process from 'node:process';

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the few variables that every program needs. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** All that stdin has. */
  readonly input?: string;
  /** Simulates a user: called with all output so far whenever there is more; a returned string is typed as one line. */
  readonly answer?: (output: string) => string | undefined;
  /** Called with all output so far whenever there is more; true stops the program and its children: with SIGTERM, on Windows at once. */
  readonly until?: (output: string) => boolean;
}

// Nothing else is inherited: no colour settings, no test runner variables, no secrets of the developer.
const inherited = [
  ...['PATH', 'HOME', 'TMPDIR', 'npm_config_cache', 'NODE_COMPILE_CACHE'],
  ...['TEMP', 'TMP', 'SystemRoot', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'ComSpec', 'PATHEXT'],
];

/** Runs a program until it exits. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProgramResult> {
  const { cwd, env, input, answer, until } = options;
  const base = {
    ...Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
    // The tests under another Node load their programs with the same hooks.
    NODE_OPTIONS: process.env.TEST_NODE_OPTIONS,
  };
  // With a process group of its own, the children of npm receive the signal too, as they do with Ctrl+C.
  const detached = until !== undefined && process.platform !== 'win32';
  const child = spawn(program, args, { cwd, env: { ...base, ...env }, stdio: 'pipe', detached });
  let stdout = '';
  let stderr = '';
  const onOutput = (): void => {
    const typed = answer?.(stdout + stderr);
    if (typed !== undefined) child.stdin.write(`${typed}\n`);
    if (until?.(stdout + stderr) === true && child.pid !== undefined) stopTree(child.pid);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onOutput();
  });
  // A program may exit without reading its input.
  child.stdin.on('error', () => undefined);
  if (answer === undefined) child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

/** Stops the leader of a process group with its group; Windows has neither, but a program that stops all descendants. */
function stopTree(pid: number): void {
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(pid), '/t', '/f']);
  else process.kill(-pid, 'SIGTERM');
}
