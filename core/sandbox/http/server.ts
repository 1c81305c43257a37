import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { readBody } from './body.ts';
import { deliver } from './delivery.ts';
import type { SandboxResponse, PartnerServer, ReceivedRequest, Route, SandboxCall } from './exchange.ts';
import { faultName, isProcessed, type FaultQueue, type SandboxFault } from './faults.ts';
import type { Exchange } from './journal.ts';
import { Timers } from './timers.ts';

export interface HttpParts {
  /** Asked in order; the first with a matching route answers, else the first with a matching prefix. */
  readonly partners: readonly PartnerServer[];
  readonly faults: FaultQueue;
  readonly record: (exchange: Exchange) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds to hold an answer back. */
  readonly delay: () => number;
  /** Present for https. */
  readonly tls: SecureContextOptions | undefined;
}

export interface HttpServer {
  readonly port: number;
  /** Connections made from now on see the new certificate; idle ones are closed. */
  useCertificate(tls: SecureContextOptions): void;
  /** Ends every connection and timer at once. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 lets the system choose. */
export async function listen(parts: HttpParts, port: number): Promise<HttpServer> {
  const timers = new Timers();
  const handle = (request: IncomingMessage, outgoing: ServerResponse): void =>
    void serve(parts, timers, request, outgoing).catch(() => outgoing.destroy());
  const tlsServer = parts.tls === undefined ? undefined : createTlsServer(parts.tls, handle);
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
      tlsServer?.setSecureContext(tls);
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        timers.end();
        server.close(() => resolve());
        // The server itself forgets connections whose TLS handshake is not over.
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function serve(parts: HttpParts, timers: Timers, raw: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // A client that goes away is no event for the sandbox.
  outgoing.on('error', () => undefined);
  const body = await readBody(raw);
  if (body === undefined) return;
  const request = received(raw, body === 'tooLarge' ? Buffer.alloc(0) : body);
  const { partner, route } = await find(parts.partners, request);
  const call: SandboxCall = route?.call ?? 'other';
  const fault = parts.faults.take(partner?.id, call);
  const response = body === 'tooLarge' ? fail(partner, 413, 'tooLarge') : await decide(partner, route, request, fault);
  parts.record({
    request,
    partner: partner?.id,
    call,
    response,
    fault: fault === undefined ? undefined : faultName(fault),
  });
  if (body === 'tooLarge') cutOff(raw, outgoing, timers);
  // A rewrite that throws, or gives what JSON can not hold, loses the answer and no more.
  const send = (): void => void deliver(outgoing, response, fault, parts.now(), timers).catch(() => outgoing.destroy());
  const delay = parts.delay();
  if (delay > 0) timers.after(delay, send);
  else send();
}

async function decide(
  partner: PartnerServer | undefined,
  route: Route | undefined,
  request: ReceivedRequest,
  fault: SandboxFault | undefined,
): Promise<SandboxResponse> {
  if (fault !== undefined && !isProcessed(fault)) return fail(partner, faultStatus(fault), 'fault');
  const response = await respond(partner, route, request);
  if (typeof fault !== 'object' || 'rewrite' in fault) return response;
  // The fault replaces what was decided, but the journal keeps the decision's outcome.
  return { ...fail(partner, faultStatus(fault), response.outcome), payload: response.payload };
}

async function respond(
  partner: PartnerServer | undefined,
  route: Route | undefined,
  request: ReceivedRequest,
): Promise<SandboxResponse> {
  if (route === undefined) return fail(partner, 404, 'notFound');
  try {
    return await route.handle(request);
  } catch {
    return fail(partner, 500, 'crashed');
  }
}

function faultStatus(fault: SandboxFault): number {
  if (typeof fault === 'string') return 0;
  if ('redirect' in fault) return fault.status ?? 302;
  return 'status' in fault ? fault.status : 200;
}

function fail(
  partner: PartnerServer | undefined,
  status: number,
  outcome: SandboxResponse['outcome'],
): SandboxResponse {
  return partner?.failure(status, outcome) ?? { status, outcome, text: 'Sandbox: no partner here' };
}

async function find(
  partners: readonly PartnerServer[],
  request: ReceivedRequest,
): Promise<{ readonly partner: PartnerServer | undefined; readonly route: Route | undefined }> {
  const { method, path } = request;
  const owner = partners.find(({ routes }) => routes.some((one) => one.path === path));
  if (owner === undefined) {
    const partner = partners.find(({ prefix }) => prefix !== undefined && path.startsWith(prefix));
    return { partner, route: undefined };
  }
  const routes = owner.routes.filter((one) => one.method === method && one.path === path);
  return { partner: owner, route: await choose(routes, request) };
}

/** The first of several routes that accepts the request, else the last. */
async function choose(routes: readonly Route[], request: ReceivedRequest): Promise<Route | undefined> {
  const last = routes.at(-1);
  for (const route of routes) {
    if (route === last || (await route.accepts?.(request)) === true) return route;
  }
  return undefined;
}

function received(raw: IncomingMessage, body: Buffer): ReceivedRequest {
  // Taken apart by hand: a target such as `//` or a whole URL is no reason to throw.
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

// The rest of the body is read and thrown away for a moment, else a client still sending would see a reset in place of the 413.
function cutOff(raw: IncomingMessage, outgoing: ServerResponse, timers: Timers): void {
  outgoing.shouldKeepAlive = false;
  raw.resume();
  timers.after(1000, () => raw.destroy());
}
