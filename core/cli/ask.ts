import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { configurationError, PartnerAuthError } from '../lib/errors.ts';

/** The environment variable of a secret or setting: `client_secret` is in `PARTNER_AUTH_CLIENT_SECRET`. */
export function variableOf(name: string): string {
  return `PARTNER_AUTH_${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * The value of the environment variable, else what the user types; a secret is typed unseen.
 *
 * @throws PartnerAuthError `configuration` naming the variable when there is nobody to ask, `aborted` after Ctrl+C.
 */
export async function ask(label: string, name: string, secret: boolean): Promise<string> {
  const variable = variableOf(name);
  const given = process.env[variable];
  if (given !== undefined && given !== '') return given;
  if (!process.stdin.isTTY) {
    throw configurationError(name, `${label} is missing: set the environment variable ${variable}.`);
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true });
  // Only now, when the terminal shows nothing by itself any more.
  if (secret) process.stderr.write(`${label}: `);
  const stopped = Promise.withResolvers<never>();
  terminal.once('close', () => stopped.reject(new PartnerAuthError('aborted', 'Stopped before everything was asked.')));
  try {
    return await Promise.race([terminal.question(secret ? '' : `${label}: `), stopped.promise]);
  } finally {
    terminal.close();
    if (secret) process.stderr.write('\n');
  }
}
