import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer, type ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface ConnectRequest {
  /** What the client asked to be connected to, as `host:port`. */
  readonly target: string;
  readonly authorization: string | undefined;
}

export interface TestProxy extends AsyncDisposable {
  /** With the credentials, if it requires some. */
  readonly url: string;
  readonly port: number;
  /** The tunnels that were requested, oldest first. */
  readonly requests: readonly ConnectRequest[];
  /** The requests other than CONNECT. */
  readonly others: readonly string[];
  /** The tunnels that are open. */
  readonly open: () => number;
}

export interface TestProxyOptions {
  /** As in `user:password`. */
  readonly credentials?: string;
  /** Where all tunnels lead. Default: where the client asks. */
  readonly to?: string;
  /** The status of its response to every CONNECT. */
  readonly refuse?: number;
  /** The header of its 407. Default Basic. */
  readonly scheme?: string;
  /** Called instead of a response. */
  readonly handle?: (socket: Duplex) => void;
  readonly tls?: ServerOptions;
  /** Called with the certificate of each client; an empty object if it has none. */
  readonly onCertificate?: (certificate: object) => void;
}

/** A real HTTP proxy on a free port of 127.0.0.1 that opens tunnels. */
export async function startProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const { credentials, to, refuse, scheme = 'Basic realm="proxy"', handle, tls, onCertificate } = options;
  const requests: ConnectRequest[] = [];
  const others: string[] = [];
  const sockets = new Set<Socket>();
  let tunnels = 0;
  const onRequest = ({ url = '' }: IncomingMessage, response: ServerResponse): void => {
    others.push(url);
    response.writeHead(400).end();
  };
  const server = tls === undefined ? createServer(onRequest) : createHttpsServer(tls, onRequest);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  (server as HttpsServer).on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket: TLSSocket) => onCertificate?.(socket.getPeerCertificate()));
  server.on('connect', ({ url = '', headers }, socket, head) => {
    socket.on('error', () => undefined);
    const authorization = headers['proxy-authorization'];
    requests.push({ target: url, authorization });
    if (handle !== undefined) {
      handle(socket);
      return;
    }
    const respond = (status: number, header = ''): void =>
      void socket.end(`HTTP/1.1 ${status} Status\r\n${header}\r\n`);
    if (credentials !== undefined && authorization !== `Basic ${Buffer.from(credentials).toString('base64')}`) {
      respond(407, `Proxy-Authenticate: ${scheme}\r\n`);
      return;
    }
    if (refuse !== undefined) {
      respond(refuse);
      return;
    }
    const { hostname, port } = new URL(`http://${to ?? url}`);
    const upstream = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      tunnels++;
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    sockets.add(upstream);
    upstream.on('error', () => respond(502));
    upstream.on('close', () => {
      tunnels--;
      socket.destroy();
    });
    socket.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const user = credentials === undefined ? '' : `${credentials}@`;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${user}127.0.0.1:${port}`,
    port,
    requests,
    others,
    open: () => tunnels,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
