import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Skip } from './platform.ts';

/** Options of a test that needs a terminal: `it(title, needsTerminal, …)`. */
export const needsTerminal: Skip = {
  skip:
    (process.platform !== 'linux' || !existsSync('/usr/bin/script')) &&
    'script(1) of Linux, which makes a terminal, is not installed.',
};

export type Typed = readonly (readonly [prompt: RegExp, text: string])[];

/** A real terminal with a shell whose prompt is `$ `. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  #screen = '';

  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    const shell = 'bash --norc --noprofile --noediting -i';
    this.#child = spawn('script', ['-qc', shell, '/dev/null'], {
      cwd,
      env: { ...env, PS1: '$ ', PS2: '> ', TERM: 'dumb', BASH_SILENCE_DEPRECATION_WARNING: '1' },
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#screen += text.replaceAll('\r', '')));
  }

  /** All that it has shown. */
  get screen(): string {
    return this.#screen;
  }

  /** Types a command, and each text when its prompt appears. Resolves with what the command has shown. */
  async run(command: string, typed: Typed = []): Promise<string> {
    const start = await this.start(command);
    for (const [prompt, text] of typed) {
      await this.shows(prompt, start);
      this.#child.stdin.write(`${text}\n`);
    }
    return (await this.shows(/^([^]*)\$ $/, start))[1] ?? '';
  }

  /** Types a command, and returns where its output starts. */
  async start(command: string): Promise<number> {
    await this.shows(/\$ $/);
    const start = this.#screen.length + command.length + 1;
    this.#child.stdin.write(`${command}\n`);
    return start;
  }

  /** Waits until it shows something, after this position. */
  async shows(text: RegExp, after = 0): Promise<RegExpExecArray> {
    for (;;) {
      const found = text.exec(this.#screen.slice(after));
      if (found !== null) return found;
      const ended = this.#closed.then(() => 'ended');
      if ((await Promise.race([once(this.#child.stdout, 'data'), ended])) === 'ended')
        throw new Error(`The terminal was closed before it showed ${text}:\n${this.#screen}`);
    }
  }

  /** Presses Ctrl+C. Resolves when the program has ended. */
  async interrupt(): Promise<void> {
    const start = this.#screen.length;
    this.#child.stdin.write('\x03');
    await this.shows(/\$ $/, start);
  }

  /** Ends the shell, and what still runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#screen.endsWith('$ ')) this.#child.kill('SIGKILL');
    else this.#child.stdin.end('exit\n');
    await this.#closed;
  }
}
