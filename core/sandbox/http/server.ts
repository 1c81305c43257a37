import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { refusalOf } from './access.ts';
import { readBody } from './body.ts';
import { deliver } from './delivery.ts';
import type { PartnerServer, ReceivedRequest, Route, SandboxCall, SandboxResponse } from './exchange.ts';
import { faultName, isProcessed, type FaultQueue, type SandboxFault } from './faults.ts';
import type { Exchange } from './journal.ts';
import { Timers } from './timers.ts';

export interface HttpServerOptions {
  /** Tried in order: the first with a matching route, else the first with a matching prefix, handles a request. */
  readonly partners: readonly PartnerServer[];
  readonly faults: FaultQueue;
  readonly record: (exchange: Exchange) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds by which a response is delayed. */
  readonly delay: () => number;
  /** Undefined for http. */
  readonly tls: SecureContextOptions | undefined;
  /** PEM of the authority of the certificates that clients must have. Undefined if they need none. */
  readonly clientCa: string | undefined;
}

export interface HttpServer {
  readonly port: number;
  /** Applies to new connections. Idle ones are closed. */
  useCertificate(tls: SecureContextOptions): void;
  /** Closes every connection and cancels every timer at once. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. With port 0 the system chooses a free port. */
export async function listen(options: HttpServerOptions, port: number): Promise<HttpServer> {
  const timers = new Timers();
  const handle = (request: IncomingMessage, outgoing: ServerResponse): void =>
    void serve(options, timers, request, outgoing).catch(() => outgoing.destroy());
  const clientOptions = options.clientCa === undefined ? {} : { ca: options.clientCa, requestCert: true };
  const tlsServer =
    options.tls === undefined ? undefined : createTlsServer({ ...options.tls, ...clientOptions }, handle);
  const server: Server | TlsServer = tlsServer ?? createServer(handle);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    port: (server.address() as AddressInfo).port,
    useCertificate(tls) {
      tlsServer?.setSecureContext({ ...tls, ...clientOptions });
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        timers.cancelAll();
        server.close(() => resolve());
        // The server itself does not track connections whose TLS handshake is incomplete.
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function serve(
  options: HttpServerOptions,
  timers: Timers,
  raw: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  // A client that disconnects is not an error.
  outgoing.on('error', () => undefined);
  const refusal = refusalOf(raw.headers);
  if (refusal !== undefined) {
    const request = toReceivedRequest(raw, Buffer.alloc(0));
    options.record({ request, partner: undefined, call: 'other', response: refusal, fault: undefined });
    // A client that is still sending receives the response too.
    raw.resume();
    await deliver(outgoing, refusal, undefined, options.now(), timers);
    return;
  }
  const body = await readBody(raw);
  if (body === undefined) return;
  const request = toReceivedRequest(raw, body === 'tooLarge' ? Buffer.alloc(0) : body);
  const { partner, route } = await findRoute(options.partners, request);
  const call: SandboxCall = route?.call ?? 'other';
  const fault = options.faults.take(partner?.id, call);
  const response =
    body === 'tooLarge' ? failure(partner, 413, 'tooLarge') : await decide(partner, route, request, fault);
  options.record({
    request,
    partner: partner?.id,
    call,
    response,
    fault: fault === undefined ? undefined : faultName(fault),
  });
  if (body === 'tooLarge') discardBody(raw, outgoing, timers);
  // A rewrite that throws, or returns what JSON cannot represent, loses this response only.
  const send = (): void =>
    void deliver(outgoing, response, fault, options.now(), timers).catch(() => outgoing.destroy());
  const delay = options.delay();
  if (delay > 0) timers.after(delay, send);
  else send();
}

async function decide(
  partner: PartnerServer | undefined,
  route: Route | undefined,
  request: ReceivedRequest,
  fault: SandboxFault | undefined,
): Promise<SandboxResponse> {
  if (fault !== undefined && !isProcessed(fault)) return failure(partner, faultStatus(fault), 'fault');
  const response = await respond(partner, route, request);
  if (typeof fault !== 'object' || 'rewrite' in fault) return response;
  // The fault replaces the response, but the journal keeps the original outcome.
  return { ...failure(partner, faultStatus(fault), response.outcome), payload: response.payload };
}

async function respond(
  partner: PartnerServer | undefined,
  route: Route | undefined,
  request: ReceivedRequest,
): Promise<SandboxResponse> {
  if (route === undefined) return failure(partner, 404, 'notFound');
  try {
    return await route.handle(request);
  } catch {
    return failure(partner, 500, 'crashed');
  }
}

function faultStatus(fault: SandboxFault): number {
  if (typeof fault === 'string') return 0;
  if ('redirect' in fault) return fault.status ?? 302;
  return 'status' in fault ? fault.status : 200;
}

function failure(
  partner: PartnerServer | undefined,
  status: number,
  outcome: SandboxResponse['outcome'],
): SandboxResponse {
  return partner?.failure(status, outcome) ?? { status, outcome, text: 'Sandbox: no partner has this path' };
}

async function findRoute(
  partners: readonly PartnerServer[],
  request: ReceivedRequest,
): Promise<{ readonly partner: PartnerServer | undefined; readonly route: Route | undefined }> {
  const { method, path } = request;
  const owner = partners.find(({ routes }) => routes.some((route) => route.path === path));
  if (owner === undefined) {
    const partner = partners.find(({ prefix }) => prefix !== undefined && path.startsWith(prefix));
    return { partner, route: undefined };
  }
  const routes = owner.routes.filter((route) => route.method === method && route.path === path);
  return { partner: owner, route: await chooseRoute(routes, request) };
}

/** Returns the first of several routes that accepts the request, else the last. */
async function chooseRoute(routes: readonly Route[], request: ReceivedRequest): Promise<Route | undefined> {
  const last = routes.at(-1);
  for (const route of routes) {
    if (route === last || (await route.accepts?.(request)) === true) return route;
  }
  return undefined;
}

function toReceivedRequest(raw: IncomingMessage, body: Buffer): ReceivedRequest {
  // Not parsed with `URL`, which throws for a target such as `//`.
  const [path = '', ...query] = (raw.url ?? '').split('?');
  const headers = Object.entries(raw.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
  return {
    method: raw.method ?? '',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: Object.freeze(Object.fromEntries(headers) as Record<string, string>),
    body,
  };
}

// Reads and discards the rest of the body for a second, so that a client still sending receives the 413 instead of a reset.
function discardBody(raw: IncomingMessage, outgoing: ServerResponse, timers: Timers): void {
  outgoing.shouldKeepAlive = false;
  raw.resume();
  timers.after(1000, () => raw.destroy());
}
