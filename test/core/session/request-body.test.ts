import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createCipher, definePartner, type RequestBody, type RequestOptions } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { openSession } from '../../../core/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { plainCredentials, plainPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);
const webStream = (): ReadableStream<Uint8Array> => new Blob([bytes]).stream();
const expected = Buffer.from(bytes);

describe('the body of request()', () => {
  const bodies: readonly (readonly [title: string, make: () => RequestBody, sent: Buffer, type: string])[] = [
    ['a Uint8Array', () => bytes, expected, 'application/octet-stream'],
    [
      'a Buffer that is a part of a larger one',
      () => expected.subarray(3, 7),
      expected.subarray(3, 7),
      'application/octet-stream',
    ],
    ['an ArrayBuffer', () => Uint8Array.from(bytes).buffer, expected, 'application/octet-stream'],
    ['a Blob without a type', () => new Blob([bytes]), expected, 'application/octet-stream'],
    ['a Blob with a type', () => new Blob([bytes], { type: 'image/png' }), expected, 'image/png'],
    ['an empty Blob', () => new Blob([]), Buffer.alloc(0), 'application/octet-stream'],
    ['a string', () => 'Xin chào', Buffer.from('Xin chào'), 'text/plain;charset=UTF-8'],
    ['an empty string', () => '', Buffer.alloc(0), 'text/plain;charset=UTF-8'],
    [
      'URLSearchParams',
      () => new URLSearchParams({ a: 'b c', d: '&' }),
      Buffer.from('a=b+c&d=%26'),
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['a ReadableStream', webStream, expected, 'application/octet-stream'],
    [
      'a stream of Node',
      () => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]),
      expected,
      'application/octet-stream',
    ],
    ['a generator', () => Readable.from(['Xin ', 'chào']), Buffer.from('Xin chào'), 'application/octet-stream'],
  ];
  for (const [title, make, sent, type] of bodies) {
    it(`is sent as it is for ${title}, with its content type and the access token`, () =>
      withRawPartner({}, async ({ session, received }) => {
        const { ok } = await session.request('/upload', { body: make() });
        const last = received.at(-1);
        assert.equal(ok, true);
        assert.deepEqual([last?.call, last?.headers.authorization], ['POST /upload', 'Bearer access-1']);
        assert.ok(last?.body.equals(sent) === true);
        assert.equal(last.headers['content-type'], type);
      }));
  }

  for (const [title, make, sent] of bodies) {
    const isStream = /stream|generator/i.test(title);
    it(`${isStream ? 'is not sent again' : 'is sent again whole'} with a new token for ${title}`, () =>
      withRawPartner({}, async ({ session, received, on }) => {
        on('PUT /upload', (response, number) => number === 1 && response.writeHead(401).end('{}'));
        const { status } = await session.request('/upload', { method: 'PUT', body: make() });
        const uploads = received.filter(({ call }) => call === 'PUT /upload');
        assert.deepEqual([status, uploads.length], isStream ? [401, 1] : [200, 2]);
        for (const { body } of uploads) assert.ok(body.equals(sent));
        // The next call has a token that the partner accepts.
        await session.request('/next');
        assert.equal(received.at(-1)?.headers.authorization, 'Bearer access-2');
      }));
  }

  it('has the length of what is known, and none for a stream', () =>
    withRawPartner({}, async ({ session, received }) => {
      await session.request('/upload', { body: new Blob([bytes]) });
      assert.equal(received.at(-1)?.headers['content-length'], '100000');
      await session.request('/upload', { body: webStream() });
      assert.deepEqual(
        [received.at(-1)?.headers['content-length'], received.at(-1)?.headers['transfer-encoding']],
        [undefined, 'chunked'],
      );
    }));

  it('is a stream that is not sent again after a 503 with Retry-After', () =>
    withRawPartner({ retry: 'always' }, async ({ session, on, calls }) => {
      on('POST /upload', (response) => response.writeHead(503, { 'retry-after': '0' }).end('{}'));
      assert.equal((await session.request('/upload', { body: webStream() })).status, 503);
      assert.equal(calls().filter((call) => call === 'POST /upload').length, 1);
    }));

  it('is a file of 20 MB, read while it is sent, and sent again with a new token', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'attachment.pdf');
    await writeFile(path, Buffer.alloc(20_000_000, 'partner'));
    await withRawPartner({}, async ({ session, received, on }) => {
      on('POST /upload', (response, number) => number === 1 && response.writeHead(401).end('{}'));
      const { status } = await session.request('/upload', {
        body: await openAsBlob(path, { type: 'application/pdf' }),
      });
      assert.equal(status, 200);
      assert.deepEqual(
        received
          .filter(({ call }) => call === 'POST /upload')
          .map(({ body, headers }) => [body.length, headers['content-type']]),
        [
          [20_000_000, 'application/pdf'],
          [20_000_000, 'application/pdf'],
        ],
      );
      await session.request('/upload', { body: createReadStream(path) });
      assert.equal(received.at(-1)?.body.length, 20_000_000);
    });
  });

  it('is not affected by changes after the call', () =>
    withRawPartner({}, async ({ session, received }) => {
      const body = Buffer.from('before');
      const call = session.request('/upload', { body });
      body.fill('x');
      await call;
      assert.equal(received.at(-1)?.body.toString(), 'before');
    }));

  it('may be FormData, which is sent as it is, and again with a new token', () =>
    withRawPartner({}, async ({ session, received, on }) => {
      on('POST /mail', (response, number) => number === 1 && response.writeHead(401).end('{}'));
      const body = new FormData();
      body.append('subject', 'two\nlines "x"');
      body.append('to', 'a');
      body.append('to', 'b');
      body.append('file', new File([bytes], 'ảnh "1".png', { type: 'image/png' }));
      assert.equal((await session.request('/mail', { body })).status, 200);
      const uploads = received.filter(({ call }) => call === 'POST /mail');
      assert.equal(uploads.length, 2);
      for (const { body: sent, headers } of uploads) {
        const reader: { formData(): Promise<FormData> } = new Response(new Uint8Array(sent), {
          headers: { 'content-type': String(headers['content-type']) },
        });
        const form = await reader.formData();
        assert.equal(headers['content-length'], String(sent.length));
        assert.equal(form.get('subject'), 'two\nlines "x"');
        assert.deepEqual(form.getAll('to'), ['a', 'b']);
        const file: unknown = form.get('file');
        assert.ok(file instanceof File);
        assert.deepEqual([file.name, file.type], ['ảnh "1".png', 'image/png']);
        assert.ok(Buffer.from(await file.arrayBuffer()).equals(expected));
      }
    }));

  it('reaches BizMail with an attachment of 20 MB', async () => {
    await using sandbox = await startSandbox();
    const { credentials, ...profile } = sandbox.profiles.bizmail;
    await using session = await openSession(profile);
    await session.login({ ...credentials });
    const body = new FormData();
    for (const [name, value] of Object.entries({
      from: 'a@example.com',
      from_name: 'A',
      to: 'b@example.com',
      subject: 'S',
      text: 'T',
    }))
      body.append(name, value);
    body.append('attachments', new File([new Uint8Array(20_000_000)], 'report.pdf', { type: 'application/pdf' }));
    const { status, body: response } = await session.request('/api/1.0/mail/store', { body });
    assert.equal(status, 200, JSON.stringify(response));
  });

  it('is not encrypted for a partner that takes encrypted payloads', () => {
    const cipher = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
    const definition = definePartner({ ...plainPartner, requestBody: { form: 'encrypted', field: 'data' } });
    return withRawPartner({ partner: definition, cipher }, async ({ session, received }) => {
      await session.request('/file', { body: expected, contentType: 'application/pdf' });
      assert.ok(received.at(-1)?.body.equals(expected));
      await session.request('/pay', { payload: [1, 2] });
      const { data } = JSON.parse(String(received.at(-1)?.body)) as { data: string };
      assert.equal(createCipher(cipher).decrypt(data), '[1,2]');
    });
  });

  it('fails with the error of a stream that fails', () =>
    withRawPartner({}, async ({ session }) => {
      const body = Readable.from(
        (async function* () {
          yield await Promise.resolve('start');
          throw new RangeError('The disk is gone.');
        })(),
      );
      await assert.rejects(session.request('/upload', { body }), { name: 'RangeError', message: 'The disk is gone.' });
      await assert.rejects(session.request('/upload', { body: Readable.from([{ a: 1 }]) as never }), {
        name: 'TypeError',
        message: /must yield bytes or strings/,
      });
      assert.equal((await session.request('/next')).status, 200);
    }));

  it('is a stream that may fail before the call begins to read it', () =>
    withRawPartner({}, async ({ session }) => {
      const body = new Readable({ read: () => undefined });
      const call = catchError(session.request('/upload', { body }));
      // Without a listener of the session, this ends the process.
      body.destroy(new RangeError('The disk is gone.'));
      assert.equal(((await call) as Error).message, 'The disk is gone.');
    }));

  it('is a stream that is closed if the call fails before it reads it', async () => {
    await using session = await openSession({ partner: plainPartner, baseUrl: 'http://127.0.0.1:9' });
    const body = Readable.from(['never sent']);
    await assert.rejects(session.request('/upload', { body }), { code: 'signedOut' });
    assert.equal(body.destroyed, true);
    let isCancelled = false;
    const web = new ReadableStream({ cancel: () => void (isCancelled = true) });
    await assert.rejects(session.fetch('/upload', { method: 'POST', body: web, duplex: 'half' }), {
      code: 'signedOut',
    });
    assert.equal(isCancelled, true);
  });

  it('is a stream that is closed if the call is not made, and left open if its options are wrong', () =>
    withRawPartner({}, async ({ session, url, received }) => {
      const open = (): Readable => Readable.from(['never sent']);
      const signal = AbortSignal.abort();
      const calls = [
        (body: Readable) => session.request('/upload', { body, signal }),
        (body: Readable) => session.stream('/upload', { body, signal }),
        (body: Readable) => session.fetch(`${url}/upload`, { method: 'POST', body: body as never, signal }),
      ];
      for (const call of calls) {
        const body = open();
        await assert.rejects(call(body), /abort/i);
        assert.equal(body.destroyed, true);
      }
      const kept = open();
      await assert.rejects(session.request('/upload', { body: kept, timeout: -1 }), TypeError);
      assert.equal(kept.destroyed, false);
      await session.request('/upload', { body: kept });
      assert.equal(String(received.at(-1)?.body), 'never sent');
      await session.close();
      for (const call of [
        (body: Readable) => session.request('/upload', { body }),
        (body: Readable) => session.fetch(`${url}/upload`, { method: 'POST', body: body as never }),
      ]) {
        const body = open();
        await assert.rejects(call(body), { code: 'closed' });
        assert.equal(body.destroyed, true);
      }
    }));

  it('is a stream that is closed if the call ends while its next chunk is waited for', () =>
    withRawPartner({ signedIn: false }, async ({ url }) => {
      for (const partner of [
        plainPartner,
        { ...plainPartner, requestBody: { form: 'encrypted', field: 'data' } as const },
      ]) {
        const cipher = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
        await using other = await openSession({ partner, baseUrl: url, ...(partner !== plainPartner && { cipher }) });
        await other.login(plainCredentials);
        const calls = [
          (body: ReadableStream, signal: AbortSignal) => other.request('/upload', { body, signal }),
          (body: ReadableStream, signal: AbortSignal) => other.stream('/upload', { body, signal }),
          (body: ReadableStream, signal: AbortSignal) =>
            other.fetch('/upload', { method: 'POST', body, headers: { 'content-type': 'text/plain' }, signal }),
        ];
        for (const call of calls) {
          const controller = new AbortController();
          const { promise: cancelled, resolve } = Promise.withResolvers<undefined>();
          const body = new ReadableStream<Uint8Array>(
            {
              start: (stream) => stream.enqueue(Buffer.from('start')),
              // Called once the first chunk was taken.
              pull: () => controller.abort(),
              cancel: () => resolve(undefined),
            },
            { highWaterMark: 1 },
          );
          await assert.rejects(call(body, controller.signal), /abort/i);
          await cancelled;
        }
      }
    }));

  it('is a stream that may have failed before the call', () =>
    withRawPartner({}, async ({ session, received }) => {
      const body = new Readable({ read: () => undefined }).on('error', () => undefined);
      const failed = once(body, 'error');
      body.destroy(new RangeError('The disk is gone.'));
      await failed;
      await assert.rejects(session.request('/upload', { body }), { name: 'RangeError', message: 'The disk is gone.' });
      assert.ok(!received.some(({ call }) => call === 'POST /upload'));
    }));

  it('is a stream for one call', () =>
    withRawPartner({}, async ({ session, received }) => {
      const generator = (async function* () {
        yield await Promise.resolve('once');
      })();
      for (const body of [Readable.from(['once']), new Blob(['once']).stream(), generator]) {
        const first = session.request('/upload', { body });
        await assert.rejects(session.request('/upload', { body }), { name: 'TypeError', message: /already read/ });
        assert.equal((await first).status, 200);
        assert.equal(String(received.at(-1)?.body), 'once');
      }
    }));

  it('may have arrived if the connection breaks while a stream is sent', () =>
    withRawPartner({}, async ({ session, server }) => {
      server.removeAllListeners('request');
      server.on('request', ({ socket }) => socket.destroy());
      for (let call = 1; call <= 3; call++) {
        const body = (async function* () {
          for (;;) {
            await new Promise(setImmediate);
            yield Buffer.alloc(65_536);
          }
        })();
        await assert.rejects(session.request('/upload', { body }), {
          code: 'network',
          message: /The partner may have acted on the call/,
        });
      }
    }));

  it('need not be read to its end by the partner', () =>
    withRawPartner({}, async ({ session, server }) => {
      server.removeAllListeners('request');
      server.on('request', (_request, response) => response.writeHead(413).end('{"message":"too large"}'));
      let isEnded = false;
      const body = (async function* () {
        try {
          for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
        } finally {
          isEnded = true;
        }
      })();
      assert.equal((await session.request('/upload', { body })).status, 413);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isEnded, true);
    }));

  it('has the content type that is stated for it', () =>
    withRawPartner({}, async ({ session, received }) => {
      const type = async (options: RequestOptions): Promise<string | undefined> => {
        await session.request('/upload', options);
        return received.at(-1)?.headers['content-type'];
      };
      assert.equal(await type({ body: bytes, contentType: 'application/pdf' }), 'application/pdf');
      assert.equal(await type({ body: new Blob(['x'], { type: 'image/png' }), contentType: 'image/gif' }), 'image/gif');
      assert.equal(await type({ body: '<a/>', headers: { 'Content-Type': 'application/xml' } }), 'application/xml');
      assert.equal(await type({ payload: [], contentType: 'application/vnd.api+json' }), 'application/vnd.api+json');
      assert.equal(await type({ body: 'x', contentType: 'text/plain; charset=utf-8' }), 'text/plain; charset=utf-8');
    }));
});

