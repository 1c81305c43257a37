/**
 * Writes cipher-family.json: messages of each row of the cipher family, made by the openssl command line and Java,
 * without this library. `npm run vectors` requires bash, openssl, xxd and Java 17. The salts of openssl differ in each run.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { rows, type Row } from './cipher-family-rows.ts';

const run = promisify(execFile);
const preamble = "set -o pipefail; hex() { od -An -v -tx1 | tr -d ' \\n'; };";

const letters = Array.from('Đơn hàng của Nguyễn Thị Ánh: 1.500.000 ₫ – đã nhận 👋 ');
const sizes = [1, 15, 16, 17, 31, 32, 33, 48];
const payloads = {
  // The lengths are chosen so that padding to 16 and to 32 bytes differ.
  json: '{"merchant":"M-4711","orderId":"DH-42","note":"Nguyễn Thị Ánh trả 1.500.000 ₫ – cảm ơn 👋"}',
  query: 'merchant=M-4711&orderId=DH-2026-0042&note=Nguy%E1%BB%85n+Th%E1%BB%8B+%C3%81nh+%F0%9F%91%8B&amount=1500000',
};

/** Vietnamese text of exactly `size` UTF-8 bytes. */
function textOf(size: number): string {
  let text = '';
  for (let at = size; Buffer.byteLength(text) < size; at++) {
    const letter = letters[at % letters.length] ?? '';
    text += Buffer.byteLength(text + letter) <= size ? letter : 'x';
  }
  return text;
}

async function outputOf(command: string, input: string, env: Readonly<Record<string, string>>): Promise<string> {
  const options = { cwd: import.meta.dirname, env: { ...process.env, ...env } };
  const running = run('bash', ['-c', `${preamble} ${command}`], options);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** A pseudo-random IV that is the same in each run. */
function ivOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

function ivField({ iv }: Row['settings'], hex: string): string | undefined {
  if (iv.from !== 'field') return undefined;
  if (iv.format === 'base64') return Buffer.from(hex, 'hex').toString('base64');
  return iv.format === 'hex-upper' ? hex.toUpperCase() : hex;
}

async function vectorsOf(row: Row): Promise<object> {
  const { settings, key, payload = 'json', make, same } = row;
  const messages = [];
  for (const plaintext of [payloads[payload], '', ...sizes.map(textOf)]) {
    const hex = ivOf(`${row.row} ${plaintext}`);
    const env = { KEY: key, IV: hex };
    const ciphertext = await outputOf(make, plaintext, env);
    if (same !== undefined && (await outputOf(same, plaintext, env)) !== ciphertext) {
      throw new Error(`Two programs differ for ${row.row}: ${JSON.stringify(plaintext)}`);
    }
    const iv = ivField(settings, hex);
    messages.push({ plaintext, ciphertext, ...(iv !== undefined && { iv }) });
  }
  return { ...row, messages };
}

const versions = [await run('openssl', ['version']), await run('java', ['--version'])];
const vectors = [];
for (const row of rows) vectors.push(await vectorsOf(row));
const madeBy = versions.map(({ stdout }) => stdout.split('\n')[0]);
const file = new URL('cipher-family.json', import.meta.url);
await writeFile(file, `${JSON.stringify({ madeBy, preamble, rows: vectors }, undefined, 1)}\n`);
