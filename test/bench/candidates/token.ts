import type { AccessToken } from '@azure/core-auth';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';
import { measureInTurns, type SliceOptions } from '../measure/slices.ts';

export interface TokenOptions {
  readonly slices: SliceOptions;
  /** Calls over which the growth of the heap is measured. */
  readonly calls: number;
}

type GetToken = () => Promise<string | null | undefined>;

const hour = 3_600_000;
const accessToken = `eyJ${'a'.repeat(600)}`;

/** Clients that are signed in with a token that is valid for an hour. */
const clients: Readonly<Record<string, () => Promise<GetToken>>> = {
  'Partner Auth': async () => {
    const { memoryStore, openSession } = await import('../../../core/index.ts');
    const baseUrl = 'http://127.0.0.1:9';
    const store = memoryStore();
    await store.write({
      version: 1,
      sessionId: 'bench',
      generation: 1,
      partner: 'bizmail',
      origin: baseUrl,
      tokens: { accessToken, refreshToken: 'r', issuedAt: Date.now(), accessExpiresAt: Date.now() + hour },
    });
    const session = await openSession({ partner: 'bizmail', baseUrl, store });
    return () => session.accessToken();
  },
  // The least that a client does which trusts neither a clock that may be set back nor one that stops while the machine sleeps.
  'an async function that reads both clocks': () => {
    const start = Date.now() - performance.now();
    const until = Date.now() + hour;
    return Promise.resolve(async () =>
      Math.max(Date.now(), start + performance.now()) < until ? accessToken : undefined,
    );
  },
  'google-auth-library': async () => {
    const { OAuth2Client } = await import('google-auth-library');
    const client = new OAuth2Client({ clientId: 'id', clientSecret: 'secret' });
    client.setCredentials({ access_token: accessToken, refresh_token: 'r', expiry_date: Date.now() + hour });
    return async () => (await client.getAccessToken()).token;
  },
  '@azure/core-rest-pipeline (token cycler)': async () => {
    // The package does not export it, but every pipeline of the Azure SDKs gets its token from it.
    const file = new URL('./util/tokenCycler.js', import.meta.resolve('@azure/core-rest-pipeline'));
    const { createTokenCycler } = (await import(file.href)) as {
      createTokenCycler: (credential: object) => (scopes: string, options: object) => Promise<AccessToken>;
    };
    const token = { token: accessToken, expiresOnTimestamp: Date.now() + hour };
    const getToken = createTokenCycler({ getToken: () => Promise.resolve(token) });
    const options = {};
    return async () => (await getToken('scope', options)).token;
  },
  'simple-oauth2': async () => {
    const { AuthorizationCode } = (await import('simple-oauth2')).default;
    const client = new AuthorizationCode({
      client: { id: 'id', secret: 'secret' },
      auth: { tokenHost: 'http://127.0.0.1:9' },
    });
    let token = client.createToken({ access_token: accessToken, refresh_token: 'r', expires_in: 3600 });
    // As in its README.
    return async () => {
      if (token.expired(300)) token = await token.refresh();
      return token.token.access_token;
    };
  },
  '@badgateway/oauth2-client': async () => {
    const { OAuth2Client, OAuth2Fetch } = await import('@badgateway/oauth2-client');
    const stored = { accessToken, refreshToken: 'r', expiresAt: Date.now() + hour };
    const wrapper = new OAuth2Fetch({
      client: new OAuth2Client({ server: 'http://127.0.0.1:9', clientId: 'id' }),
      getNewToken: () => null,
      getStoredToken: () => stored,
      scheduleRefresh: false,
    });
    return () => wrapper.getAccessToken();
  },
};

export const ownName = 'Partner Auth';
export const tokenNames = Object.keys(clients);

async function run(name: string, { slices, calls }: TokenOptions): Promise<Metrics> {
  const open = (client: string): Promise<GetToken> => (clients[client] as () => Promise<GetToken>)();
  const [getToken, own] = [await open(name), await open(ownName)];
  if ((await getToken()) !== accessToken) throw new Error(`${name} returned another token.`);
  const { ns, speed } = await measureInTurns(own, getToken, slices);
  const before = heap();
  for (let call = 0; call < calls; call++) await getToken();
  return { ns, speed, growth: Math.max(0, heap() - before) / calls };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

export const candidates: Candidates = Object.fromEntries(
  tokenNames.map((name) => [name, (options: TokenOptions) => run(name, options)]),
);
