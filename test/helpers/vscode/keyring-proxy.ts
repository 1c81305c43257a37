import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/**
 * Starts a proxy in front of the VS Code server that provides the key of the secret storage. The workbench in a browser
 * requests that key from its server, and the server from npm has none, so secrets would be lost on every reload.
 */
export async function startKeyringProxy(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const proxy = createServer((incoming, outgoing) => {
    if (incoming.url?.endsWith('/mint-key') === true) {
      outgoing.end(Buffer.alloc(32, 7));
      return;
    }
    const { method, url, headers } = incoming;
    const upstream = request({ host: '127.0.0.1', port, method, path: url, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  proxy.on('upgrade', (incoming, socket, head) => {
    const { method = '', url = '', rawHeaders } = incoming;
    const lines = rawHeaders.map((part, index) => (index % 2 === 0 ? `${part}: ` : `${part}\r\n`));
    const upstream = connect(port, '127.0.0.1', () => {
      upstream.write(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    for (const side of [upstream, socket])
      side.on('error', () => [upstream, socket].forEach((other) => other.destroy()));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
