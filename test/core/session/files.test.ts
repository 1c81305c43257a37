import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import {
  createCipher,
  definePartner,
  isPartnerAuthError,
  partners,
  type PartnerDefinition,
} from '../../../core/index.ts';
import { withRawPartner, type RawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner, withPartner, plainCredentials } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const mebibyte = 1024 * 1024;

/** As Cloudreve, a partner whose responses have a success marker. */
const marked = definePartner({
  ...plainPartner,
  response: { ...partners.cloudreve.response, accessToken: 'access', refreshToken: 'refresh' },
  errors: [{ on: ['request'], code: 401, is: 'tokenRefused' }],
});

const file = Uint8Array.from({ length: 500_000 }, (_, index) => (index * 31) % 256);

/** Runs a test with a signed-in session at a partner with a success marker. */
const withMarked = (test: (partner: RawPartner) => Promise<void>): Promise<void> =>
  withRawPartner({ partner: marked, signedIn: false }, async (partner) => {
    for (const path of ['/login', '/refresh']) {
      let issued = 0;
      partner.on(`POST ${path}`, (response) => {
        const name = `${path === '/login' ? 'access' : 'fresh'}-${++issued}`;
        response.end(JSON.stringify({ code: 0, access: name, refresh: `refresh-${name}` }));
      });
    }
    await partner.session.login(plainCredentials);
    await test(partner);
  });

describe('a response without the success marker', () => {
  const rows: readonly (readonly [
    type: string | undefined,
    body: string | Uint8Array,
    ok: boolean,
    asFile: boolean,
  ])[] = [
    ['application/octet-stream', file, true, true],
    ['image/png', file, true, true],
    ['application/pdf', '%PDF-1.7', true, true],
    ['text/plain; charset=utf-8', 'plain text', true, true],
    ['text/plain', '', true, true],
    ['text/csv', '1', true, true],
    ['application/octet-stream', '{"name":"a JSON file"}', true, true],
    ['text/html', '<!doctype html><title>Cloudreve</title>', false, true],
    ['Text/HTML; charset=utf-8', '<html></html>', false, true],
    ['application/xhtml+xml', '<html/>', false, true],
    ['application/json', '{"name":', false, true],
    ['application/json', '{"name":"a JSON file"}', false, true],
    ['Application/JSON ; charset=utf-8', '[1,2]', false, true],
    ['text/json', 'x', false, true],
    ['application/problem+json', 'x', false, true],
    [undefined, '', false, true],
    ['application/json', '{"code":40016,"msg":"Object not existed"}', false, false],
    ['application/octet-stream', '{"code":40016,"msg":"Object not existed"}', true, true],
    ['image/svg+xml', '{"code":40016}', true, true],
    ['text/plain', '{"code":401}', true, true],
    ['text/html', '{"code":40016}', false, true],
    [undefined, '{"code":40016}', false, false],
  ];
  for (const [type, body, ok, asFile] of rows) {
    const start = typeof body === 'string' ? body.slice(0, 30) : 'bytes';
    for (const expect of [undefined, 'file'] as const) {
      const expected = expect === undefined ? ok : asFile;
      it(`is ${expected ? 'ok' : 'not ok'} with content type ${type ?? '(none)'}, content "${start}"${expect ? ' and expect: file' : ''}`, () =>
        withMarked(async ({ session, on }) => {
          on('GET /file', (response) =>
            response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(body),
          );
          const response = await session.request('/file', { expect });
          assert.equal(response.ok, expected);
          assert.ok(Buffer.from(response.bytes).equals(Buffer.from(body)));
          const streamed = await session.stream('/file', { expect });
          assert.equal(streamed.ok, expected);
          assert.ok((await buffer(streamed.body)).equals(Buffer.from(body)));
        }));
    }
  }

  it('is not ok with a status of an error, whatever the call expects', () =>
    withMarked(async ({ session, on }) => {
      on('GET /file', (response) =>
        response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found'),
      );
      assert.equal((await session.request('/file', { expect: 'file' })).ok, false);
      const { ok, status, body } = await session.stream('/file', { expect: 'file' });
      assert.deepEqual([ok, status, String(await buffer(body))], [false, 404, '404 page not found']);
    }));

  it('refreshes a refused token and repeats the call for a file', () =>
    withMarked(async ({ session, on, received }) => {
      on('GET /file', (response, number) => {
        if (number % 2 === 1) response.writeHead(200, { 'content-type': 'application/json' }).end('{"code":401}');
        else response.writeHead(200, { 'content-type': 'image/png' }).end(file);
      });
      assert.ok(Buffer.from((await session.request('/file', { expect: 'file' })).bytes).equals(Buffer.from(file)));
      assert.equal(received.at(-1)?.headers.authorization, 'Bearer fresh-1');
      assert.ok((await buffer((await session.stream('/file')).body)).equals(Buffer.from(file)));
      assert.equal(received.at(-1)?.headers.authorization, 'Bearer fresh-2');
    }));

  it('is asked for with any content type, unless the call or the definition says otherwise', async () => {
    const accepts = async (partner: PartnerDefinition): Promise<unknown[]> => {
      const accepted: unknown[] = [];
      await withRawPartner({ partner }, async ({ session, received }) => {
        const note = (): unknown => accepted.push(received.at(-1)?.headers.accept);
        await session.request('/file');
        note();
        await session.request('/file', { expect: 'file' });
        note();
        await buffer((await session.stream('/file')).body);
        note();
        await (await session.fetch('/file')).text();
        note();
        await session.request('/file', { expect: 'file', headers: { Accept: 'image/png' } }).catch(() => undefined);
        note();
      });
      return accepted;
    };
    assert.deepEqual(await accepts(plainPartner), ['application/json', '*/*', '*/*', '*/*', 'image/png']);
    const own = 'application/vnd.acme+json';
    assert.deepEqual(await accepts({ ...plainPartner, headers: { Accept: own } }), [own, own, own, own, own]);
  });

  it('of a login is never taken as a file', () =>
    withRawPartner({ partner: marked, signedIn: false }, async ({ session, on }) => {
      on('POST /login', (response) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('x'));
      const error = await catchError(session.login(plainCredentials));
      assert.ok(isPartnerAuthError(error));
      assert.equal(error.code, 'invalidResponse');
    }));
});

