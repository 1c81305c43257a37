import { spawnSync } from 'node:child_process';
import { must } from '../clients.ts';

/** What the OpenSSL command line makes of the input; undefined when it refuses. */
export function tryOpenssl(args: readonly string[], input: string | Buffer): Buffer | undefined {
  const { status, stdout, error } = spawnSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] });
  if (error !== undefined) throw error;
  return status === 0 ? stdout : undefined;
}

export function openssl(args: readonly string[], input: string | Buffer): Buffer {
  return must(tryOpenssl(args, input));
}

/** Key and IV in hex that `openssl enc -P` derives from a password. */
export function derivedBy(args: readonly string[]): { readonly key: string; readonly iv: string } {
  const text = openssl([...args, '-P'], '').toString();
  const read = (name: string): string => must(new RegExp(`^${name} *= *([0-9A-F]+)`, 'mi').exec(text)?.[1]);
  return { key: read('key'), iv: read('iv') };
}

/** `-e` or `-d` with key and IV in hex. */
export function aes(
  mode: '-e' | '-d',
  key: string,
  iv: string,
  input: string | Buffer,
  algorithm = 'aes-256-cbc',
): Buffer {
  return openssl(['enc', mode, `-${algorithm}`, '-K', key, '-iv', iv], input);
}
