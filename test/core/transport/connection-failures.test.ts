import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  createClient,
  closedPortUrl,
  expectFailure,
  startServer,
  startTcpServer,
  type TestServer,
} from './test-servers.ts';

interface Scenario {
  readonly server: () => Promise<TestServer>;
  readonly code: string;
  readonly mayHaveArrived: boolean;
  readonly timeout?: number;
  readonly connections?: number;
}

function scenarios(): readonly (readonly [string, Scenario])[] {
  const arrived = { mayHaveArrived: true } as const;
  const timeout = 400;
  return [
    [
      'a reset before the response',
      {
        server: () => startServer((_, response) => void response.socket?.resetAndDestroy()),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a connection closed before the response',
      { server: () => startServer((_, response) => void response.socket?.end()), code: 'network', ...arrived },
    ],
    [
      'a reset after the headers',
      {
        server: () =>
          startServer((_, response) => {
            response.writeHead(200, { 'content-length': '100' }).flushHeaders();
            response.write('{"access', () => void response.socket?.resetAndDestroy());
          }),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'half a body',
      {
        server: () =>
          startServer((_, response) => {
            response.writeHead(200, { 'content-length': '100' });
            response.write('a'.repeat(50), () => void response.socket?.end());
          }),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a chunked body without its end',
      {
        server: () => startServer((_, response) => void response.write('{}', () => void response.socket?.end())),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a truncated gzip body',
      {
        server: () =>
          startServer((_, response) => {
            response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}').subarray(0, 12));
          }),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a partner that never responds',
      { server: () => startServer(() => undefined), code: 'timeout', timeout, ...arrived },
    ],
    [
      'a partner that sends one byte at a time',
      {
        server: () =>
          startServer((_, response) => {
            const drip = setInterval(() => response.write(' '), 20);
            response.on('close', () => clearInterval(drip));
          }),
        code: 'timeout',
        timeout,
        ...arrived,
      },
    ],
    [
      'a response that is not HTTP',
      {
        server: () => startTcpServer((socket) => void socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a partner that never completes the TLS handshake',
      { server: () => startTcpServer(() => undefined, 'https'), code: 'timeout', timeout, mayHaveArrived: false },
    ],
    [
      'a partner that does not support TLS',
      {
        server: () =>
          startTcpServer((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')), 'https'),
        code: 'tls',
        mayHaveArrived: false,
      },
    ],
  ];
}

describe('transport with connection failures', () => {
  for (const [title, scenario] of scenarios()) {
    it(`reports ${title} as ${scenario.code}`, async () => {
      await using server = await scenario.server();
      using client = createClient();
      const exchange = expectFailure(await client.post(server.url, { timeout: scenario.timeout ?? 10_000 }));
      assert.equal(exchange.error.code, scenario.code);
      assert.equal(exchange.mayHaveArrived, scenario.mayHaveArrived);
      assert.equal(exchange.error.retryable, scenario.code !== 'tls');
      assert.ok(exchange.error.message.includes(new URL(server.url).host));
      assert.equal(server.connections(), scenario.connections ?? 1);
    });
  }

  it('reports a refused port as network, with nothing sent', async () => {
    using client = createClient();
    const { error, mayHaveArrived } = expectFailure(await client.post(await closedPortUrl()));
    assert.equal(error.code, 'network');
    assert.match(error.message, /nothing listens at that address; check baseUrl/);
    assert.equal(mayHaveArrived, false);
  });

  it('says of a response that is not HTTP that the port may be wrong', async () => {
    await using server = await startTcpServer((socket) => void socket.end('220 mail.example ESMTP\r\n'));
    using client = createClient();
    const { error } = expectFailure(await client.post(server.url));
    assert.match(error.message, /it does not use HTTP at that port; check the port of baseUrl/);
  });

  it('reports an unknown host, with nothing sent', async () => {
    using client = createClient();
    // The name is reserved by RFC 6761. Without a resolver, the lookup may time out.
    const { error, mayHaveArrived } = expectFailure(await client.post('http://partner.invalid', { timeout: 4000 }));
    assert.match(error.code, /^(?:network|timeout)$/);
    assert.equal(mayHaveArrived, false);
  });

  it('retries after a reset during the TLS handshake, but not after one of a sent request', async () => {
    let handshakes = 0;
    await using cut = await startTcpServer((socket) => {
      handshakes++;
      socket.resetAndDestroy();
    }, 'https');
    using client = createClient();
    const early = expectFailure(await client.post(cut.url));
    assert.deepEqual([early.error.code, early.mayHaveArrived, handshakes], ['network', false, 3]);

    await using late = await startServer((_, response) => void response.socket?.resetAndDestroy());
    assert.equal(expectFailure(await client.post(late.url)).mayHaveArrived, true);
    assert.equal(late.received.length, 1);
  });

  it('sends nothing if the signal is already aborted', async () => {
    await using server = await startServer((_, response) => response.end('{}'));
    using client = createClient();
    const { error, mayHaveArrived } = expectFailure(await client.post(server.url, { signal: AbortSignal.abort() }));
    assert.equal(error.code, 'aborted');
    assert.equal(error.retryable, false);
    assert.equal(mayHaveArrived, false);
    assert.equal(server.received.length, 0);
  });

  it('aborts a request while it waits for the response', async () => {
    const controller = new AbortController();
    await using server = await startServer(() => controller.abort(new Error('secret reason')));
    using client = createClient();
    const { error, mayHaveArrived } = expectFailure(await client.post(server.url, { signal: controller.signal }));
    assert.equal(error.code, 'aborted');
    assert.equal(mayHaveArrived, true);
    assert.doesNotMatch(error.message, /secret/);
  });

  it('aborts a request while it reads the response', async () => {
    const controller = new AbortController();
    await using server = await startServer((_, response) => response.write('{"a":', () => controller.abort()));
    using client = createClient();
    const { error, mayHaveArrived } = expectFailure(await client.post(server.url, { signal: controller.signal }));
    assert.deepEqual([error.code, mayHaveArrived], ['aborted', true]);
  });

  it('stops waiting for Retry-After if the caller aborts', { timeout: 10_000 }, async () => {
    const controller = new AbortController();
    await using server = await startServer((_, response) => {
      response.writeHead(429, { 'retry-after': '30' }).end();
    });
    let times = 0;
    // The transport reads the clock when it sends and when it has the response. Then it waits.
    const now = (): number => {
      if (++times === 2) setImmediate(() => controller.abort());
      return Date.now();
    };
    using client = createClient({ now });
    const call = await client.post(server.url, { signal: controller.signal, timeout: 60_000 });
    const { error, mayHaveArrived } = expectFailure(call);
    assert.deepEqual([error.code, mayHaveArrived, server.received.length], ['aborted', false, 1]);
  });

  it('closes the connection of a request that timed out', async () => {
    let closed: Promise<unknown> | undefined;
    await using server = await startServer((_, response) => void (closed = once(response, 'close')));
    using client = createClient();
    assert.equal(expectFailure(await client.post(server.url, { timeout: 200 })).error.code, 'timeout');
    await closed;
  });
});
