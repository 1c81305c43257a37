/**
 * Four threads that share one session in a file: one of them signs in, one at a time refreshes, and the others adopt its tokens. A
 * thread opens a session of its own, because a session cannot be passed to another thread.
 */
import { once } from 'node:events';
import { isMainThread, threadId, Worker } from 'node:worker_threads';
import { fileStore, openSession } from 'partner-auth';

if (isMainThread) {
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
} else {
  const { env } = process;
  await using session = await openSession({
    partner: 'cloudreve',
    baseUrl: env.CLOUDREVE_URL ?? '',
    store: fileStore('session.json'),
  });
  await session.ensureSignedIn({ email: env.CLOUDREVE_EMAIL ?? '', password: env.CLOUDREVE_PASSWORD ?? '' });

  let succeeded = 0;
  for (let call = 0; call < 100; call++) {
    const { ok } = await session.request('/api/v4/user/capacity');
    if (ok) succeeded += 1;
  }
  console.log(`Thread ${threadId}: ${succeeded} calls`);
}
