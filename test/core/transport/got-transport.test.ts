import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createClient, expectFailure, expectResponse, secrets, startServer } from './test-servers.ts';

const mebibyte = 1024 * 1024;

describe('transport', () => {
  it('sends a request unchanged and returns the response', async () => {
    await using server = await startServer((_request, response) => {
      response.writeHead(418, { 'X-Twice': ['a', 'b'], 'Content-Type': 'application/json', 'Set-Cookie': 'c=1' });
      response.end('{"chào":"👋"}');
    });
    using client = createClient();
    const before = Date.now();
    const response = expectResponse(await client.post(server.url));
    assert.equal(response.status, 418);
    assert.equal(response.body, '{"chào":"👋"}');
    assert.equal(response.headers['x-twice'], 'a, b');
    assert.ok(before <= response.sentAt && response.sentAt <= response.receivedAt && response.receivedAt <= Date.now());

    assert.equal(expectResponse(await client.post(server.url)).status, 418);
    const [first, second] = server.received;
    assert.equal(first?.method, 'POST');
    assert.equal(first.url, '/auth/refresh');
    assert.equal(first.body, secrets.body);
    assert.equal(first.headers.authorization, secrets.authorization);
    assert.equal(first.headers['partner-code'], secrets['partner-code']);
    assert.equal(first.headers['user-agent'], 'partner-auth');
    assert.equal(first.headers.accept, 'application/json');
    assert.equal(first.headers['content-length'], String(secrets.body.length));
    assert.equal(second?.headers.cookie, undefined);
    assert.equal(server.connections(), 1);
  });

  it('sends bytes unchanged, and a GET without a body', async () => {
    await using server = await startServer((_request, response) => response.end('{}'));
    using client = createClient();
    await client.post(server.url, {}, { method: 'PUT', body: Buffer.from('xin chào') });
    await client.transport.send({ method: 'GET', url: `${server.url}/x?y=%20`, headers: {} }, { timeout: 5000 });
    const seen = server.received.map(({ method, url, body }) => [method, url, body]);
    assert.deepEqual(seen, [
      ['PUT', '/auth/refresh', 'xin chào'],
      ['GET', '/x?y=%20', ''],
    ]);
    assert.equal(server.received[1]?.headers['content-length'], undefined);
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`returns a ${status} and does not follow it`, async () => {
      await using target = await startServer((_request, response) => response.end('{}'));
      await using server = await startServer((_request, response) => {
        response.writeHead(status, { location: `${target.url}/steal` }).end();
      });
      using client = createClient();
      assert.equal(expectResponse(await client.post(server.url)).status, status);
      assert.equal(server.received.length, 1);
      assert.equal(target.connections(), 0);
    });
  }

  for (const status of [400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 521]) {
    it(`returns a ${status} without Retry-After after one request`, async () => {
      await using server = await startServer((_request, response) =>
        response.writeHead(status).end('{"message":"no"}'),
      );
      using client = createClient();
      const response = expectResponse(await client.post(server.url));
      assert.deepEqual([response.status, response.body], [status, '{"message":"no"}']);
      assert.equal(server.received.length, 1);
    });
  }

  for (const [status, retryAfter] of [
    [429, '0'],
    [429, '1'],
    [503, '0'],
    [503, 'Thu, 01 Jan 2026 00:00:00 GMT'],
  ] as const) {
    it(`repeats the request after a ${status} with Retry-After ${retryAfter}`, async () => {
      await using server = await startServer((_request, response, number) => {
        if (number === 1) response.writeHead(status, { 'retry-after': retryAfter }).end();
        else response.end('{"ok":true}');
      });
      using client = createClient();
      assert.equal(expectResponse(await client.post(server.url)).body, '{"ok":true}');
      assert.deepEqual(
        server.received.map(({ body }) => body),
        [secrets.body, secrets.body],
      );
    });
  }

  it('reports the time of the last attempt, not of the first', async () => {
    let clock = 1000;
    await using server = await startServer((_request, response, number) => {
      clock = number * 10_000;
      response.writeHead(number === 1 ? 429 : 200, { 'retry-after': '0' }).end('{}');
    });
    using client = createClient({ now: () => clock });
    const { sentAt, receivedAt } = expectResponse(await client.post(server.url));
    assert.deepEqual([sentAt, receivedAt], [10_000, 20_000]);
  });

  it('returns the third 429', async () => {
    await using server = await startServer((_request, response) =>
      response.writeHead(429, { 'retry-after': '0' }).end(),
    );
    using client = createClient();
    assert.equal(expectResponse(await client.post(server.url)).status, 429);
    assert.equal(server.received.length, 3);
  });

  for (const [retryAfter, timeout] of [
    ['31', 60_000],
    ['86400', 60_000],
    ['5', 3000],
    ['later', 60_000],
  ] as const) {
    it(`does not wait for Retry-After ${retryAfter} with ${timeout} ms left`, async () => {
      await using server = await startServer((_request, response) => {
        response.writeHead(429, { 'retry-after': retryAfter }).end();
      });
      using client = createClient();
      assert.equal(expectResponse(await client.post(server.url, { timeout })).status, 429);
      assert.equal(server.received.length, 1);
    });
  }

  it('reads a response of exactly 1 MiB', async () => {
    await using server = await startServer((_request, response) => response.end('a'.repeat(mebibyte)));
    using client = createClient();
    assert.equal(expectResponse(await client.post(server.url)).body.length, mebibyte);
  });

  const endless = (response: { write(chunk: Buffer): boolean; once(event: string, run: () => void): void }): void => {
    const chunk = Buffer.alloc(65_536, ' ');
    const more = (): void => {
      while (response.write(chunk));
      response.once('drain', more);
    };
    more();
  };
  const tooLarge: readonly (readonly [string, Parameters<typeof startServer>[0]])[] = [
    ['1 MiB and one byte', (_request, response) => response.end('a'.repeat(mebibyte + 1))],
    ['2 MiB', (_request, response) => response.end('a'.repeat(2 * mebibyte))],
    ['an endless response', (_request, response) => endless(response)],
    [
      'a gzip bomb',
      (_request, response) => {
        const bomb = gzipSync(Buffer.alloc(64 * mebibyte));
        assert.ok(bomb.length < 100_000);
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      },
    ],
  ];
  for (const [title, handler] of tooLarge) {
    it(`reads at most 1 MiB of ${title}`, async () => {
      await using server = await startServer(handler);
      using client = createClient();
      const { error, mayHaveArrived } = expectFailure(await client.post(server.url));
      assert.equal(error.code, 'responseTooLarge');
      assert.equal(mayHaveArrived, true);
      assert.equal(server.received.length, 1);
    });
  }

  it('decompresses a gzip response', async () => {
    await using server = await startServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":"đ"}'));
    });
    using client = createClient();
    assert.equal(expectResponse(await client.post(server.url)).body, '{"a":"đ"}');
  });

  it('leaves no connection open after close()', { timeout: 10_000 }, async ({ signal }) => {
    await using server = await startServer((_request, response) => response.end('{}'));
    const client = createClient();
    await Promise.all([client.post(server.url), client.post(server.url), client.post(server.url)]);
    assert.ok(server.sockets.size > 0);
    const closed = [...server.sockets].map((socket) => once(socket, 'close', { signal }));
    client.transport.close();
    await Promise.all(closed);
    assert.equal(server.sockets.size, 0);
    client.transport.close();
  });
});
