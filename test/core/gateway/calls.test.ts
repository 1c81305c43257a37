import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createCipher, definePartner, type CipherSettings } from '../../../core/index.ts';
import { startGateway } from '../../../core/gateway/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { jsonType, sendBytes, sendRaw } from '../../helpers/send-raw.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { withSession } from '../../helpers/with-session.ts';

const query = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 };
const qr = { method: 'POST', path: '/openapi/v1/transaction/qr', headers: jsonType, body: JSON.stringify(query) };

const key: CipherSettings = { key: Buffer.alloc(32, 7), iv: { from: 'key' } };
const encrypting = definePartner({
  ...plainPartner,
  requestBody: { form: 'encrypted', field: 'data' },
  response: { ...plainPartner.response, encryptedIn: 'data' },
});
const multipart = definePartner({ ...plainPartner, requestBody: { form: 'multipart' } });

describe('a call through the gateway', () => {
  it('reaches TCONNECT encrypted, with its headers and the token, and returns plain JSON', () =>
    withSession({}, async ({ session, sandbox }) => {
      await using gateway = await startGateway(session);
      const { status, headers, text } = await sendRaw(gateway.url, qr);
      assert.equal(status, 200);
      assert.match(headers['content-type'] ?? '', /^application\/json/);
      assert.equal((JSON.parse(text) as { limit: number }).limit, 10);
      assert.equal(headers['x-partner-auth-error'], undefined);
      const entry = sandbox.journal.at(-1);
      assert.deepEqual(entry?.payload, query);
      assert.doesNotMatch(entry.body, /from_date/);
      assert.equal(entry.headers['partner-code'], sandbox.profiles.tconnect.partnerCode);
      assert.match(entry.headers.authorization ?? '', /^Bearer ey/);
    }));

  it('returns an encrypted response decrypted', () =>
    withSession(
      { sandbox: { tconnectResponse: 'encrypted' }, session: { response: { encryptedIn: 'data' } } },
      async ({ session }) => {
        await using gateway = await startGateway(session);
        const { status, headers, text } = await sendRaw(gateway.url, qr);
        assert.equal(status, 200);
        assert.equal((JSON.parse(text) as { page: number }).page, 1);
        assert.equal(headers['content-length'], String(Buffer.byteLength(text)));
      },
    ));

  it('returns an encrypted error decrypted, with its status', () =>
    withRawPartner({ partner: encrypting, cipher: key }, async ({ session, on }) => {
      const data = createCipher(key).encrypt('{"code":"NO_ORDER"}');
      on('POST /orders', (response) => response.writeHead(404, jsonType).end(JSON.stringify({ data })));
      await using gateway = await startGateway(session);
      const { status, text } = await sendRaw(gateway.url, {
        method: 'POST',
        path: '/orders',
        headers: jsonType,
        body: '{}',
      });
      assert.deepEqual([status, text], [404, '{"code":"NO_ORDER"}']);
    }));

  it('encrypts the text of the caller, with numbers that JavaScript cannot represent', () =>
    withRawPartner({ partner: encrypting, cipher: key }, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      const body = '{ "id": 12345678901234567890, "price": 1.10 }';
      await sendRaw(gateway.url, { method: 'POST', path: '/orders', headers: jsonType, body });
      const { data } = JSON.parse(String(received.at(-1)?.body)) as { data: string };
      assert.equal(createCipher(key).decrypt(data), body);
    }));

  it('passes on JSON as it is to a partner that takes JSON', () =>
    withRawPartner({}, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      const body = '{ "id": 12345678901234567890 }';
      await sendRaw(gateway.url, { method: 'PUT', path: '/orders/1', headers: jsonType, body });
      const call = received.at(-1);
      assert.deepEqual([call?.call, String(call?.body)], ['PUT /orders/1', body]);
      assert.equal(call?.headers['content-type'], 'application/json');
    }));

  it('makes multipart of JSON for a partner that takes it', () =>
    withRawPartner({ partner: multipart }, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      const body = '{"to":["a@example.com","b@example.com"],"text":"Xin chào"}';
      await sendRaw(gateway.url, { method: 'POST', path: '/mail', headers: jsonType, body });
      const call = received.at(-1);
      assert.match(call?.headers['content-type'] ?? '', /^multipart\/form-data; boundary=/);
      assert.equal([...String(call?.body).matchAll(/name="to"/g)].length, 2);
      assert.match(String(call?.body), /name="text"\r\n\r\nXin chào\r\n/);
    }));

  it('makes a form of JSON for a partner that takes it, and passes on a form as it is', () => {
    const partner = definePartner({ ...plainPartner, requestBody: { form: 'urlencoded' } });
    return withRawPartner({ partner }, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      await sendRaw(gateway.url, { method: 'POST', path: '/a', headers: jsonType, body: '{"a":1,"b":"é"}' });
      await sendRaw(gateway.url, { method: 'POST', path: '/a', headers, body: 'a=1&b=%c3%a9' });
      const [made, passed] = received.slice(-2);
      assert.deepEqual([String(made?.body), String(passed?.body)], ['a=1&b=%C3%A9', 'a=1&b=%c3%a9']);
      for (const call of [made, passed])
        assert.match(call?.headers['content-type'] ?? '', /^application\/x-www-form-urlencoded/);
    });
  });

  it('refuses JSON that multipart cannot carry, and numbers that would change in it', () =>
    withRawPartner({ partner: multipart }, async ({ session, calls }) => {
      await using gateway = await startGateway(session);
      for (const [body, message] of [
        ['{"to":null}', /payload\.to is null/],
        ['{"id":12345678901234567890}', /above 2\^53/],
        ['[1]', /must be an object/],
        ['"text"', /must be an object/],
      ] as const) {
        const response = await sendRaw(gateway.url, { method: 'POST', path: '/mail', headers: jsonType, body });
        assert.deepEqual([response.status, response.headers['x-partner-auth-error']], [400, 'invalidRequest']);
        assert.match(response.text, message);
      }
      assert.deepEqual(calls(), ['POST /login']);
    }));

  const form = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n\xff\xfe\r\n--b--\r\n';
  const unchanged: [string, string, Buffer][] = [
    ['a form with files', 'multipart/form-data; boundary=b', Buffer.from(form, 'latin1')],
    ['bytes', 'application/octet-stream', randomBytes(100_000)],
    ['a file', 'application/pdf', Buffer.from('%PDF-1.7')],
  ];
  for (const [what, type, body] of unchanged) {
    for (const [kind, partner] of Object.entries({ JSON: plainPartner, multipart, 'encrypted JSON': encrypting })) {
      it(`passes on ${what} as it is to a partner that takes ${kind}`, () =>
        withRawPartner({ partner, cipher: key }, async ({ session, received }) => {
          await using gateway = await startGateway(session);
          await sendRaw(gateway.url, { method: 'POST', path: '/upload', headers: { 'content-type': type }, body });
          const call = received.at(-1) as (typeof received)[number];
          assert.ok(call.body.equals(body));
          assert.equal(call.headers['content-type'], type);
          assert.equal(call.headers['content-length'], String(body.length));
          assert.equal(call.headers.authorization, 'Bearer access-1');
        }));
    }
  }

  for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
    it(`passes on ${type} to a partner that takes JSON`, () =>
      withRawPartner({}, async ({ session, received }) => {
        await using gateway = await startGateway(session);
        await sendRaw(gateway.url, { method: 'POST', path: '/a', headers: { 'content-type': type }, body: 'a=1&b=2' });
        assert.deepEqual([String(received.at(-1)?.body), received.at(-1)?.headers['content-type']], ['a=1&b=2', type]);
      }));
  }

  for (const type of ['application/x-www-form-urlencoded', 'text/plain;charset=UTF-8', undefined]) {
    it(`is refused with the content type ${type} if the partner takes encrypted JSON`, () =>
      withRawPartner({ partner: encrypting, cipher: key }, async ({ session, calls }) => {
        await using gateway = await startGateway(session);
        const headers = type === undefined ? {} : { 'content-type': type };
        const {
          status,
          headers: received,
          text,
        } = await sendRaw(gateway.url, { method: 'POST', path: '/a', headers, body: '{}' });
        assert.deepEqual([status, received['x-partner-auth-error']], [415, 'unsupportedBody']);
        assert.match(text, /Content-Type: application\/json/);
        assert.deepEqual(calls(), ['POST /login']);
      }));
  }

  it('encrypts a form for a partner that takes an encrypted query string, and JSON as its fields', () => {
    const partner = definePartner({
      ...encrypting,
      requestBody: { form: 'encrypted', field: 'data', payload: 'query' },
    });
    return withRawPartner({ partner, cipher: key }, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      const decrypted = (): string =>
        createCipher(key).decrypt((JSON.parse(String(received.at(-1)?.body)) as { data: string }).data);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      await sendRaw(gateway.url, { method: 'POST', path: '/a', headers, body: 'b=2&a=%C3%A9' });
      assert.equal(decrypted(), 'b=2&a=%C3%A9');
      await sendRaw(gateway.url, { method: 'POST', path: '/a', headers: jsonType, body: '{"b":2,"a":"é"}' });
      assert.equal(decrypted(), 'b=2&a=%C3%A9');
    });
  });

  for (const body of ['{', 'a=1', '\xff', '{"a":1}x']) {
    it(`refuses ${JSON.stringify(body)} as JSON`, () =>
      withRawPartner({ partner: encrypting, cipher: key }, async ({ session, calls }) => {
        await using gateway = await startGateway(session);
        const { status, headers } = await sendRaw(gateway.url, {
          ...{ method: 'POST', path: '/a', headers: jsonType },
          body: Buffer.from(body, 'latin1'),
        });
        assert.deepEqual([status, headers['x-partner-auth-error']], [400, 'invalidRequest']);
        assert.deepEqual(calls(), ['POST /login']);
      }));
  }

  it('accepts JSON with a byte order mark, and JSON of another media type', () =>
    withRawPartner({ partner: encrypting, cipher: key }, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      for (const type of ['application/json; charset=utf-8', 'application/vnd.api+json', 'text/json']) {
        const headers = { 'content-type': type };
        const { status } = await sendRaw(gateway.url, { method: 'POST', path: '/a', headers, body: '\ufeff{"a":1}' });
        assert.equal(status, 200);
        const { data } = JSON.parse(String(received.at(-1)?.body)) as { data: string };
        assert.equal(createCipher(key).decrypt(data), '{"a":1}');
      }
    }));

  it('may have no body', () =>
    withRawPartner({ partner: encrypting, cipher: key }, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      for (const headers of [{}, { 'content-length': '0' }, jsonType]) {
        assert.equal((await sendRaw(gateway.url, { method: 'POST', path: '/a', headers })).status, 200);
        assert.equal(received.at(-1)?.body.length, 0);
      }
    }));

  it('is refused as a GET with a body', () =>
    withRawPartner({}, async ({ session }) => {
      await using gateway = await startGateway(session);
      const response = await sendRaw(gateway.url, { path: '/a', headers: jsonType, body: '{}' });
      assert.deepEqual([response.status, response.headers['x-partner-auth-error']], [400, 'invalidRequest']);
      assert.match(response.text, /A GET request cannot have a body/);
    }));

  it('is refused with a body over the limit, whether its length is stated or not', () =>
    withRawPartner({}, async ({ session, calls }) => {
      await using gateway = await startGateway(session, { maxBodySize: 1000 });
      const body = Buffer.alloc(1001, 'x');
      const stated = await sendRaw(gateway.url, { method: 'POST', path: '/a', body });
      assert.deepEqual([stated.status, stated.headers['x-partner-auth-error']], [413, 'bodyTooLarge']);
      const chunked = await fetch(`${gateway.url}/a`, {
        method: 'POST',
        body: new Blob([body]).stream(),
        duplex: 'half',
      });
      assert.deepEqual([chunked.status, chunked.headers.get('x-partner-auth-error')], [413, 'bodyTooLarge']);
      await chunked.text();
      assert.equal((await sendRaw(gateway.url, { method: 'POST', path: '/a', body: body.subarray(1) })).status, 200);
      assert.deepEqual(calls(), ['POST /login', 'POST /a']);
    }));

  for (const length of ['stated', 'not stated'] as const)
    it(`gets its refusal once it has sent all of its body, whose length is ${length}`, () =>
      withRawPartner({}, async ({ session }) => {
        const maxBodySize = 1000;
        await using gateway = await startGateway(session, { maxBodySize });
        const { host, port, pathname } = new URL(gateway.url);
        const size = 8 * 1024 * 1024;
        const [field, start, end] =
          length === 'stated'
            ? [`Content-Length: ${size}`, '', '']
            : ['Transfer-Encoding: chunked', `${size.toString(16)}\r\n`, '\r\n0\r\n\r\n'];
        for (const [path, status] of [
          [`${pathname}/orders`, 413],
          ['/no-secret', 403],
        ] as const) {
          const head = [`POST ${path} HTTP/1.1`, `Host: ${host}`, field, 'Connection: close'].join('\r\n');
          const text = await sendBytes(Number(port), `${head}\r\n\r\n${start}${'x'.repeat(size)}${end}`, true);
          assert.match(text, new RegExp(`^HTTP/1.1 ${status} .*"retryable":false}$`, 's'));
        }
      }));

  for (const header of ['content-encoding', 'transfer-encoding']) {
    it(`is refused with a compressed body, by ${header}, that would have to be read`, () =>
      withRawPartner({ partner: encrypting, cipher: key }, async ({ session, calls }) => {
        await using gateway = await startGateway(session);
        const coding = header === 'transfer-encoding' ? 'gzip, chunked' : 'gzip';
        const { status, headers, text } = await sendRaw(gateway.url, {
          method: 'POST',
          path: '/orders',
          headers: { ...jsonType, [header]: coding },
          ...(header === 'content-encoding' ? { body: gzipSync('{}') } : { chunked: gzipSync('{}') }),
        });
        assert.deepEqual([status, headers['x-partner-auth-error']], [415, 'unsupportedBody']);
        assert.match(text, /cannot decompress/);
        assert.deepEqual(calls(), ['POST /login']);
      }));
  }

  it('is passed on with a compressed body to a partner that takes it as it is', () =>
    withRawPartner({}, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      const body = gzipSync('{"a":1}');
      const headers = { ...jsonType, 'content-encoding': 'gzip' };
      assert.equal((await sendRaw(gateway.url, { method: 'POST', path: '/orders', headers, body })).status, 200);
      assert.deepEqual(received.at(-1)?.body, body);
      assert.equal(received.at(-1)?.headers['content-encoding'], 'gzip');
    }));

  it('has its query, and the headers of the caller except those of its connection', () =>
    withRawPartner({}, async ({ session, received }) => {
      await using gateway = await startGateway(session);
      await sendRaw(gateway.url, {
        path: '/orders?a=1&b=%2F..%2F&c=//x',
        headers: {
          ...{
            'x-trace': 't-1',
            'accept-language': 'vi',
            accept: 'application/pdf',
            cookie: 'a=b',
            'user-agent': 'curl/8',
          },
          ...{ connection: 'keep-alive, x-hop', 'x-hop': 'no', te: 'trailers', 'proxy-authorization': 'Basic x' },
          ...{ referer: 'http://127.0.0.1/', 'accept-encoding': 'gzip' },
        },
      });
      const { call, headers } = received.at(-1) as (typeof received)[number];
      assert.equal(call, 'GET /orders?a=1&b=%2F..%2F&c=//x');
      assert.equal(headers.authorization, 'Bearer access-1');
      for (const [name, value] of Object.entries({
        'x-trace': 't-1',
        'accept-language': 'vi',
        accept: 'application/pdf',
      }))
        assert.equal(headers[name], value);
      assert.deepEqual([headers.cookie, headers['user-agent']], ['a=b', 'curl/8']);
      for (const name of ['x-hop', 'te', 'proxy-authorization', 'referer'])
        assert.equal(headers[name], undefined, name);
      assert.notEqual(headers.host, new URL(gateway.url).host);
    }));

  it('is refused with a header that cannot be sent', () =>
    withRawPartner({}, async ({ session, calls }) => {
      await using gateway = await startGateway(session);
      const response = await sendRaw(gateway.url, { path: '/a', headers: { 'x-name': 'caf\xe9' } });
      assert.deepEqual([response.status, response.headers['x-partner-auth-error']], [400, 'invalidRequest']);
      assert.deepEqual(calls(), ['POST /login']);
    }));

  it('returns the status, headers and bytes of the partner', () =>
    withRawPartner({}, async ({ session, on }) => {
      const file = randomBytes(300_000);
      on('GET /file', (response) => {
        response.writeHead(203, {
          ...{
            'content-type': 'application/pdf',
            'content-length': file.length,
            etag: '"1"',
            'set-cookie': ['a=1', 'b=2'],
          },
          ...{ 'x-request-id': 'r-1', 'keep-alive': 'timeout=1', 'alt-svc': 'h3=":443"' },
        });
        response.end(file);
      });
      await using gateway = await startGateway(session);
      const { status, headers, bytes } = await sendRaw(gateway.url, { path: '/file' });
      assert.equal(status, 203);
      assert.ok(bytes.equals(file));
      assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
      assert.deepEqual([headers.etag, headers['x-request-id'], headers['content-length']], ['"1"', 'r-1', '300000']);
      assert.equal(headers['alt-svc'], undefined);
    }));

  for (const status of [301, 304, 400, 403, 404, 409, 422, 429, 451, 500, 503]) {
    it(`returns the partner's ${status} as it is`, () =>
      withRawPartner({}, async ({ session, on }) => {
        const headers = { ...jsonType, 'retry-after': '120', location: 'https://partner.example/b' };
        on('POST /orders', (response) => response.writeHead(status, headers).end(status === 304 ? '' : '{"code":"X"}'));
        await using gateway = await startGateway(session);
        const response = await sendRaw(gateway.url, { method: 'POST', path: '/orders', headers: jsonType, body: '{}' });
        assert.deepEqual([response.status, response.text], [status, status === 304 ? '' : '{"code":"X"}']);
        assert.deepEqual([response.headers['retry-after'], response.headers.location], ['120', headers.location]);
        assert.equal(response.headers['x-partner-auth-error'], undefined);
      }));
  }

  it('responds to HEAD with the headers alone', () =>
    withRawPartner({}, async ({ session, on, calls }) => {
      on('HEAD /file', (response) =>
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': 5000 }).end(),
      );
      await using gateway = await startGateway(session);
      const { status, headers, bytes } = await sendRaw(gateway.url, { method: 'HEAD', path: '/file' });
      assert.deepEqual([status, headers['content-length'], bytes.length], [200, '5000', 0]);
      assert.equal(calls().at(-1), 'HEAD /file');
    }));

  it('is streamed: its start arrives before its end exists', () =>
    withRawPartner({}, async ({ session, on }) => {
      const finish = Promise.withResolvers<undefined>();
      on('GET /events', (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
        void finish.promise.then(() => response.end('data: 2\n\n'));
      });
      await using gateway = await startGateway(session);
      const { body } = await fetch(`${gateway.url}/events`);
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'data: 1\n\n');
      finish.resolve(undefined);
      assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'data: 2\n\n');
      assert.equal((await reader.read()).done, true);
    }));

  it('may return more than the memory limit of calls', () =>
    withRawPartner({}, async ({ session, on }) => {
      const piece = randomBytes(1024 * 1024);
      on('GET /file', async (response) => {
        response.writeHead(200, { 'content-type': 'video/mp4' });
        for (let count = 0; count < 40; count++)
          if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
        response.end();
      });
      await using gateway = await startGateway(session);
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of (await fetch(`${gateway.url}/file`)).body as ReadableStream<Uint8Array>) {
        hash.update(chunk);
        size += chunk.length;
      }
      const expected = createHash('sha256');
      for (let count = 0; count < 40; count++) expected.update(piece);
      assert.deepEqual([size, hash.digest('hex')], [40 * 1024 * 1024, expected.digest('hex')]);
    }));

  it('closes the connection if the response of the partner breaks off', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /file', (response) => {
        response.writeHead(200, { 'content-type': 'image/png' }).write('start', () => response.destroy());
      });
      await using gateway = await startGateway(session);
      const response = await fetch(`${gateway.url}/file`);
      await assert.rejects(response.arrayBuffer());
    }));

  it('aborts the call to the partner if the client goes', () =>
    withRawPartner({}, async ({ session, on }) => {
      const started = Promise.withResolvers<undefined>();
      const closed = Promise.withResolvers<undefined>();
      on('GET /slow', (response) => {
        response.once('close', () => closed.resolve(undefined));
        started.resolve(undefined);
      });
      await using gateway = await startGateway(session);
      const controller = new AbortController();
      const call = fetch(`${gateway.url}/slow`, { signal: controller.signal }).catch(() => undefined);
      await started.promise;
      controller.abort();
      await Promise.all([call, closed.promise]);
    }));

  it('refreshes a refused token once, and repeats the call with its body', () =>
    withRawPartner({ partner: encrypting, cipher: key }, async ({ session, on, calls, received }) => {
      on('POST /orders', (response, number) => {
        if (number > 1) return false;
        return response.writeHead(401, jsonType).end('{"code":"BAD_TOKEN"}');
      });
      await using gateway = await startGateway(session);
      const { status } = await sendRaw(gateway.url, {
        method: 'POST',
        path: '/orders',
        headers: jsonType,
        body: '{"a":1}',
      });
      assert.equal(status, 200);
      assert.deepEqual(calls(), ['POST /login', 'POST /orders', 'POST /refresh', 'POST /orders']);
      assert.equal(String(received.at(-1)?.body), String(received.at(1)?.body));
      assert.equal(received.at(-1)?.headers.authorization, 'Bearer access-2');
    }));

  it("returns the partner's 401 if a new token is refused too", () =>
    withRawPartner({}, async ({ session, on, calls }) => {
      on('GET /orders', (response) =>
        response.writeHead(401, { ...jsonType, 'www-authenticate': 'Bearer' }).end('{"code":"BAD_TOKEN"}'),
      );
      await using gateway = await startGateway(session);
      const { status, headers, text } = await sendRaw(gateway.url, { path: '/orders' });
      assert.deepEqual([status, text, headers['www-authenticate']], [401, '{"code":"BAD_TOKEN"}', 'Bearer']);
      assert.equal(headers['x-partner-auth-error'], undefined);
      assert.deepEqual(calls(), ['POST /login', 'GET /orders', 'POST /refresh', 'GET /orders']);
    }));

  it('uses the connections of the client and of the partner again', () =>
    withRawPartner({}, async ({ session, connections }) => {
      await using gateway = await startGateway(session);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ports = new Set<number | undefined>();
      agent.on('free', (socket: { localPort?: number }) => ports.add(socket.localPort));
      const before = connections();
      for (let count = 0; count < 20; count++) await sendRaw(gateway.url, { path: '/orders', agent });
      agent.destroy();
      assert.equal(ports.size, 1);
      assert.ok(connections() - before <= 1);
    }));
});