const readAlready = async (): Promise<ReadableStream> => {
  const stream = webStream();
  for await (const _ of stream);
  return stream;
};
const locked = (): ReadableStream => {
  const stream = webStream();
  stream.getReader();
  return stream;
};
const destroyed = (): Readable => Readable.from(['x']).destroy();
const readOnce = async (): Promise<Readable> => {
  const stream = Readable.from(['x', 'y']);
  for await (const _ of stream) break;
  return stream;
};

const wasRead = await readAlready();
const wasReadByNode = await readOnce();

describe('options of request() that cannot be sent', () => {
  const refused: readonly (readonly [title: string, options: unknown, message: RegExp])[] = [
    ['a body together with a payload', { payload: {}, body: 'x' }, /^A request cannot have both a payload and a body/],
    ['an empty body together with a payload', { payload: [], body: '' }, /both a payload and a body/],
    ['a body for a GET', { method: 'GET', body: 'x' }, /^A GET request cannot have a body/],
    ['a payload for a GET', { method: 'GET', payload: {} }, /Pass it as `query`/],
    ['a stream that was read', { body: wasRead }, /^The body is a stream that was already read/],
    ['a stream that is being read', { body: locked() }, /^The body is a stream that was already read/],
    ['a stream of Node that was read', { body: wasReadByNode }, /^The body is a stream that was already read/],
    ['a stream of Node that was destroyed', { body: destroyed() }, /^The body is a stream that was already read/],
    ['an object as body', { body: { a: 1 } }, /^The body of a request must be .* as `payload`/],
    ['a list as body', { body: ['a'] }, /^The body of a request must be/],
    ['a number as body', { body: 7 }, /^The body of a request must be/],
    ['null as body', { body: null }, /^The body of a request must be/],
    ['a body with an unpaired surrogate', { body: '\ud800' }, /unpaired surrogate/],
    ['a content type without a body', { contentType: 'text/csv' }, /contentType of request\(\) requires a payload/],
    [
      'a content type that is not a media type',
      { body: 'x', contentType: 'pdf' },
      /contentType of request\(\) must be a media type/,
    ],
    ['a content type with a line break', { body: 'x', contentType: 'a/b\r\nX: y' }, /must be a media type/],
    ['a content type of FormData', { body: new FormData(), contentType: 'a/b' }, /contains its boundary/],
    [
      'the header Content-Type of FormData',
      { body: new FormData(), headers: { 'content-type': 'a/b' } },
      /set by the session/,
    ],
    ['two content types', { body: 'x', contentType: 'a/b', headers: { 'Content-Type': 'a/b' } }, /given twice/],
    ['a timeout of 0', { timeout: 0 }, /^The option timeout of request\(\) must be an integer from 1/],
    ['a timeout that is a string', { timeout: '5000' }, /^The option timeout of request/],
    ['an endless timeout', { timeout: Infinity }, /^The option timeout of request/],
    ['a negative maxResponseSize', { maxResponseSize: -1 }, /^The option maxResponseSize of request/],
    ['a maxResponseSize of 1 GiB', { maxResponseSize: 2 ** 30 }, /^The option maxResponseSize of request/],
    ['another expect', { expect: 'json' }, /^The option expect of request\(\) must be 'file'/],
    ['a Date in the query', { query: { at: new Date(0) } }, /^query\.at is a Date/],
    ['null in the query', { query: { a: null } }, /^query\.a is null/],
    ['undefined in the query', { query: { a: undefined } }, /^query\.a is undefined/],
    ['NaN in the query', { query: { a: NaN } }, /^query\.a is NaN/],
    ['an object in the query', { query: { a: { b: 1 } } }, /^query\.a is an object/],
    ['an object in a list of the query', { query: { a: [1, {}] } }, /^query\.a\.1 is an object/],
    ['an unpaired surrogate in the query', { query: { a: '\udc00' } }, /^query\.a has an unpaired surrogate/],
    ['a string as query', { query: 'a=b' }, /^query must be an object of fields or URLSearchParams, not a string/],
    ['a Map as query', { query: new Map() }, /^query must be an object of fields/],
  ];
  for (const [title, options, message] of refused) {
    for (const method of ['request', 'stream'] as const) {
      it(`are refused by ${method}() before anything is sent: ${title}`, () =>
        withRawPartner({}, async ({ session, received }) => {
          const before = received.length;
          await assert.rejects(session[method]('/x', options as object), { name: 'TypeError', message });
          assert.equal(received.length, before);
        }));
    }
  }

  it('are options of request() alone', () =>
    withRawPartner({}, async ({ session }) => {
      for (const name of ['body', 'query', 'timeout'])
        await assert.rejects(session.refresh({ [name]: 1 }), {
          name: 'TypeError',
          message: new RegExp(`no option "${name}"`),
        });
    }));
});

