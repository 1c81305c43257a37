import type * as Core from '../../../core/index.ts';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';
import { quantile } from '../measure/statistics.ts';

export interface StormOptions {
  /** The built library. */
  readonly core: string;
  readonly url: string;
  readonly callers: number;
  /** The session file that the processes share. */
  readonly file?: string;
  /** Epoch ms at which the callers of all processes start. */
  readonly startAt?: number;
}

type GetToken = () => Promise<unknown>;

const expiredAt = Date.now() - 60_000;

/** Clients that are signed in with a token that has expired. */
const clients: Readonly<Record<string, (options: StormOptions) => Promise<GetToken>>> = {
  'Partner Auth': async ({ core, url, file }) => {
    const { fileStore, memoryStore, openSession } = (await import(core)) as typeof Core;
    const store = file === undefined ? memoryStore() : fileStore(file);
    if (file === undefined) await store.write(expiredRecord(url));
    const cipher = { key: Buffer.alloc(32, 7), iv: { from: 'fixed', value: Buffer.alloc(16, 9) } } as const;
    const session = await openSession({ partner: 'tconnect', baseUrl: url, partnerCode: 'BENCH', cipher, store });
    return () => session.accessToken();
  },
  'google-auth-library': async ({ url }) => {
    const { OAuth2Client } = await import('google-auth-library');
    const client = new OAuth2Client({
      clientId: 'id',
      clientSecret: 'secret',
      endpoints: { oauth2TokenUrl: `${url}/token` },
    });
    client.setCredentials({ access_token: 'old', refresh_token: 'r', expiry_date: expiredAt });
    return () => client.getAccessToken();
  },
  '@azure/core-rest-pipeline (token cycler)': async ({ url }) => {
    const file = new URL('./util/tokenCycler.js', import.meta.resolve('@azure/core-rest-pipeline'));
    const { createTokenCycler } = (await import(file.href)) as {
      createTokenCycler: (credential: object) => (scopes: string, options: object) => Promise<unknown>;
    };
    const getToken = createTokenCycler({
      getToken: async () => {
        const response = await fetch(`${url}/token`, { method: 'POST', body: 'grant_type=refresh_token' });
        const { access_token: token } = (await response.json()) as { access_token: string };
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    });
    return () => getToken('scope', {});
  },
  '@badgateway/oauth2-client': async ({ url }) => {
    const { OAuth2Client, OAuth2Fetch } = await import('@badgateway/oauth2-client');
    const wrapper = new OAuth2Fetch({
      client: new OAuth2Client({ server: url, clientId: 'id', tokenEndpoint: '/token' }),
      getNewToken: () => null,
      getStoredToken: () => ({ accessToken: 'old', refreshToken: 'r', expiresAt: expiredAt }),
      scheduleRefresh: false,
    });
    return () => wrapper.getAccessToken();
  },
  'simple-oauth2': async ({ url }) => {
    const { AuthorizationCode } = (await import('simple-oauth2')).default;
    const client = new AuthorizationCode({
      client: { id: 'id', secret: 'secret' },
      auth: { tokenHost: url, tokenPath: '/token' },
    });
    let token = client.createToken({ access_token: 'old', refresh_token: 'r', expires_at: new Date(expiredAt) });
    return async () => {
      if (token.expired()) token = await token.refresh();
      return token.token.access_token;
    };
  },
};

export const stormNames = Object.keys(clients);

export function expiredRecord(origin: string): Core.StoredSession {
  return {
    version: 1,
    sessionId: 'bench',
    generation: 1,
    partner: 'tconnect',
    origin,
    partnerCode: 'BENCH',
    tokens: { accessToken: 'old', refreshToken: 'r', issuedAt: expiredAt - 3_600_000, accessExpiresAt: expiredAt },
  };
}

async function run(name: string, options: StormOptions): Promise<Metrics> {
  const { callers, startAt } = options;
  const getToken = await (clients[name] as (clientOptions: StormOptions) => Promise<GetToken>)(options);
  if (startAt !== undefined) await new Promise((resolve) => setTimeout(resolve, startAt - Date.now()));
  const memoryBefore = process.memoryUsage.rss();
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: callers }, async () => {
      const start = performance.now();
      await getToken();
      times.push(performance.now() - start);
    }),
  );
  const peak = process.resourceUsage().maxRSS * 1024;
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), peak, added: peak - memoryBefore };
}

export const candidates: Candidates = Object.fromEntries(
  stormNames.map((name) => [name, (options: StormOptions) => run(name, options)]),
);
