import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gotTransport, type TransportOptions } from '../../../core/transport/got-transport.ts';
import type { Exchange, HttpResponse, HttpRequest, SendOptions, Transport } from '../../../core/transport/http.ts';

export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** The requests that were received completely, oldest first. */
  readonly received: readonly Received[];
  /** The open connections. */
  readonly sockets: ReadonlySet<Socket>;
  /** The number of connections so far. */
  readonly connections: () => number;
}

type Handler = (request: Received, response: ServerResponse, number: number) => void;

/** Starts a real server on a free port; `number` counts the requests from 1. */
export async function startServer(
  handler: Handler,
  tls?: ServerOptions & { readonly key: string; readonly cert: string },
): Promise<TestServer> {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const { method, url, headers } = request;
      const entry = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      received.push(entry);
      handler(entry, response, received.length);
    })().catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createHttpsServer(tls, listener);
  // Idle connections stay open, so that only the client can close them.
  server.keepAliveTimeout = 0;
  return { ...(await open(server, tls === undefined ? 'http' : 'https')), received };
}

/** Starts a plain TCP server. */
export async function startTcpServer(onConnection: (socket: Socket) => void, protocol = 'http'): Promise<TestServer> {
  return { ...(await open(createTcpServer(onConnection), protocol)), received: [] };
}

async function open(server: Server, protocol: string): Promise<Omit<TestServer, 'received'>> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    // Clients of these servers may close connections at any time.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The URL of a port on which nothing listens. */
export async function closedPortUrl(): Promise<string> {
  await using server = await startTcpServer(() => undefined);
  return server.url;
}

export const secrets = {
  body: '{"refresh_token":"body-secret-refresh-token"}',
  authorization: 'Bearer header-secret-access-token',
  'partner-code': 'partner-code-secret',
} as const;

export interface TestClient extends Disposable {
  readonly transport: Transport;
  /** Sends a POST with secrets in headers and body. */
  readonly post: (url: string, options?: Partial<SendOptions>, request?: Partial<HttpRequest>) => Promise<Exchange>;
}

export function createClient(options: Partial<TransportOptions> = {}): TestClient {
  const transport = gotTransport({ globalAgent: false, now: Date.now, ...options });
  const { body, ...headers } = secrets;
  return {
    transport,
    post: (url, sendOptions = {}, request = {}) =>
      transport.send(
        { method: 'POST', url: `${url}/auth/refresh`, headers, body, ...request },
        { timeout: 10_000, ...sendOptions },
      ),
    [Symbol.dispose]: () => transport.close(),
  };
}

/** The response with its body as text; throws if there is none. */
export function expectResponse(exchange: Exchange): Omit<HttpResponse, 'body'> & { readonly body: string } {
  if (exchange.kind === 'failure') throw exchange.error;
  const { body, ...response } = exchange.response;
  return { ...response, body: body.toString() };
}

export function expectFailure(exchange: Exchange): Extract<Exchange, { kind: 'failure' }> {
  if (exchange.kind === 'failure') return exchange;
  throw new Error(`Expected a failure, but got HTTP ${exchange.response.status}.`);
}
