import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { configurationError } from '../errors.ts';

/**
 * The value of `PARTNER_AUTH_<NAME>`, else what the user types; a secret is typed unseen.
 *
 * @throws PartnerAuthError `configuration` naming the variable when there is nobody to ask.
 */
export async function ask(label: string, name: string, secret: boolean): Promise<string> {
  const variable = `PARTNER_AUTH_${name.toUpperCase()}`;
  const given = process.env[variable];
  if (given !== undefined && given !== '') return given;
  if (!process.stdin.isTTY) {
    throw configurationError(name, `${label} is missing: set the environment variable ${variable}.`);
  }
  process.stderr.write(`${label}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    if (secret) process.stderr.write('\n');
  }
}
