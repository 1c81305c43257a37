import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server received it. */
export interface OAuthRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

export interface OAuthServer extends AsyncDisposable {
  readonly url: string;
  /** Oldest first. */
  readonly received: readonly OAuthRequest[];
  /** All tokens so far. */
  readonly tokens: ReadonlySet<string>;
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
}

export interface OAuthServerOptions {
  readonly tokenPath: string;
  /** Default: none. */
  readonly revocationPath?: string;
  readonly client: { readonly id: string; readonly secret: string; readonly send: 'basic' | 'body' };
  readonly account: { readonly username: string; readonly password: string };
}

/**
 * A token server as RFC 6749 and RFC 7009 describe it, written for tests and sharing no code with the client: form bodies only, a
 * client with a secret, rotating refresh tokens whose reuse revokes the session, and one resource, `/orders`.
 */
export async function startOAuthServer(options: OAuthServerOptions): Promise<OAuthServer> {
  const { tokenPath, revocationPath, client, account } = options;
  const received: OAuthRequest[] = [];
  const tokens = new Set<string>();
  let access: string | undefined;
  let refresh: string | undefined;
  let issued = 0;

  const issue = (withRefreshToken: boolean): object => {
    issued++;
    access = `access-token-${issued}-${crypto.randomUUID()}`;
    refresh = withRefreshToken ? `refresh-token-${issued}-${crypto.randomUUID()}` : undefined;
    for (const token of [access, refresh]) if (token !== undefined) tokens.add(token);
    return {
      access_token: access,
      token_type: 'Bearer',
      expires_in: 3600,
      ...(withRefreshToken && { refresh_token: refresh }),
    };
  };
  const isClient = ({ authorization, form }: OAuthRequest): boolean => {
    if (client.send === 'body')
      return authorization === undefined && form.client_id === client.id && form.client_secret === client.secret;
    const [, encoded = ''] = /^Basic ([\w+/]+=*)$/.exec(authorization ?? '') ?? [];
    const [id, secret, ...rest] = Buffer.from(encoded, 'base64').toString().split(':').map(formDecode);
    const isKnown = id === client.id && secret === client.secret && rest.length === 0;
    return isKnown && form.client_id === undefined && form.client_secret === undefined;
  };
  const grant = ({ form }: OAuthRequest): readonly [number, object] => {
    switch (form.grant_type) {
      case 'password':
        if (form.username !== account.username || form.password !== account.password) break;
        return [200, issue(true)];
      case 'client_credentials':
        return [200, issue(false)];
      case 'refresh_token':
        if (refresh !== undefined && form.refresh_token === refresh) return [200, issue(true)];
        access = refresh = undefined;
        break;
      default:
        return [400, { error: form.grant_type === undefined ? 'invalid_request' : 'unsupported_grant_type' }];
    }
    return [400, { error: 'invalid_grant', error_description: 'Not accepted.' }];
  };
  const respond = (request: IncomingMessage, call: OAuthRequest): readonly [number, object?] => {
    if (call.path === '/orders')
      return access !== undefined && call.authorization === `Bearer ${access}` ? [200, { orders: [] }] : [401];
    if (request.method !== 'POST' || (call.path !== tokenPath && call.path !== revocationPath)) return [404];
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true)
      return [400, { error: 'invalid_request', error_description: 'The body must be a form.' }];
    if (!isClient(call)) return [401, { error: 'invalid_client' }];
    if (call.path === tokenPath) return grant(call);
    if (call.form.token === access || call.form.token === refresh) access = refresh = undefined;
    return [200];
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const call = { path: request.url ?? '', authorization: request.headers.authorization, form };
      received.push(call);
      const [status, body] = respond(request, call);
      response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    tokens,
    get accessToken() {
      return access;
    },
    get refreshToken() {
      return refresh;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const formDecode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
