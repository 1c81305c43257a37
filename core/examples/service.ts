/**
 * A service: `GET /capacity` calls Cloudreve, `GET /health` reports whether it can. The session refreshes itself ahead of expiry, and
 * the service signs in again if Cloudreve has ended the session. SIGTERM and Ctrl+C stop it after the requests in progress.
 */
import { createServer } from 'node:http';
import { fileStore, isPartnerAuthError, openSession } from 'partner-auth';

const { env } = process;
const credentials = { email: env.CLOUDREVE_EMAIL ?? '', password: env.CLOUDREVE_PASSWORD ?? '' };
const session = await openSession({
  partner: 'cloudreve',
  baseUrl: env.CLOUDREVE_URL ?? '',
  store: fileStore('session.json'),
  autoRefresh: true,
});
await session.ensureSignedIn(credentials);

async function respondTo(path: string | undefined): Promise<{ status: number; body: unknown }> {
  switch (path) {
    case '/health': {
      const { phase, lastError } = session.status;
      return { status: phase === 'ended' ? 503 : 200, body: { phase, lastError } };
    }
    case '/capacity': {
      await session.ensureSignedIn(credentials); // no request while the session is usable
      const { ok, body } = await session.request('/api/v4/user/capacity');
      return { status: ok ? 200 : 502, body };
    }
    default:
      return { status: 404, body: { error: 'not found' } };
  }
}

const server = createServer(({ url }, response) => {
  void respondTo(url)
    .catch((error: unknown) => {
      console.error(error); // without a secret in it
      return { status: 502, body: { error: isPartnerAuthError(error) ? error.code : 'internal' } };
    })
    .then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
});
server.listen(Number(env.PORT ?? 0), '127.0.0.1', () => console.log('Listening on', server.address()));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => void session.close({ drain: 10_000 })));
}
