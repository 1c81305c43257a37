import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeExecutable } from './paths.ts';
import { ensureServer } from './install/server-install.ts';

const readyWithinMs = 60_000;

export interface ServerOptions {
  /** Settings, state, logs and secrets of this server (`User/settings.json`, `logs/`, …), as in desktop VS Code. */
  readonly userDataDir: string;
  readonly extensionsDir: string;
  /** Added to the environment of this process, and inherited by the extension hosts. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Loads the extension under development given in the page URL. */
  readonly extensionDevelopment?: boolean;
  readonly args?: readonly string[];
}

export interface RunningServer {
  readonly port: number;
  readonly version: string;
  /** Everything the server has printed, for error messages. */
  output(): string;
  /** Stops the server and its extension hosts; resolves when they have exited. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { version } = await ensureServer();
  const server = await runServerMain(options, [
    '--host=127.0.0.1',
    '--port=0',
    '--without-connection-token',
    '--telemetry-level=off',
    // Without this flag, a built VS Code ignores the extension under development in the page URL; with it, VS Code
    // shows no notifications.
    ...(options.extensionDevelopment === true ? ['--enable-smoke-test-driver'] : []),
  ]);
  let port: number;
  try {
    port = await waitForPort(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { port, version, output: server.output, stop: server.stop, [Symbol.asyncDispose]: server.stop };
}

/** Installs a packed extension, like `code --install-extension`. */
export async function installExtension(options: ServerOptions, vsix: string): Promise<void> {
  const { child, output } = await runServerMain(options, [`--install-extension=${vsix}`, '--force']);
  if (child.exitCode === null) await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`Installing ${vsix} failed:\n${output()}`);
}

interface ServerProcess {
  readonly child: ChildProcess;
  output(): string;
  stop(): Promise<void>;
}

async function runServerMain(options: ServerOptions, args: readonly string[]): Promise<ServerProcess> {
  const { main } = await ensureServer();
  await mkdir(join(options.userDataDir, 'tmp'), { recursive: true });
  const node = nodeExecutable();
  const child = spawn(
    node,
    [
      join(import.meta.dirname, 'supervisor.ts'),
      node,
      main,
      ...args,
      '--accept-server-license-terms',
      `--server-data-dir=${options.userDataDir}`,
      `--user-data-dir=${options.userDataDir}`,
      `--extensions-dir=${options.extensionsDir}`,
      ...(options.args ?? []),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: serverEnvironment(options) },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  const closed = once(child, 'close');
  return {
    child,
    output: () => text,
    stop: async () => {
      child.stdin.destroy();
      await closed;
    },
  };
}

function serverEnvironment({ userDataDir, env }: ServerOptions): NodeJS.ProcessEnv {
  // In a terminal of VS Code, the variables of that VS Code would point the server to its folders.
  const own = Object.entries(process.env).filter(([name]) => !/^(VSCODE|ELECTRON)_/.test(name));
  // Sockets of a killed server are deleted with its folder, and elsewhere their paths could be too long.
  const temporary = join(userDataDir, 'tmp');
  return {
    ...Object.fromEntries(own),
    // Otherwise the server starts a login shell for its environment, which takes seconds and may override test variables.
    VSCODE_CLI: '1',
    // No marketplace: the tests use loopback only.
    EXTENSIONS_GALLERY: '{}',
    // VS Code stores a device id there, and tests must leave nothing in the home folder.
    XDG_CACHE_HOME: join(userDataDir, 'cache'),
    ...(process.platform === 'linux' ? { XDG_RUNTIME_DIR: temporary, TMPDIR: temporary } : {}),
    ...env,
  };
}

async function waitForPort({ child, output }: ServerProcess): Promise<number> {
  const deadline = AbortSignal.timeout(readyWithinMs);
  for (;;) {
    const port = /Extension host agent listening on (\d+)/.exec(output())?.[1];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null) throw new Error(`The VS Code server exited before it was ready:\n${output()}`);
    const { stdout } = child;
    if (stdout === null) throw new Error('The VS Code server has no output to read its port from.');
    const round = new AbortController();
    const signal = AbortSignal.any([deadline, round.signal]);
    try {
      await Promise.race([once(stdout, 'data', { signal }), once(child, 'exit', { signal })]);
    } catch (error) {
      throw new Error(`The VS Code server was not ready within ${readyWithinMs / 1000} s:\n${output()}`, {
        cause: error,
      });
    } finally {
      round.abort();
    }
  }
}
