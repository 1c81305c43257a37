import type { ClientRequest, IncomingMessage } from 'node:http';
import type * as httpsModule from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { plainLine } from '../lib/plain-line.ts';
import type { ConnectError, TransportFailure } from './failure.ts';
import { connectError, failureOf, refusal, timeoutError, type NamedProxy } from './proxy-failures.ts';

/** What is known of a request with TLS that an agent of the host program sends, through a proxy or not. */
interface Watched {
  readonly authority: string;
  /** The host program has replaced the agent of Node. */
  readonly isReplaced: boolean;
  proxy: NamedProxy;
  failure?: ConnectError;
  socket?: Duplex;
  response?: IncomingMessage;
}

interface TunnelError extends NodeJS.ErrnoException {
  /** Of the response of the proxy. */
  readonly statusCode?: number;
}

const watched = new WeakMap<ClientRequest, Watched>();

const unknownProxy: NamedProxy = {
  label: 'of the host program',
  source: 'the proxy settings of the host program (`http.proxy` in VS Code)',
  credentialsIn: 'host',
  authorization: undefined,
};

/**
 * Watches a request with TLS that an agent of the host program sends. If the proxy that it has chosen refuses to connect, such
 * agents (VS Code's, and those of https-proxy-agent) pass the response of the proxy on as if it were that of the partner.
 */
export function watchHostProxy({ Agent }: typeof httpsModule, request: ClientRequest, url: URL): ClientRequest {
  const authority = `${url.hostname}:${url.port === '' ? 443 : url.port}`;
  const isReplaced = (request as { agent?: object }).agent?.constructor !== Agent;
  const state: Watched = { authority, isReplaced, proxy: unknownProxy };
  watched.set(request, state);
  // VS Code reports what it has chosen as pac-proxy-agent does.
  request.once('proxy', ({ proxy, error }: { readonly proxy?: unknown; readonly error?: unknown }) => {
    const chosen = readChoice(proxy);
    if (chosen === undefined) return;
    state.proxy = chosen;
    if (error !== undefined) state.failure = failureOf(chosen, error);
  });
  request.once('socket', (socket: Duplex) => (state.socket = socket));
  request.once('response', (response: IncomingMessage) => (state.response = response));
  // May be called again after the error that is emitted here.
  request.on('error', ({ code, statusCode }: TunnelError) => {
    // Node's own agent, if it reads the environment (`NODE_USE_ENV_PROXY`).
    if (code !== 'ERR_PROXY_TUNNEL') return;
    const { proxy } = state;
    state.failure =
      statusCode === undefined
        ? failureOf(proxy, undefined)
        : connectError(refusal(proxy, authority, statusCode, undefined));
  });
  const destroy = request.destroy.bind(request);
  request.destroy = (error) => {
    const isFirst = !request.destroyed;
    destroy(error);
    // Node would report it only when the agent has a connection, and a proxy may never open one.
    if (isFirst && error !== undefined && state.socket === undefined)
      process.nextTick(() => request.emit('error', error));
    return request;
  };
  return request;
}

/** Why the proxy of the host program has not connected to the partner; undefined if it has, or there is none. */
export function failureOfHostProxy(request: ClientRequest | undefined): TransportFailure | undefined {
  const state = request && watched.get(request);
  if (state === undefined) return undefined;
  const { authority, proxy, failure, socket, response } = state;
  if (failure !== undefined) return failure.failure;
  // The partner's responses to requests with TLS are received with TLS.
  if (socket === undefined || (socket as Partial<TLSSocket>).encrypted === true) return undefined;
  const { statusCode = 502, headers } = response ?? {};
  return connectError(refusal(proxy, authority, statusCode, headers?.['proxy-authenticate'])).failure;
}

/** The failure of a request that has timed out while it waited for an agent of the host program. */
export function timeoutOfHostProxy(request: ClientRequest | undefined): TransportFailure | undefined {
  const state = request && watched.get(request);
  return state?.isReplaced === true && state.socket === undefined ? timeoutError(state.proxy).failure : undefined;
}

/** Reads a choice such as `PROXY proxy.example:3128`, without its user and password; undefined for `DIRECT`. */
function readChoice(choice: unknown): NamedProxy | undefined {
  const [, user, label] = /^(?!DIRECT)\S+\s+(\S*@)?(\S+)$/.exec(String(choice)) ?? [];
  if (label === undefined) return undefined;
  return { ...unknownProxy, label: plainLine(label, 80), authorization: user };
}
