import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/**
 * The workbench in a browser asks its server for the key of its secret storage, and the server from npm has none, so that
 * secrets would be lost with each reload. This stands in front of the server and gives one.
 */
export async function withKeyring(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const front = createServer((incoming, outgoing) => {
    if (incoming.url?.endsWith('/mint-key') === true) {
      outgoing.end(Buffer.alloc(32, 7));
      return;
    }
    const { method, url, headers } = incoming;
    const passed = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  front.on('upgrade', (incoming, socket, head) => {
    const { method = '', url = '', rawHeaders } = incoming;
    const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    const passed = connect(port, '127.0.0.1', () => {
      passed.write(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`);
      passed.write(head);
      passed.pipe(socket).pipe(passed);
    });
    for (const end of [passed, socket]) end.on('error', () => [passed, socket].forEach((other) => other.destroy()));
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: (front.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      front.closeAllConnections();
      front.close();
      await once(front, 'close');
    },
  };
}
