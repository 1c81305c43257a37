/**
 * Writes php.json: messages of each row of php-rows.ts, made by the PHP code that the row contains, without this library.
 * `npm run vectors` requires php 8 (`apt-get install php-cli`). Each message is the output of
 * `php -r '$text = $argv[1]; $key = $argv[2]; $iv = $argv[3]; CODE' -- TEXT KEY IV`.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { phpRows, unsupportedPhpRows } from './php-rows.ts';

const run = promisify(execFile);
const preamble = '$text = $argv[1]; $key = $argv[2]; $iv = $argv[3]; ';

// With PKCS#7 an odd number of blocks, which cannot be padding to 32 bytes.
const plaintexts = [
  '{"merchant":"M-4711","orderId":"DH-42","note":"Nguyễn Thị Ánh trả 1.500.000 ₫ – cảm ơn 👋"}',
  'merchant=M-4711&orderId=DH-2026-0042&note=Nguy%E1%BB%85n+Th%E1%BB%8B+%C3%81nh&amount=1500000&currency=VND',
  '{"username":"merchant@example.com","password":"đúng rồi, nhớ lấy"}',
];

async function messagesOf({ key, iv = '', php }: (typeof phpRows)[number] | (typeof unsupportedPhpRows)[number]) {
  return Promise.all(
    plaintexts.map(async (plaintext) => {
      const { stdout } = await run('php', ['-r', preamble + php, '--', plaintext, key, iv]);
      return { plaintext, ciphertext: stdout };
    }),
  );
}

const { stdout: madeBy } = await run('php', ['-r', 'echo PHP_VERSION, " with ", OPENSSL_VERSION_TEXT;']);
const withMessages = async <Row extends (typeof phpRows)[number] | (typeof unsupportedPhpRows)[number]>(
  rows: readonly Row[],
) => Promise.all(rows.map(async (row) => ({ ...row, messages: await messagesOf(row) })));
const vectors = {
  madeBy: `PHP ${madeBy}`,
  preamble,
  rows: await withMessages(phpRows),
  unsupported: await withMessages(unsupportedPhpRows),
};
await writeFile(new URL('php.json', import.meta.url), `${JSON.stringify(vectors, undefined, 1)}\n`);
