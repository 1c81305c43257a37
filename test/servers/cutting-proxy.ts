import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call as the proxy received it. */
export interface ProxiedCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * What becomes of a call: it is forwarded and its response returned, or the connection of the client is cut before it is
 * forwarded, or after the response has arrived.
 */
export type Fate = 'forward' | 'cutBefore' | 'cutAfter';

/** A proxy between sessions and a server that cuts connections. */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** Oldest first. */
  readonly calls: readonly ProxiedCall[];
  /** The port of the server behind it. */
  target: number;
  /** Decides about each call. Default: all are forwarded. */
  decide: (call: ProxiedCall) => Fate | Promise<Fate>;
  /** Called when the response to a call has arrived from the server, before it is returned or cut. */
  onResponse: (call: ProxiedCall, fate: Fate) => void | Promise<void>;
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const calls: ProxiedCall[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    void pass().catch(() => incoming.socket.destroy());

    async function pass(): Promise<void> {
      const body = await buffer(incoming);
      const { method = '', url: path = '', headers } = incoming;
      const call: ProxiedCall = { method, path, headers, body: String(body) };
      calls.push(call);
      const fate = await proxy.decide(call);
      if (fate === 'cutBefore') return void incoming.socket.destroy();
      const { response, content } = await forward(incoming, body);
      await proxy.onResponse(call, fate);
      if (fate === 'cutAfter') return void incoming.socket.destroy();
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders.filter(isNotHopByHop));
      outgoing.end(content);
    }
  });

  server.on('connection', (socket) => socket.on('error', () => undefined));

  async function forward(incoming: IncomingMessage, body: Buffer) {
    const { method, url: path, headers } = incoming;
    const sent = httpRequest({ host: '127.0.0.1', port: proxy.target, method, path, headers, agent });
    const arrived = Promise.withResolvers<IncomingMessage>();
    sent.once('response', arrived.resolve).once('error', arrived.reject).end(body);
    const response = await arrived.promise;
    return { response, content: await buffer(response) };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    target,
    decide: () => 'forward',
    onResponse: () => undefined,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** Of a list of names and values. Node sets these itself. */
function isNotHopByHop(_: string, index: number, list: readonly string[]): boolean {
  const name = list[index - (index % 2)]?.toLowerCase() ?? '';
  return !['transfer-encoding', 'connection', 'keep-alive', 'content-length'].includes(name);
}
