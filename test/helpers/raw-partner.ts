import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { openSession, type PartnerSession, type SessionOptions } from '../../core/index.ts';
import { plainCredentials, plainPartner } from './with-partner.ts';

/** A request as the server received it. */
export interface ReceivedCall {
  readonly call: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The connection on which it arrived, counted from 1. */
  readonly connection: number;
}

export interface RawPartner {
  readonly session: PartnerSession;
  readonly server: Server;
  readonly url: string;
  /** Oldest first. */
  readonly received: readonly ReceivedCall[];
  /** `received` without headers and body, such as `POST /orders`. */
  calls(): readonly string[];
  connections(): number;
  /** Responds to a call in place of the partner: `call` such as `POST /orders`. */
  on(call: string, respond: Respond): void;
}

/** `number` counts the calls of that method and path from 1. Returns false to let the partner respond. */
export type Respond = (response: ServerResponse, number: number, request: IncomingMessage) => unknown;

/**
 * Runs a test with a session at a real HTTP server that issues numbered tokens and responds `{}` to any other call, so
 * that a test can interfere with its connections. The session is signed in unless `signedIn` is false.
 */
export async function withRawPartner(
  options: Partial<SessionOptions> & { readonly signedIn?: boolean; readonly through?: (port: number) => number },
  test: (partner: RawPartner) => Promise<void>,
): Promise<void> {
  const { signedIn = true, through, ...overrides } = options;
  const received: ReceivedCall[] = [];
  const handlers = new Map<string, Respond>();
  const connectionNumbers = new WeakMap<object, number>();
  let connections = 0;
  let issued = 0;
  const server = createServer((request, response) => {
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, socket } = request;
      const connection = connectionNumbers.get(socket) ?? 0;
      received.push({ call, headers, body: Buffer.concat(chunks), connection });
      const number = received.filter((other) => other.call === call).length;
      const respond = handlers.get(call);
      if (respond !== undefined && respond(response, number, request) !== false) return;
      response.setHeader('content-type', 'application/json');
      if (call.endsWith('/login') || call.endsWith('/refresh'))
        response.end(JSON.stringify({ access: `access-${++issued}`, refresh: `refresh-${issued}`, expires: 3600 }));
      else response.end('{}');
    });
  });
  // Only a test closes idle connections, and there is no hint of when.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => {
    connectionNumbers.set(socket, ++connections);
    socket.on('error', () => undefined);
  });
  const port = await listen(server);
  const url = `http://127.0.0.1:${through?.(port) ?? port}`;
  try {
    await using session = await openSession({ partner: plainPartner, baseUrl: url, ...overrides });
    if (signedIn) await session.login(plainCredentials);
    await test({
      session,
      server,
      url,
      received,
      calls: () => received.map(({ call }) => call),
      connections: () => connections,
      on: (call, respond) => void handlers.set(call, respond),
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy between client and server that can forget its connections, as a firewall does: it drops what they send. */
export interface ForgetfulProxy extends AsyncDisposable {
  readonly port: number;
  /** Sets the port of the server behind it. */
  forwardTo(port: number): void;
  /** Drops packets of the current connections silently. New ones work. */
  forget(): void;
  connections(): number;
}

export async function startForgetfulProxy(): Promise<ForgetfulProxy> {
  const sockets = new Set<Socket>();
  const links = new Set<{ forgotten: boolean }>();
  let target = 0;
  let connections = 0;
  const server = createTcpServer((client) => {
    connections++;
    const link = { forgotten: false };
    const upstream = connect(target, '127.0.0.1');
    links.add(link);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('data', (data) => {
        if (!link.forgotten) to.write(data);
      });
      from.on('end', () => {
        if (!link.forgotten) to.end();
      });
    }
  });
  const port = await listen(server);
  return {
    port,
    forwardTo: (next) => (target = next),
    forget() {
      for (const link of links) link.forgotten = true;
    },
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