describe('the query of request()', () => {
  const sent = async (path: string, query: RequestOptions['query']): Promise<string> => {
    let call = '';
    await withRawPartner({}, async ({ session, calls }) => {
      await session.request(path, { query });
      call = calls().at(-1) ?? '';
    });
    return call;
  };

  it('is encoded and added to the path', async () => {
    assert.equal(
      await sent('/x', { q: 'a b&c=d/é+?#', n: 1.5, b: false, e: '' }),
      'GET /x?q=a%20b%26c%3Dd%2F%C3%A9%2B%3F%23&n=1.5&b=false&e=',
    );
    assert.equal(await sent('/x?a=1', { b: 2 }), 'GET /x?a=1&b=2');
    assert.equal(await sent('/x', { 'ids[]': [1, 2], none: [] }), 'GET /x?ids%5B%5D=1&ids%5B%5D=2');
    assert.equal(
      await sent(
        '/x',
        new URLSearchParams([
          ['a', '1'],
          ['a', 'b c'],
        ]),
      ),
      'GET /x?a=1&a=b%20c',
    );
    assert.equal(await sent('/x', {}), 'GET /x');
    assert.equal(await sent('/x', JSON.parse('{"__proto__":"b"}') as never), 'GET /x?__proto__=b');
  });

  it('is sent with a POST too', () =>
    withRawPartner({}, async ({ session, received }) => {
      await session.request('/x', { query: { a: 1 }, payload: [{ b: 2 }] });
      assert.deepEqual([received.at(-1)?.call, String(received.at(-1)?.body)], ['POST /x?a=1', '[{"b":2}]']);
    }));
});

