/**
 * A sync script: appends the transactions of TCONNECT since the last run to `transactions.ndjson`. It can be run as often as you
 * like: the session is in a file, and it signs in only if that is needed.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { fileStore, openSession } from 'partner-auth';

interface TransactionPage {
  readonly transactions: readonly object[];
  readonly total: number;
}

const { env } = process;
await using session = await openSession({
  partner: 'tconnect',
  baseUrl: env.TCONNECT_URL ?? '',
  partnerCode: env.TCONNECT_PARTNER_CODE ?? '',
  cipher: {
    key: env.TCONNECT_KEY ?? '',
    keyFormat: 'hex',
    iv: { from: 'fixed', value: env.TCONNECT_IV ?? '', format: 'hex' },
  },
  store: fileStore('session.json'),
});
await session.ensureSignedIn({
  username: env.TCONNECT_USERNAME ?? '',
  password: env.TCONNECT_PASSWORD ?? '',
  client_id: env.TCONNECT_CLIENT_ID ?? '',
  client_secret: env.TCONNECT_CLIENT_SECRET ?? '',
});

const from = await readFile('synced-until.txt', 'utf8').catch(() => '2026-01-01 00:00:00');
const until = new Date().toISOString().slice(0, 19).replace('T', ' ');
let count = 0;
for (let page = 1, total = Infinity; count < total; page++) {
  const {
    ok,
    status,
    error,
    message = '',
    body,
  } = await session.request<TransactionPage>('/openapi/v1/transaction/qr', {
    payload: { from_date: from, to_date: until, limit: 100, page },
    retry: 'always', // it reads only
  });
  if (!ok) throw error ?? new Error(`HTTP ${status} ${message}`);
  await appendFile('transactions.ndjson', body.transactions.map((each) => `${JSON.stringify(each)}\n`).join(''));
  total = body.transactions.length === 0 ? 0 : body.total;
  count += body.transactions.length;
}
await writeFile('synced-until.txt', until);
console.log(`${count} transactions from ${from} until ${until}`);
