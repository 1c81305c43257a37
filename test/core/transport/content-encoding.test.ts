import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createClient, expectFailure, expectResponse, startServer } from './test-servers.ts';

const text = JSON.stringify({ greeting: 'Xin chào', list: Array.from({ length: 50 }, (_, index) => index) });
const plain = Buffer.from(text);

function serve(encoding: string, body: Buffer): ReturnType<typeof startServer> {
  return startServer((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));
}

describe('a compressed response', () => {
  const readable: readonly (readonly [title: string, encoding: string, body: Buffer])[] = [
    ['gzip', 'gzip', gzipSync(plain)],
    ['gzip under its old name', 'x-gzip', gzipSync(plain)],
    ['gzip in upper case', 'GZIP', gzipSync(plain)],
    ['deflate', 'deflate', deflateSync(plain)],
    ['raw deflate', 'deflate', deflateRawSync(plain)],
    ['raw deflate that is not compressed', 'deflate', deflateRawSync(plain, { level: 0 })],
    ['brotli', 'br', brotliCompressSync(plain)],
    ['several encodings', 'deflate, gzip', gzipSync(deflateRawSync(plain))],
    ['identity', 'identity', plain],
    ['a charset in place of an encoding', 'utf-8', plain],
  ];
  for (const [title, encoding, body] of readable) {
    it(`is read: ${title}`, async () => {
      await using server = await serve(encoding, body);
      using client = createClient();
      const response = expectResponse(await client.post(server.url));
      assert.equal(response.body, text);
      assert.deepEqual(
        [response.headers['content-encoding'], response.headers['content-length']],
        [undefined, undefined],
      );
      assert.equal(server.received[0]?.headers['accept-encoding'], 'gzip, deflate, br');
    });
  }

  it('is empty if it has no content, whatever its header', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd']) {
      await using server = await serve(encoding, Buffer.alloc(0));
      using client = createClient();
      assert.equal(expectResponse(await client.post(server.url)).body.length, 0);
    }
  });

  for (const encoding of ['gzip', 'deflate', 'br']) {
    for (const [title, body] of [
      ['JSON', plain],
      ['short JSON', Buffer.from('{"a":1}')],
      ['HTML', Buffer.from('<html><body>Bad gateway</body></html>')],
      ['base64', Buffer.from(gzipSync(plain).toString('base64'))],
    ] as const) {
      it(`is reported as such if it is plain ${title} with the header ${encoding}`, async () => {
        await using server = await serve(encoding, body);
        using client = createClient();
        const { error, mayHaveArrived } = expectFailure(await client.post(server.url));
        assert.deepEqual([error.code, error.status, mayHaveArrived], ['invalidResponse', 200, true]);
        assert.match(error.message, new RegExp(`has the header Content-Encoding: ${encoding}, but its content is not`));
      });
    }
  }

  for (const encoding of ['zstd', 'compress', 'gzip, zstd']) {
    it(`is reported as such if it is ${encoding}, which is not supported`, async () => {
      await using server = await serve(encoding, plain);
      using client = createClient();
      const { error } = expectFailure(await client.post(server.url));
      assert.equal(error.code, 'invalidResponse');
      assert.match(error.message, /is compressed with (?:zstd|compress), which was not asked for/);
    });
  }

  it('is reported as incomplete if its content ends early', async () => {
    for (const [encoding, body] of [
      ['gzip', gzipSync(plain)],
      ['deflate', deflateSync(plain)],
      ['br', brotliCompressSync(plain)],
    ] as const) {
      await using server = await serve(encoding, body.subarray(0, -10));
      using client = createClient();
      const { error, mayHaveArrived } = expectFailure(await client.post(server.url));
      assert.deepEqual([error.code, error.retryable, mayHaveArrived], ['network', true, true]);
      assert.match(error.message, /its compressed content ends early/);
    }
  });

  it('is limited to 1 MiB in each encoding', async () => {
    const zeros = Buffer.alloc(1024 * 1024 + 1);
    for (const [encoding, body] of [
      ['gzip', gzipSync(zeros)],
      ['deflate', deflateSync(zeros)],
      ['deflate', deflateRawSync(zeros)],
      ['br', brotliCompressSync(zeros)],
    ] as const) {
      await using server = await serve(encoding, body);
      using client = createClient();
      assert.equal(expectFailure(await client.post(server.url)).error.code, 'responseTooLarge');
    }
  });
});
