import type * as httpModule from 'node:http';
import type { Agent as HttpAgent, ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http';
import type * as httpsModule from 'node:https';
import type { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { addressOf } from '../lib/addresses.ts';
import { isPartnerAuthError } from '../lib/errors.ts';
import { ConnectError, type TransportFailure } from './failure.ts';
import type { Proxy } from './proxy.ts';
import { connectError, failureOf, refusal, timeoutError } from './proxy-failures.ts';

/** For the connection to the proxy, and the one from there to the partner together, in ms. */
const tunnelTimeout = 10_000;

interface Modules {
  readonly http: typeof httpModule;
  readonly https: typeof httpsModule;
}

/** What a request waits for. */
interface Wait {
  /** Fires when the request is destroyed. */
  readonly destroyed: AbortSignal;
  /** The proxy that has not opened its tunnel yet. */
  proxy?: Proxy;
}

const waitKey = Symbol('wait');
const waits = new WeakMap<ClientRequest, Wait>();

interface TunnelOptions extends ClientRequestArgs {
  readonly [waitKey]?: Wait;
}

type ConnectCallback = NonNullable<Parameters<HttpAgent['createConnection']>[1]>;

/** The proxy for a connection, if there is one. May throw what is wrong with it. */
export type ChooseProxy = (hostname: string, port: number, secure: boolean) => Proxy | undefined;

/**
 * Makes two agents open their connections through a proxy. All of them are tunnels (CONNECT), those of plain HTTP too, so
 * that what the proxy responds cannot be taken for a response of the partner.
 *
 * @param secureContext for TLS with the proxy itself, without the client certificate.
 * @returns a function that closes the tunnels that are being opened.
 */
export function useProxy(
  modules: Modules,
  agents: readonly [http: HttpAgent, https: HttpsAgent],
  choose: ChooseProxy,
  secureContext: SecureContext | undefined,
): () => void {
  const opening = new Set<ClientRequest>();
  for (const agent of agents) {
    const secure = agent === agents[1];
    const connect: HttpAgent['createConnection'] = agent.createConnection.bind(agent);
    agent.createConnection = (options: ClientRequestArgs, callback?: ConnectCallback) => {
      const fail = (error: Error): void => callback?.(error, undefined as never);
      const [hostname, port] = [options.host ?? '', Number(options.port)];
      let proxy: Proxy | undefined;
      try {
        proxy = choose(hostname, port, secure);
      } catch (error) {
        if (!isPartnerAuthError(error)) throw error;
        fail(connectError(error));
        return;
      }
      if (proxy === undefined) return connect(options, callback);
      const { [waitKey]: wait } = options as TunnelOptions;
      const signal = wait?.destroyed;
      if (wait !== undefined) wait.proxy = proxy;
      const request = openTunnel(modules, proxy, `${bracketed(hostname)}:${port}`, secureContext, (outcome) => {
        const result = signal?.aborted === true ? (signal.reason as Error) : outcome;
        opening.delete(request);
        if (signal?.aborted !== true) delete wait?.proxy;
        if (result instanceof Error) fail(result);
        else
          callback?.(null, secure ? (connect({ ...options, socket: result } as ClientRequestArgs) ?? result) : result);
      });
      opening.add(request);
      signal?.addEventListener('abort', () => request.destroy(signal.reason as Error), { once: true });
      return undefined;
    };
  }
  return () => {
    for (const request of opening) request.destroy();
  };
}

function openTunnel(
  { http, https }: Modules,
  proxy: Proxy,
  authority: string,
  secureContext: SecureContext | undefined,
  done: (result: Socket | ConnectError) => void,
): ClientRequest {
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const request = new http.ClientRequest({
    agent: proxy.secure ? new https.Agent({ ...(secureContext && { secureContext }) }) : new http.Agent(),
    protocol: proxy.secure ? 'https:' : 'http:',
    method: 'CONNECT',
    host,
    port: proxy.port,
    // Otherwise Node takes it from the header Host, which is that of the partner.
    ...(proxy.secure && { servername: addressOf(host) === undefined ? host : '' }),
    path: authority,
    setHost: false,
    headers: { host: authority, ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }) },
  });
  const timer = setTimeout(() => request.destroy(timeoutError(proxy)), tunnelTimeout);
  const finish = (result: Socket | ConnectError): void => {
    clearTimeout(timer);
    request.removeAllListeners();
    // A tunnel that is no longer needed is destroyed by its agent.
    request.on('error', () => undefined);
    done(result);
  };
  request.once('connect', ({ statusCode = 0, headers }, socket, head) => {
    if (statusCode >= 200 && statusCode < 300) {
      if (head.length > 0) socket.unshift(head);
      finish(socket);
      return;
    }
    socket.destroy();
    finish(connectError(refusal(proxy, authority, statusCode, headers['proxy-authenticate'])));
  });
  request.once('error', (error) => finish(error instanceof ConnectError ? error : failureOf(proxy, error)));
  request.end();
  return request;
}

export type ResponseCallback = (response: IncomingMessage) => void;

type StartRequest = (options: ClientRequestArgs, callback?: ResponseCallback) => ClientRequest;

/**
 * Starts requests by their constructor. A host program that replaces `http.request` for its own proxy would send them
 * elsewhere than to the agent.
 */
export function requestByConstructor({ ClientRequest }: typeof httpModule): StartRequest {
  return (options, callback) => new ClientRequest(options, callback);
}

/**
 * Starts requests that close the tunnel for them if they are destroyed while it is being opened. Node would report such a
 * request as destroyed only when it has a connection.
 */
export function requestThroughTunnel(start: StartRequest): StartRequest {
  return (options, callback) => {
    const controller = new AbortController();
    const wait: Wait = { destroyed: controller.signal };
    const request = start({ ...options, [waitKey]: wait } as ClientRequestArgs, callback);
    waits.set(request, wait);
    const destroy = request.destroy.bind(request);
    request.destroy = (error) => {
      destroy(error);
      controller.abort(error ?? new Error('The request was destroyed.'));
      return request;
    };
    return request;
  };
}

/** Why a request has timed out: the failure of the proxy if it waited for the tunnel. */
export function timeoutOfTunnel(request: ClientRequest | undefined): TransportFailure | undefined {
  const proxy = request && waits.get(request)?.proxy;
  return proxy && timeoutError(proxy).failure;
}

function bracketed(hostname: string): string {
  return hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
}
