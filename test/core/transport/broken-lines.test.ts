import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { client, closedPort, failed, serve, serveTcp, type TestServer } from './servers.ts';

interface Start {
  readonly server: () => Promise<TestServer>;
  readonly code: string;
  readonly mayHaveArrived: boolean;
  readonly timeout?: number;
  readonly connections?: number;
}

function failures(): readonly (readonly [string, Start])[] {
  const arrived = { mayHaveArrived: true } as const;
  const timeout = 400;
  return [
    [
      'a reset before the answer',
      { server: () => serve((_, response) => void response.socket?.resetAndDestroy()), code: 'network', ...arrived },
    ],
    [
      'a line closed before the answer',
      { server: () => serve((_, response) => void response.socket?.end()), code: 'network', ...arrived },
    ],
    [
      'a reset after the headers',
      {
        server: () =>
          serve((_, response) => {
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
          serve((_, response) => {
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
        server: () => serve((_, response) => void response.write('{}', () => void response.socket?.end())),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a gzip body that is cut',
      {
        server: () =>
          serve((_, response) => {
            response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}').subarray(0, 12));
          }),
        code: 'network',
        ...arrived,
      },
    ],
    ['a partner that never answers', { server: () => serve(() => undefined), code: 'timeout', timeout, ...arrived }],
    [
      'a partner that answers a byte at a time',
      {
        server: () =>
          serve((_, response) => {
            const drip = setInterval(() => response.write(' '), 20);
            response.on('close', () => clearInterval(drip));
          }),
        code: 'timeout',
        timeout,
        ...arrived,
      },
    ],
    [
      'an answer that is no HTTP',
      {
        server: () => serveTcp((socket) => void socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))),
        code: 'network',
        ...arrived,
      },
    ],
    [
      'a partner that never shakes hands',
      { server: () => serveTcp(() => undefined, 'https'), code: 'timeout', timeout, mayHaveArrived: false },
    ],
    [
      'a partner that speaks no TLS',
      {
        server: () =>
          serveTcp((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')), 'https'),
        code: 'tls',
        mayHaveArrived: false,
      },
    ],
  ];
}

describe('transport on a broken line', () => {
  for (const [title, start] of failures()) {
    it(`tells ${title}`, async () => {
      await using server = await start.server();
      using one = client();
      const exchange = failed(await one.post(server.url, { timeout: start.timeout ?? 10_000 }));
      assert.equal(exchange.error.code, start.code);
      assert.equal(exchange.mayHaveArrived, start.mayHaveArrived);
      assert.equal(exchange.error.retryable, start.code !== 'tls');
      assert.ok(exchange.error.message.includes(new URL(server.url).host));
      assert.equal(server.connections(), start.connections ?? 1);
    });
  }

  it('tells a refused port, which nothing can have reached', async () => {
    using one = client();
    const { error, mayHaveArrived } = failed(await one.post(await closedPort()));
    assert.equal(error.code, 'network');
    assert.match(error.message, /nothing listens at that address; check baseUrl/);
    assert.equal(mayHaveArrived, false);
  });

  it('tells an unknown host', async () => {
    using one = client();
    // The name is reserved by RFC 6761; whether a resolver is there decides how fast it says so.
    const { error, mayHaveArrived } = failed(await one.post('http://partner.invalid', { timeout: 4000 }));
    assert.match(error.code, /^(?:network|timeout)$/);
    assert.equal(mayHaveArrived, false);
  });
  it('tries again after a reset inside the TLS handshake, and not after one of a whole request', async () => {
    let handshakes = 0;
    await using cut = await serveTcp((socket) => {
      handshakes++;
      socket.resetAndDestroy();
    }, 'https');
    using one = client();
    const early = failed(await one.post(cut.url));
    assert.deepEqual([early.error.code, early.mayHaveArrived, handshakes], ['network', false, 3]);

    await using late = await serve((_, response) => void response.socket?.resetAndDestroy());
    assert.equal(failed(await one.post(late.url)).mayHaveArrived, true);
    assert.equal(late.received.length, 1);
  });

  it('says nothing of a request that its caller aborted before', async () => {
    await using server = await serve((_, response) => response.end('{}'));
    using one = client();
    const { error, mayHaveArrived } = failed(await one.post(server.url, { signal: AbortSignal.abort() }));
    assert.equal(error.code, 'aborted');
    assert.equal(error.retryable, false);
    assert.equal(mayHaveArrived, false);
    assert.equal(server.received.length, 0);
  });

  it('drops a request that its caller aborts while the partner works on it', async () => {
    const controller = new AbortController();
    await using server = await serve(() => controller.abort(new Error('secret reason')));
    using one = client();
    const { error, mayHaveArrived } = failed(await one.post(server.url, { signal: controller.signal }));
    assert.equal(error.code, 'aborted');
    assert.equal(mayHaveArrived, true);
    assert.doesNotMatch(error.message, /secret/);
  });

  it('drops a request that its caller aborts while the answer is read', async () => {
    const controller = new AbortController();
    await using server = await serve((_, response) => response.write('{"a":', () => controller.abort()));
    using one = client();
    const { error, mayHaveArrived } = failed(await one.post(server.url, { signal: controller.signal }));
    assert.deepEqual([error.code, mayHaveArrived], ['aborted', true]);
  });

  it('stops waiting for Retry-After when its caller aborts', { timeout: 10_000 }, async () => {
    const controller = new AbortController();
    await using server = await serve((_, response) => {
      response.writeHead(429, { 'retry-after': '30' }).end();
    });
    let times = 0;
    // The transport reads the clock when it sends and when it has the answer; right after that it waits.
    const now = (): number => {
      if (++times === 2) setImmediate(() => controller.abort());
      return Date.now();
    };
    using one = client({ now });
    const call = await one.post(server.url, { signal: controller.signal, timeout: 60_000 });
    const { error, mayHaveArrived } = failed(call);
    assert.deepEqual([error.code, mayHaveArrived, server.received.length], ['aborted', false, 1]);
  });

  it('ends both sides of a call that is cut off', async () => {
    let closed: Promise<unknown> | undefined;
    await using server = await serve((_, response) => void (closed = once(response, 'close')));
    using one = client();
    assert.equal(failed(await one.post(server.url, { timeout: 200 })).error.code, 'timeout');
    await closed;
  });
});
