import { spawn } from 'node:child_process';

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the few variables that every program needs. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Simulates a user: called with all output so far whenever there is more; a returned string is typed as one line. */
  readonly answer?: (output: string) => string | undefined;
  /** Called with all output so far whenever there is more; true stops the program with SIGTERM. */
  readonly until?: (output: string) => boolean;
}

// Nothing else is inherited: no colour settings, no test runner variables, no secrets of the developer.
const inherited = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'npm_config_cache', 'NODE_COMPILE_CACHE'];

/** Runs a program until it exits. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProgramResult> {
  const { cwd, env, answer, until } = options;
  const base = {
    ...Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
    // The tests under another Node load their programs with the same hooks.
    NODE_OPTIONS: process.env.TEST_NODE_OPTIONS,
  };
  // With a process group of its own, the children of npm receive the signal too, as they do with Ctrl+C.
  const child = spawn(program, args, { cwd, env: { ...base, ...env }, stdio: 'pipe', detached: until !== undefined });
  let stdout = '';
  let stderr = '';
  const onOutput = (): void => {
    const typed = answer?.(stdout + stderr);
    if (typed !== undefined) child.stdin.write(`${typed}\n`);
    if (until?.(stdout + stderr) === true && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
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
  if (answer === undefined) child.stdin.end();
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
