import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { PartnerAuthError } from '../../index.ts';
import { environmentVariable, fromEnvironment } from './environment.ts';
import { note } from './output.ts';

let interrupt: AbortSignal | undefined;

/** Ends a prompt, and the reading of stdin, when the program is to stop. */
export function stopReadingOn(signal: AbortSignal): void {
  interrupt = signal;
}

function cancelled(): PartnerAuthError {
  return new PartnerAuthError('aborted', 'Cancelled while waiting for input.');
}

/** Whether questions can be asked: without a terminal there is nobody to answer them. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Returns the value of the environment variable, else prompts for it. The input of a secret is not echoed.
 *
 * @throws PartnerAuthError `configuration` naming the variable without a terminal, `aborted` after Ctrl+C.
 */
export async function ask(label: string, name: string, secret: boolean): Promise<string> {
  const variable = environmentVariable(name);
  const value = fromEnvironment(variable);
  if (value !== undefined) return value;
  if (!canAsk()) {
    throw new PartnerAuthError(
      'configuration',
      `${label} is missing: set the environment variable ${variable}, or run this in a terminal, which asks for it.`,
      {
        setting: name,
      },
    );
  }
  return prompt(label, { secret });
}

/** How a question is asked. */
export interface PromptOptions {
  /** The input is not shown. */
  readonly secret?: boolean;
  /** Stands for an empty answer. */
  readonly fallback?: string;
  /** Says what is wrong with an answer, in a sentence. */
  readonly problemOf?: (text: string) => string | undefined;
}

/**
 * Asks one question on stderr. It is repeated after an answer that has a problem, and after an empty one without fallback.
 *
 * @throws PartnerAuthError `aborted` after Ctrl+C, and at the end of the input.
 */
export async function prompt(
  label: string,
  { secret = false, fallback, problemOf }: PromptOptions = {},
): Promise<string> {
  const shown = fallback === undefined || fallback === '' || secret ? `${label}: ` : `${label} [${fallback}]: `;
  for (;;) {
    const text = (await readLine(shown, secret)) || fallback;
    if (text === undefined) continue;
    const problem = problemOf?.(text);
    if (problem === undefined) return text;
    note(problem);
  }
}

async function readLine(label: string, secret: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: process.stdin,
    output: secret ? silent : process.stderr,
    terminal: true,
    historySize: 0,
  });
  // After `createInterface`, which turns off the terminal's own echo.
  if (secret) process.stderr.write(label);
  const closed = Promise.withResolvers<never>();
  const close = (): void => terminal.close();
  terminal.once('close', () => closed.reject(cancelled()));
  interrupt?.addEventListener('abort', close, { once: true });
  try {
    return await Promise.race([terminal.question(secret ? '' : label), closed.promise]);
  } catch (error) {
    if (!secret) process.stderr.write('\n');
    throw error;
  } finally {
    interrupt?.removeEventListener('abort', close);
    terminal.close();
    if (secret) process.stderr.write('\n');
  }
}

export async function readStdinBytes(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { stdin } = process;
  const stop = (): void => void stdin.destroy(cancelled());
  interrupt?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stdin) chunks.push(chunk as Buffer);
  } finally {
    interrupt?.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks);
}

/** The text on stdin, without the line break that programs write at its end. `what` is said to a person who has to type it. */
export async function readStdinText(what: string): Promise<string> {
  if (canAsk()) process.stderr.write(`Type or paste ${what}, then press Ctrl+D on a line of its own.\n`);
  return (await readStdinBytes())
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
}

/** A secret that another program writes to stdin. A terminal would show what is typed. */
export async function readSecret(option: string): Promise<string> {
  if (process.stdin.isTTY)
    throw new PartnerAuthError(
      'configuration',
      `${option} reads from a pipe or a file, such as < FILE. Without it, you are asked.`,
      { setting: option },
    );
  const secret = await readStdinText(option);
  if (secret === '')
    throw new PartnerAuthError('configuration', `There is nothing on stdin for ${option}.`, { setting: option });
  return secret;
}