describe('the limits of request()', () => {
  it('are 16 MiB for a call, or what it states, and 1 MiB for a login', () =>
    withRawPartner({}, async ({ session, on }) => {
      const size = 16 * 1024 * 1024;
      on('GET /large', (response) => response.end(Buffer.alloc(size)));
      on('GET /larger', (response) => response.end(Buffer.alloc(size + 1)));
      on('POST /login', (response) => response.end(Buffer.alloc(1024 * 1024 + 1)));
      assert.equal((await session.request('/large')).bytes.length, size);
      const error = (await catchError(session.request('/larger'))) as Error & { code: string };
      assert.equal(error.code, 'responseTooLarge');
      assert.match(error.message, /larger than 16 MiB .* Raise `maxResponseSize`, or use `stream\(\)`/);
      assert.equal((await session.request('/larger', { maxResponseSize: size + 1 })).bytes.length, size + 1);
      assert.match(
        ((await catchError(session.request('/large', { maxResponseSize: 1000 }))) as Error).message,
        /larger than 1000 bytes/,
      );
      assert.match(
        ((await catchError(session.login({ user: 'a', password: 'b' }))) as Error).message,
        /larger than 1 MiB/,
      );
    }));

  it('include a timeout for the call alone', () =>
    withRawPartner({ timeout: 60_000 }, async ({ session, on }) => {
      on('GET /slow', () => true);
      const error = (await catchError(session.request('/slow', { timeout: 30 }))) as { code?: string };
      assert.equal(error.code, 'timeout');
      assert.equal((await session.request('/next')).status, 200);
    }));
});
