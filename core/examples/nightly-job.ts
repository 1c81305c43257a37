/**
 * A nightly job that holds no password: somebody signs in once with `node nightly-job.ts sign-in`, and the job says so three days
 * before that has to be done again.
 */
import { fileStore, openSession } from 'partner-auth';

const day = 86_400_000;
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

if (process.argv[2] === 'sign-in') {
  await session.login({
    username: env.TCONNECT_USERNAME ?? '',
    password: env.TCONNECT_PASSWORD ?? '',
    client_id: env.TCONNECT_CLIENT_ID ?? '',
    client_secret: env.TCONNECT_CLIENT_SECRET ?? '',
  });
} else {
  const yesterday = new Date(Date.now() - day).toISOString().slice(0, 10);
  const { ok, status, text } = await session.request('/openapi/v1/transaction/qr', {
    payload: { from_date: `${yesterday} 00:00:00`, to_date: `${yesterday} 23:59:59`, limit: 100, page: 1 },
  });
  console.log(status, text);
  if (!ok) process.exitCode = 1;
}

const { refreshExpiresAt = Infinity } = session.status;
if (refreshExpiresAt - Date.now() < 3 * day) {
  console.warn(`Sign in again before ${new Date(refreshExpiresAt).toISOString()}: node nightly-job.ts sign-in`);
}
