/** oidc-provider with the password grant, which it does not have, and a protected resource. */
import { errors, Provider, type Adapter, type Context } from 'oidc-provider';
import { bearerOf, listen, readSettings } from './settings.ts';
import { StateFile } from './state-file.ts';

type Payload = Record<string, unknown> & { readonly grantId?: string; readonly uid?: string };

const settings = readSettings();
const state = new StateFile<Payload>(settings.file);

/** Its own adapter in memory would forget all tokens when it is killed. */
function adapter(model: string): Adapter {
  const find = (matches: (payload: Payload) => boolean): Promise<Payload | undefined> =>
    Promise.resolve([...state.entries].find(([key, payload]) => key.startsWith(`${model}:`) && matches(payload))?.[1]);
  const change = (work: () => void): Promise<void> => {
    work();
    state.save();
    return Promise.resolve();
  };
  return {
    upsert: (id, payload) => change(() => state.entries.set(`${model}:${id}`, payload as Payload)),
    find: (id) => Promise.resolve(state.entries.get(`${model}:${id}`)),
    findByUid: (uid) => find((payload) => payload.uid === uid),
    findByUserCode: () => Promise.resolve(undefined),
    destroy: (id) => change(() => state.entries.delete(`${model}:${id}`)),
    consume: (id) =>
      change(() => {
        const payload = state.entries.get(`${model}:${id}`);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      }),
    revokeByGrantId: (grantId) =>
      change(() => {
        for (const [key, payload] of state.entries) if (payload.grantId === grantId) state.entries.delete(key);
      }),
  };
}

const client = { client_secret: settings.clientSecret, redirect_uris: [], response_types: [] };
const grantTypes = ['password', 'client_credentials', 'refresh_token'];

await listen((port) => {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter,
    clients: [
      { ...client, client_id: settings.clientId, token_endpoint_auth_method: 'client_secret_basic' },
      { ...client, client_id: `${settings.clientId}-body`, token_endpoint_auth_method: 'client_secret_post' },
    ].map((entry) => ({ ...entry, grant_types: grantTypes })),
    features: { clientCredentials: { enabled: true }, revocation: { enabled: true } },
    findAccount: (_: Context, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: settings.rotates,
    routes: { token: '/oauth2/token', revocation: '/oauth2/revoke' },
    scopes: ['openid', 'offline_access', 'orders'],
    ttl: { AccessToken: settings.accessLifetime, ClientCredentials: settings.accessLifetime },
  });
  provider.registerGrantType('password', (context) => signIn(provider, context), ['username', 'password', 'scope']);
  const handle = provider.callback();
  return (request, response) => {
    if (request.url !== '/orders') {
      handle(request, response);
      return;
    }
    const token = bearerOf(request.headers.authorization);
    void Promise.all([provider.AccessToken.find(token), provider.ClientCredentials.find(token)]).then((found) => {
      const isValid = found.some((model) => model !== undefined);
      response.writeHead(isValid ? 200 : 401, { 'content-type': 'application/json' });
      response.end(isValid ? '[]' : '{"error":"invalid_token"}');
    });
  };
});

async function signIn(provider: Provider, context: Context): Promise<void> {
  const { client, params } = context.oidc;
  const { username, password } = params;
  if (username !== settings.username || password !== settings.password)
    throw new errors.InvalidGrant('invalid username or password');
  const scope = 'openid offline_access';
  const grant = new provider.Grant({ accountId: username, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const shared = { accountId: username, client, grantId: await grant.save(), gty: 'password', scope };
  const accessToken = new provider.AccessToken(shared);
  context.body = {
    access_token: await accessToken.save(),
    expires_in: accessToken.expiration,
    refresh_token: await new provider.RefreshToken(shared).save(),
    scope,
    token_type: 'Bearer',
  };
}
