import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A server in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Ends the process at once, as `kill -9` does. */
  kill(): Promise<void>;
}

/** What a program in `programs/` sends when it listens. */
export interface Listening {
  readonly port: number;
}

export interface ProgramOptions {
  /** Where the program's packages are. Default: this repository. */
  readonly cwd?: string;
  /** The Node that runs it. Default: this one. */
  readonly execPath?: string;
  /** How long it may take to start, in ms. Default 60,000 (a minute). */
  readonly timeout?: number;
}

/**
 * Starts a program, which receives its settings as JSON and listens on port 0 of 127.0.0.1.
 *
 * @throws Error with its output if it ends before it listens.
 */
export async function startServer(
  program: URL,
  settings: object,
  options: ProgramOptions = {},
): Promise<ServerProcess> {
  const { timeout = 60_000, ...rest } = options;
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...rest,
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => output.push(String(data)));
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const port = await portOf(child, timeout);
    return { port, kill, [Symbol.asyncDispose]: kill };
  } catch (error) {
    await kill();
    throw new Error(`${program.pathname} did not start:\n${output.join('').slice(-10_000)}`, { cause: error });
  }
}

async function portOf(child: ChildProcess, timeout: number): Promise<number> {
  const signal = AbortSignal.timeout(timeout);
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`It ended with code ${String(code)}.`);
  });
  const [{ port }] = (await Promise.race([once(child, 'message', { signal }), exited])) as [Listening];
  exited.catch(() => undefined);
  return port;
}
