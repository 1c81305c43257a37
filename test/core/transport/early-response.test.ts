import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { gotTransport } from '../../../core/transport/got-transport.ts';
import { startServer } from './test-servers.ts';

const options = { globalAgent: false, now: Date.now };

describe('a response that arrives before the request is written', () => {
  it('is returned, although the rest of the request is never read', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2\r\n\r\n{}');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const transport = gotTransport(options);
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const request = { method: 'POST', url, headers: {}, body: 'x'.repeat(32 * 1024 * 1024) };
      const result = await transport.send(request, { timeout: 10_000 });
      assert.ok(result.kind === 'response');
      assert.equal(result.response.status, 413);
    } finally {
      transport.close();
      server.close();
    }
  });

  it('leaves its connection to the next request', async () => {
    await using server = await startServer((_request, response) => response.end('{}'));
    const transport = gotTransport(options);
    try {
      for (let number = 0; number < 50; number++) {
        const request = { method: 'POST', url: server.url, headers: {}, body: '{"a":1}' };
        const result = await transport.send(request, { timeout: 10_000 });
        assert.equal(result.kind, 'response');
      }
      assert.equal(server.connections(), 1);
    } finally {
      transport.close();
    }
  });
});
