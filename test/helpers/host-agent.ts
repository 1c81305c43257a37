import { request as connectRequest, type ClientRequest, type RequestOptions } from 'node:http';
import https, { Agent } from 'node:https';
import { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';

type CreateSocket = (error: Error | null, socket?: Duplex) => void;

/**
 * An agent as host programs such as VS Code set one for all requests: it chooses a proxy, reports which by the event `proxy`
 * of the request, and passes what a proxy that refuses to connect has sent on as if it were the response to the request.
 */
class HostAgent extends Agent {
  readonly #proxy: URL;
  readonly #isSilent: boolean;

  constructor(proxy: string, isSilent: boolean) {
    super();
    this.#proxy = new URL(proxy);
    this.#isSilent = isSilent;
  }

  // The part of Node's agents that all others replace.
  addRequest(request: ClientRequest & { onSocket(socket: Duplex): void }, options: RequestOptions): void {
    this.#open(options, (error, socket) => {
      if (request.destroyed) {
        socket?.destroy();
        return;
      }
      const { username, password, host } = this.#proxy;
      const proxy = `PROXY ${username === '' ? '' : `${username}:${password}@`}${host}`;
      if (!this.#isSilent) request.emit('proxy', { proxy, ...(error === null ? { socket } : { error }) });
      if (socket === undefined) request.emit('error', new Error('Failed to establish a socket connection to proxies'));
      else request.onSocket(socket);
    });
  }

  #open(options: RequestOptions, done: CreateSocket): void {
    const { hostname: host, port } = this.#proxy;
    const path = `${options.host ?? ''}:${options.port ?? 443}`;
    const request = connectRequest({ host, port, method: 'CONNECT', path, agent: false });
    request.once('connect', ({ statusCode = 0, rawHeaders }, socket, head) => {
      if (statusCode === 200) {
        done(null, connect({ ...(options as ConnectionOptions), socket }));
        return;
      }
      socket.destroy();
      const headers = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
      done(null, replay(`HTTP/1.1 ${statusCode} Status\r\n${headers}\r\n${head.toString('latin1')}`));
    });
    request.once('error', (error) => done(error));
    request.end();
  }
}

/** A connection that ignores what is written, and from which `text` is read. */
function replay(text: string): Duplex {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  setImmediate(() => {
    socket.push(text);
    socket.push(null);
  });
  return Object.assign(socket, { setTimeout: () => socket, setKeepAlive: () => socket, setNoDelay: () => socket });
}

/** Runs `test` while a host program sends requests through a proxy. `isSilent`: it does not report which. */
export async function withHostAgent<T>(proxy: string, test: () => Promise<T>, isSilent = false): Promise<T> {
  const before = https.globalAgent;
  https.globalAgent = new HostAgent(proxy, isSilent);
  try {
    return await test();
  } finally {
    https.globalAgent = before;
  }
}