describe('stream()', () => {
  it('resolves when the response begins, and reads the rest as it arrives', () =>
    withRawPartner({}, async ({ session, on }) => {
      let end: (() => void) | undefined;
      on('GET /events', (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'x-a': 'b' }).write('data: 1\n\n');
        end = () => response.end('data: 2\n\n');
      });
      const { status, ok, headers, body } = await session.stream('/events');
      assert.deepEqual([status, ok, headers['x-a']], [200, true, 'b']);
      const seen: string[] = [];
      for await (const chunk of body) {
        seen.push(Buffer.from(chunk).toString());
        end?.();
      }
      assert.equal(seen.join(''), 'data: 1\n\ndata: 2\n\n');
    }));

  it('reads no more from the connection than its reader takes', { timeout: 60_000 }, () =>
    withRawPartner({}, async ({ session, on }) => {
      const chunk = Buffer.alloc(mebibyte, 'partner');
      let sent = 0;
      on('GET /large', (response) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        const write = (): void => {
          while (sent < 64) {
            sent++;
            if (!response.write(chunk)) return void response.once('drain', write);
          }
          response.end();
        };
        write();
      });
      const { body } = await session.stream('/large');
      const reader = body.getReader();
      await reader.read();
      // Until the buffers of both ends are full.
      for (let before = -1; before !== sent; await session.request('/other')) before = sent;
      assert.ok(sent < 48, `${sent} MiB`);
      reader.releaseLock();
      const hash = createHash('sha256');
      let size = 0;
      await pipeline(Readable.fromWeb(body as never), async (source: AsyncIterable<Buffer>) => {
        for await (const part of source) {
          size += part.length;
          hash.update(part);
        }
      });
      assert.ok(size > 63 * mebibyte);
    }),
  );

  it('has no limit for JSON either, and reads an encrypted response to its end', async () => {
    const json = JSON.stringify({ rows: 'x'.repeat(3 * mebibyte) });
    await withRawPartner({}, async ({ session, on }) => {
      on('GET /rows', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(json));
      const { ok, body } = await session.stream('/rows');
      assert.deepEqual([ok, String(await buffer(body)) === json], [true, true]);
    });
    const settings = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
    const definition = definePartner({ ...plainPartner, response: { ...plainPartner.response, encryptedIn: 'data' } });
    await withRawPartner({ partner: definition, cipher: settings }, async ({ session, on }) => {
      const data = createCipher(settings).encrypt(json);
      on('GET /rows', (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data })),
      );
      const { ok, body, headers } = await session.stream('/rows');
      assert.deepEqual([ok, String(await buffer(body)) === json], [true, true]);
      assert.deepEqual([headers['content-type'], headers['content-length']], ['application/json', undefined]);
      const error = await catchError(session.stream('/rows', { maxResponseSize: mebibyte }));
      assert.equal((error as { code?: string }).code, 'responseTooLarge');
    });
  });

  const long = `"${'\\"}],'.repeat(mebibyte / 4)}"`;
  for (const [title, start, end, ok, code] of [
    ['the success marker before it', '{"code":0,"data":[{"name":"a", "text":', '}],"msg":""}', true, 0],
    ['the success marker after it', '{"data":{"text":', '},"code":0}', true, undefined],
    ['a partner code before it', '{"code":40016,"msg":"Object not existed","data":', '}', false, 40_016],
    ['the code of a refused token before it', '{"code":401,"data":', '}', false, 401],
    ['no object around it', '[{"code":0,"text":', '}]', false, undefined],
  ] as const) {
    it(`is ${ok ? 'ok' : 'not ok'} if JSON of more than 1 MiB has ${title}, as with request()`, () =>
      withMarked(async ({ session, on, calls }) => {
        const json = start + long + end;
        on('GET /rows', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(json));
        const response = await session.stream('/rows');
        assert.deepEqual([response.ok, response.code, response.error], [ok, code, undefined]);
        assert.equal(String(await buffer(response.body)), json);
        const whole = await session.request('/rows', { retry: false });
        assert.equal(whole.ok, ok);
        assert.equal(calls().filter((call) => call === 'POST /refresh').length, code === 401 ? 1 : 0);
      }));
  }

  it('has the error of a rule that matches the start of JSON of more than 1 MiB', () => {
    const definition = definePartner({ ...plainPartner, errors: [{ code: 'BLOCKED', is: 'accountUnavailable' }] });
    return withRawPartner({ partner: definition }, async ({ session, on }) => {
      const json = `{"code":"BLOCKED","rows":${long}}`;
      on('GET /rows', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(json));
      const { ok, error, body } = await session.stream('/rows');
      assert.deepEqual([ok, error?.code], [false, 'accountUnavailable']);
      assert.equal(String(await buffer(body)), json);
    });
  });

  it('undoes a compression that was not asked for', () =>
    withRawPartner({}, async ({ session, on, received }) => {
      on('GET /gz', (response) =>
        response.writeHead(200, { 'content-type': 'text/csv', 'content-encoding': 'gzip' }).end(gzipSync('a;b')),
      );
      on('GET /bad', (response) =>
        response.writeHead(200, { 'content-type': 'text/csv', 'content-encoding': 'gzip' }).end('a;b'),
      );
      on('GET /zstd', (response) =>
        response.writeHead(200, { 'content-type': 'text/csv', 'content-encoding': 'zstd' }).end('a;b'),
      );
      const { body, headers } = await session.stream('/gz');
      assert.equal(received.at(-1)?.headers['accept-encoding'], 'identity');
      assert.deepEqual([headers['content-encoding'], String(await buffer(body))], [undefined, 'a;b']);
      const bad = await session.stream('/bad');
      assert.match(
        ((await catchError(buffer(bad.body))) as Error).message,
        /Content-Encoding: gzip, but its content is not/,
      );
      assert.match(((await catchError(session.stream('/zstd'))) as Error).message, /compressed with zstd/);
    }));

  for (const [title, encoding, content, expected] of [
    ['deflate', 'deflate', deflateSync('a;b'), 'a;b'],
    ['deflate without its header', 'deflate', deflateRawSync('a;b'), 'a;b'],
    ['brotli', 'br', brotliCompressSync('a;b'), 'a;b'],
    ['two encodings', 'deflate, gzip', gzipSync(deflateRawSync('a;b')), 'a;b'],
    ['a large one', 'x-gzip', gzipSync(file), Buffer.from(file).toString('latin1')],
    ['no content', 'gzip', '', ''],
    ['no content in two encodings', 'br, deflate', '', ''],
  ] as const) {
    it(`reads a compressed body as request() does: ${title}`, () =>
      withRawPartner({}, async ({ session, on }) => {
        for (const type of ['text/csv', 'application/json']) {
          on('GET /file', (response) =>
            response.writeHead(200, { 'content-type': type, 'content-encoding': encoding }).end(content),
          );
          const { body } = await session.stream('/file');
          assert.equal((await buffer(body)).toString('latin1'), expected);
          const { bytes } = await session.request('/file');
          assert.equal(Buffer.from(bytes).toString('latin1'), expected);
        }
      }));
  }

  it('fails if a compressed body ends early', () =>
    withRawPartner({}, async ({ session, on }) => {
      for (const [encoding, content] of [
        ['gzip', gzipSync('a;b').subarray(0, -9)],
        ['deflate', deflateRawSync(file).subarray(0, 1000)],
        ['br', brotliCompressSync(file).subarray(0, 1)],
      ] as const) {
        on('GET /file', (response) =>
          response.writeHead(200, { 'content-type': 'text/csv', 'content-encoding': encoding }).end(content),
        );
        const { body } = await session.stream('/file');
        await assert.rejects(buffer(body), { code: 'network', message: /compressed content ends early/ });
      }
    }));

  it('fails while it is read if the connection breaks', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /file', (response) => {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': '1000' });
        response.write('start', () => setImmediate(() => response.destroy()));
      });
      const { body } = await session.stream('/file');
      const error = await catchError(buffer(body));
      assert.ok(isPartnerAuthError(error));
      assert.equal(error.code, 'network');
      assert.match(error.message, /^The response of .* is incomplete: the connection broke\.$/);
    }));

  it('fails while it is read if nothing arrives within the timeout', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /file', (response) => response.writeHead(200, { 'content-type': 'image/png' }).write('start'));
      on('GET /silent', () => true);
      const { body } = await session.stream('/file', { timeout: 1_000 });
      assert.equal(((await catchError(buffer(body))) as { code?: string }).code, 'timeout');
      assert.equal(
        ((await catchError(session.stream('/silent', { timeout: 50 }))) as { code?: string }).code,
        'timeout',
      );
    }));

  it('is ended by its signal before and during the body', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /silent', () => true);
      on('GET /file', (response) => response.writeHead(200, { 'content-type': 'image/png' }).write('start'));
      const early = new AbortController();
      const call = catchError(session.stream('/silent', { signal: early.signal }));
      early.abort();
      assert.equal(((await call) as { code?: string }).code, 'aborted');
      const late = new AbortController();
      const { body } = await session.stream('/file', { signal: late.signal });
      late.abort();
      assert.equal(((await catchError(buffer(body))) as { code?: string }).code, 'aborted');
    }));

  for (const [title, encoding, start] of [
    ['', undefined, 'start'],
    [', also if it is compressed', 'gzip', gzipSync(file).subarray(0, 1000)],
    [', also if its compression is invalid', 'gzip', 'start'],
  ] as const) {
    it(`is aborted before it is read without an error that nobody handles${title}`, () =>
      withRawPartner({}, async ({ session, on }) => {
        const closed = new Promise((resolve) =>
          on('GET /file', (response) => {
            const headers = { 'content-type': 'image/png', ...(encoding && { 'content-encoding': encoding }) };
            response.once('close', resolve).writeHead(200, headers).write(start);
          }),
        );
        const controller = new AbortController();
        const { body } = await session.stream('/file', { signal: controller.signal });
        controller.abort();
        await closed;
        assert.equal(((await catchError(buffer(body))) as { code?: string }).code, 'aborted');
      }));
  }

  it('is reported as compressed wrongly when it is read, not before', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /file', (response) =>
        response.writeHead(200, { 'content-type': 'image/png', 'content-encoding': 'gzip' }).end('start'),
      );
      const { body } = await session.stream('/file');
      // A whole other call, in which an error without a listener would end the process.
      await session.request('/other');
      await assert.rejects(buffer(body), { code: 'invalidResponse' });
    }));

  it('closes the connection if its reader cancels', () =>
    withRawPartner({}, async ({ session, on }) => {
      const closed = Promise.withResolvers<undefined>();
      on('GET /file', (response) => {
        response.once('close', () => closed.resolve(undefined));
        response.writeHead(200, { 'content-type': 'image/png' }).write('start');
      });
      const { body } = await session.stream('/file');
      await body.cancel();
      await closed.promise;
    }));

  it('uses its connection again after the body was read', () =>
    withRawPartner({}, async ({ session, on, connections }) => {
      on('GET /file', (response) => response.writeHead(200, { 'content-type': 'image/png' }).end(file));
      for (let round = 0; round < 3; round++) await buffer((await session.stream('/file')).body);
      assert.equal(connections(), 1);
    }));

  it('refuses and refreshes as request()', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/orders', { status: 401, body: {} });
      reply('/refresh', { status: 401, body: {} });
      const { ok, status, body } = await session.stream('/orders');
      assert.deepEqual([ok, status, String(await buffer(body))], [false, 401, '{}']);
      await session.close();
      assert.equal(((await catchError(session.stream('/orders'))) as { code?: string }).code, 'closed');
    }));
});
