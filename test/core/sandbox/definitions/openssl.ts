import { spawnSync } from 'node:child_process';
import { assertDefined } from '../clients.ts';

/** Runs the OpenSSL command line and returns its output, or undefined if it fails. */
export function tryOpenssl(args: readonly string[], input: string | Buffer): Buffer | undefined {
  const { status, stdout, error } = spawnSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] });
  if (error !== undefined) throw error;
  return status === 0 ? stdout : undefined;
}

export function openssl(args: readonly string[], input: string | Buffer): Buffer {
  return assertDefined(tryOpenssl(args, input));
}

/** Returns the key and the IV, in hex, that `openssl enc -P` derives from a password. */
export function deriveKey(args: readonly string[]): { readonly key: string; readonly iv: string } {
  const output = openssl([...args, '-P'], '').toString();
  const read = (name: string): string => assertDefined(new RegExp(`^${name} *= *([0-9A-F]+)`, 'mi').exec(output)?.[1]);
  return { key: read('key'), iv: read('iv') };
}

/** Encrypts (`-e`) or decrypts (`-d`) with key and IV in hex. */
export function aes(
  mode: '-e' | '-d',
  key: string,
  iv: string,
  input: string | Buffer,
  algorithm = 'aes-256-cbc',
): Buffer {
  return openssl(['enc', mode, `-${algorithm}`, '-K', key, '-iv', iv], input);
}
