/** The library @node-oauth/oauth2-server behind `POST /token`, with a protected resource. */
import OAuth2Server from '@node-oauth/oauth2-server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, readSettings } from './settings.ts';
import { StateFile } from './state-file.ts';

type Token = OAuth2Server.Token;

const settings = readSettings();
/** By access token, and by refresh token. */
const state = new StateFile<Token>(settings.file);
const keyOf = (kind: 'access' | 'refresh', token: string): string => `${kind}:${token}`;

function read(kind: 'access' | 'refresh', value: string): Promise<Token | undefined> {
  const token = state.entries.get(keyOf(kind, value));
  if (token === undefined) return Promise.resolve(undefined);
  const { accessTokenExpiresAt = 0, refreshTokenExpiresAt = 0 } = token;
  const dates = {
    accessTokenExpiresAt: new Date(accessTokenExpiresAt),
    refreshTokenExpiresAt: new Date(refreshTokenExpiresAt),
  };
  return Promise.resolve({ ...token, ...dates });
}

const model: OAuth2Server.PasswordModel & OAuth2Server.RefreshTokenModel & OAuth2Server.ClientCredentialsModel = {
  getClient: (id: string, secret: string | null) =>
    Promise.resolve(
      id === settings.clientId && (secret === settings.clientSecret || secret === null)
        ? { id, grants: ['password', 'client_credentials', 'refresh_token'] }
        : undefined,
    ),
  getUser: (username, password) =>
    Promise.resolve(username === settings.username && password === settings.password ? { username } : undefined),
  getUserFromClient: ({ id }) => Promise.resolve({ username: id }),
  saveToken(token, client, user) {
    const saved = { ...token, client, user };
    state.entries.set(keyOf('access', token.accessToken), saved);
    if (token.refreshToken !== undefined) state.entries.set(keyOf('refresh', token.refreshToken), saved);
    state.save();
    return Promise.resolve(saved);
  },
  getAccessToken: (value) => read('access', value),
  getRefreshToken: (value) => read('refresh', value) as Promise<OAuth2Server.RefreshToken | undefined>,
  revokeToken({ refreshToken }) {
    const wasKnown = state.entries.delete(keyOf('refresh', refreshToken));
    state.save();
    return Promise.resolve(wasKnown);
  },
};

const oauth = new OAuth2Server({
  model,
  accessTokenLifetime: settings.accessLifetime,
  alwaysIssueNewRefreshToken: settings.rotates,
});

await listen(() => (request, response) => void serve(request, response));

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { pathname } = new URL(incoming.url ?? '', 'http://localhost');
  const body = Object.fromEntries(new URLSearchParams(await text(incoming)));
  const { headers, method = '' } = incoming;
  const request = new OAuth2Server.Request({ headers: headers as Record<string, string>, method, query: {}, body });
  const response = new OAuth2Server.Response();
  try {
    if (pathname === '/token') await oauth.token(request, response);
    else {
      await oauth.authenticate(request, response);
      response.body = [];
    }
  } catch (error) {
    const { name, code, message } = error as OAuth2Server.OAuthError;
    response.status = code;
    response.body = { error: name, error_description: message };
  }
  outgoing.writeHead(response.status ?? 500, { ...response.headers, 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(response.body));
}
