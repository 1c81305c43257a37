import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { PartnerAuthError } from '../index.ts';

/** The environment variable of a secret or setting: `PARTNER_AUTH_CLIENT_SECRET` for `client_secret`. */
export function environmentVariable(name: string): string {
  return `PARTNER_AUTH_${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Returns the value of the environment variable, else prompts for it. The input of a secret is not echoed.
 *
 * @throws PartnerAuthError `configuration` naming the variable when stdin is not a terminal, `aborted` after Ctrl+C.
 */
export async function ask(label: string, name: string, secret: boolean): Promise<string> {
  const variable = environmentVariable(name);
  const value = process.env[variable];
  if (value !== undefined && value !== '') return value;
  if (!process.stdin.isTTY) {
    throw new PartnerAuthError('configuration', `${label} is missing: set the environment variable ${variable}.`, {
      setting: name,
    });
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true });
  // After `createInterface`, which turns off the terminal's own echo.
  if (secret) process.stderr.write(`${label}: `);
  const cancelled = Promise.withResolvers<never>();
  terminal.once('close', () => cancelled.reject(new PartnerAuthError('aborted', 'Cancelled at the prompt.')));
  try {
    return await Promise.race([terminal.question(secret ? '' : `${label}: `), cancelled.promise]);
  } finally {
    terminal.close();
    if (secret) process.stderr.write('\n');
  }
}
