import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the few variables that a program needs to run at all. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What a person would type: called with all output so far each time there is more; what it returns is typed. */
  readonly answer?: (output: string) => string | undefined;
  /** Called with all output so far each time there is more; true ends the program with SIGTERM. */
  readonly until?: (output: string) => boolean;
}

// Nothing of the surroundings: no colours, no test runner, no secrets of whoever runs the tests.
const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'npm_config_cache'];

/** Runs a program to its end. */
export async function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { cwd, env, answer, until } = options;
  const base = {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    // Of the tests under another Node, whose programs need the same hooks.
    NODE_OPTIONS: process.env.TEST_NODE_OPTIONS,
  };
  // A group of its own, so that what npm starts for us hears the signal too, as it hears Ctrl+C.
  const child = spawn(program, args, { cwd, env: { ...base, ...env }, stdio: 'pipe', detached: until !== undefined });
  let stdout = '';
  let stderr = '';
  const more = (): void => {
    const typed = answer?.(stdout + stderr);
    if (typed !== undefined) child.stdin.write(`${typed}\n`);
    if (until?.(stdout + stderr) === true && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    more();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    more();
  });
  // A program that ends without reading what was typed is no failure of the test.
  child.stdin.on('error', () => undefined);
  if (answer === undefined) child.stdin.end();
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
