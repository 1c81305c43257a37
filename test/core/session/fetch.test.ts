import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import axios from 'axios';
import createClient from 'openapi-fetch';
import { createCipher, definePartner, isPartnerAuthError, openSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const cipher = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
const { encrypt, decrypt } = createCipher(cipher);

const encrypting = definePartner({
  ...plainPartner,
  headers: { 'X-Partner': 'acme' },
  requestBody: { form: 'encrypted', field: 'data' },
  response: { ...plainPartner.response, encryptedIn: 'data' },
});

const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);

describe('session.fetch', () => {
  it('makes a call with the access token, and returns a Response', () =>
    withRawPartner({}, async ({ session, url, received, on }) => {
      on('GET /orders?page=2', (response) =>
        response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] }).end('{"id":7}'),
      );
      const { fetch } = session;
      const inputs: Parameters<typeof fetch>[] = [
        [`${url}/orders?page=2`],
        [new URL('/orders?page=2#top', url)],
        [new Request(`${url}/orders?page=2`)],
        ['/orders?page=2'],
        [`${url}/orders?page=2`, { headers: new Headers({ accept: 'text/plain' }) }],
      ];
      for (const input of inputs) {
        const response = await fetch(...input);
        assert.ok(response instanceof Response);
        assert.deepEqual([response.status, response.ok, response.url], [201, true, `${url}/orders?page=2`]);
        assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
        const copies = [response.clone().clone(), response];
        for (const copy of copies) assert.deepEqual([copy.url, await copy.json()], [response.url, { id: 7 }]);
        assert.equal(received.at(-1)?.headers.authorization, 'Bearer access-1');
      }
      assert.equal(received.at(-1)?.headers.accept, 'text/plain');
    }));

  const form = new FormData();
  form.append('file', new File([bytes], 'a.png', { type: 'image/png' }));
  const bodies: readonly (readonly [
    title: string,
    make: () => RequestInit['body'],
    type: RegExp,
    replayed: boolean,
  ])[] = [
    ['a string', () => 'text', /^text\/plain/, true],
    ['bytes', () => bytes, /^application\/octet-stream$/, true],
    ['a Blob', () => new Blob([bytes], { type: 'image/gif' }), /^image\/gif$/, true],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b' }), /^application\/x-www-form-urlencoded/, true],
    ['FormData', () => form, /^multipart\/form-data; boundary=/, true],
    ['a stream', () => new Blob([bytes]).stream(), /^application\/octet-stream$/, false],
  ];
  for (const [title, make, type, replayed] of bodies) {
    it(`sends ${title}, and ${replayed ? 'sends it again' : 'does not send it again'} if the token is refused`, () =>
      withRawPartner({}, async ({ session, url, received, on }) => {
        on('PUT /upload', (response, number) => number === 1 && response.writeHead(401).end('{}'));
        const init = { method: 'PUT', body: make(), duplex: 'half' } as RequestInit;
        assert.equal((await session.fetch(`${url}/upload`, init)).status, replayed ? 200 : 401);
        const uploads = received.filter(({ call }) => call === 'PUT /upload');
        assert.equal(uploads.length, replayed ? 2 : 1);
        const sent = await new Response(make()).blob();
        for (const { body, headers } of uploads) {
          assert.match(headers['content-type'] ?? '', type);
          if (title !== 'FormData') assert.ok(body.equals(Buffer.from(await sent.arrayBuffer())));
          else assert.ok(body.includes(Buffer.from(bytes)));
        }
      }));
  }

  it('sends the body of a Request again', () =>
    withRawPartner({}, async ({ session, url, received, on }) => {
      on('POST /orders', (response, number) => number === 1 && response.writeHead(401).end('{}'));
      const request = new Request(`${url}/orders`, {
        method: 'POST',
        body: '{"a":1}',
        headers: { 'content-type': 'application/json' },
      });
      assert.equal((await session.fetch(request)).status, 200);
      const last = received.at(-1);
      assert.deepEqual(
        [String(last?.body), last?.headers['content-type'], last?.headers.authorization],
        ['{"a":1}', 'application/json', 'Bearer access-2'],
      );
    }));

  it('encrypts text, decrypts the response, and sends anything else as it is', () =>
    withRawPartner({ partner: encrypting, cipher }, async ({ session, url, received, on }) => {
      const text = '{"id":9007199254740993,"note":"chào"}';
      on('POST /pay', (response) => {
        response.writeHead(200, { 'content-type': 'application/json; charset=iso-8859-1' });
        response.end(JSON.stringify({ data: encrypt(text) }));
      });
      for (const headers of [
        { 'content-type': 'application/json' },
        {},
        { 'content-type': 'application/merge-patch+json; charset=utf-8' },
      ]) {
        const response = await session.fetch(`${url}/pay`, { method: 'POST', body: text, headers });
        assert.equal(await response.text(), text);
        assert.equal(response.headers.get('content-type'), 'application/json');
        const last = received.at(-1);
        assert.deepEqual([last?.headers['content-type'], last?.headers['x-partner']], ['application/json', 'acme']);
        assert.equal(decrypt((JSON.parse(String(last?.body)) as { data: string }).data), text);
      }
      await session.fetch(`${url}/upload`, { method: 'POST', body: bytes, headers: { 'content-type': 'image/png' } });
      assert.ok(received.at(-1)?.body.equals(Buffer.from(bytes)) === true);
      on('POST /pay', (response) => response.end(JSON.stringify({ data: 'AAAA' })));
      const error = await catchError(session.fetch(`${url}/pay`, { method: 'POST', body: text }));
      assert.ok(isPartnerAuthError(error));
      assert.equal(error.code, 'cipher');
    }));

  const json = { 'content-type': 'application/json' };
  const text = '{"note":"chào"}';
  const encoded = new TextEncoder().encode(text);
  const forms: readonly (readonly [title: string, init: () => object, isEncrypted: boolean])[] = [
    ['bytes without a content type', () => ({ body: bytes }), false],
    ['bytes of text without a content type', () => ({ body: encoded }), false],
    ['bytes of JSON', () => ({ body: encoded, headers: json }), true],
    ['a Blob of JSON', () => ({ body: new Blob([text], { type: 'application/json' }) }), true],
    ['a Blob without a type', () => ({ body: new Blob([text]) }), false],
    ['a Blob of a picture', () => ({ body: new Blob([text], { type: 'image/png' }) }), false],
    [
      'a Blob with the type of a header',
      () => ({ body: new Blob([text], { type: 'image/png' }), headers: json }),
      true,
    ],
    ['a stream of JSON', () => ({ body: new Blob([text]).stream(), headers: json }), true],
    [
      'a stream of Node with JSON',
      () => ({ body: Readable.from([text.slice(0, 9), text.slice(9)]), headers: json }),
      true,
    ],
    ['a stream without a content type', () => ({ body: new Blob([text]).stream() }), false],
    ['URLSearchParams', () => ({ body: new URLSearchParams({ a: 'b' }) }), true],
    ['FormData', () => ({ body: form }), false],
  ];
  for (const [title, init, isEncrypted] of forms) {
    it(`${isEncrypted ? 'encrypts' : 'does not encrypt'} ${title} for a partner that takes encrypted payloads`, () =>
      withRawPartner({ partner: encrypting, cipher }, async ({ session, url, received, on }) => {
        on('POST /pay', (response, number) => number === 1 && response.writeHead(401).end('{}'));
        const { body } = init() as RequestInit;
        const sent = Buffer.from(await new Response(body).arrayBuffer());
        await session.fetch(`${url}/pay`, { method: 'POST', duplex: 'half', ...init() });
        const last = received.at(-1);
        if (isEncrypted) {
          assert.equal(last?.headers.authorization, 'Bearer access-2', 'it can be sent again');
          assert.equal(decrypt((JSON.parse(String(last.body)) as { data: string }).data), String(sent));
        } else if (title === 'FormData') assert.ok(last?.body.includes(Buffer.from(bytes)) === true);
        else assert.ok(received.findLast(({ call }) => call === 'POST /pay')?.body.equals(sent) === true);
      }));
  }

  for (const [title, body] of [
    ['bytes', bytes],
    ['a Blob', new Blob([bytes])],
    ['a stream', new Blob([bytes]).stream()],
  ] as const) {
    it(`refuses ${title} whose content type is text and which are not UTF-8, before they are encrypted`, () =>
      withRawPartner({ partner: encrypting, cipher }, async ({ session, url, calls }) => {
        const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'text/plain' } } as RequestInit;
        await assert.rejects(session.fetch(`${url}/pay`, init), { name: 'TypeError', message: /not text in UTF-8/ });
        assert.ok(!calls().includes('POST /pay'));
      }));
  }

  it('has no options if they are null, as fetch()', () =>
    withRawPartner({}, async ({ session, url, calls }) => {
      assert.equal((await session.fetch(`${url}/x`, null as never)).status, 200);
      assert.equal(calls().at(-1), 'GET /x');
    }));

  it('encrypts JSON for a partner that takes an encrypted query string', () => {
    const definition = definePartner({
      ...plainPartner,
      requestBody: { form: 'encrypted', field: 'data', payload: 'query' },
    });
    return withRawPartner({ partner: definition, cipher }, async ({ session, url, received }) => {
      for (const body of ['{"a":1,"b":"x y"}', new URLSearchParams({ a: '1', b: 'x y' })]) {
        await session.fetch(`${url}/pay`, { method: 'POST', body });
        assert.equal(decrypt((JSON.parse(String(received.at(-1)?.body)) as { data: string }).data), 'a=1&b=x+y');
      }
    });
  });

  it('passes on HEAD and OPTIONS, and a response without a body', () =>
    withRawPartner({}, async ({ session, url, on, calls }) => {
      on('HEAD /file', (response) => response.writeHead(200, { 'content-length': '7' }).end());
      on('DELETE /file', (response) => response.writeHead(204).end());
      const head = await session.fetch(`${url}/file`, { method: 'HEAD' });
      assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '7', '']);
      const deleted = await session.fetch(`${url}/file`, { method: 'delete' });
      assert.deepEqual([deleted.status, deleted.body], [204, null]);
      assert.equal((await session.fetch(`${url}/file`, { method: 'OPTIONS' })).status, 200);
      assert.deepEqual(calls().slice(-3), ['HEAD /file', 'DELETE /file', 'OPTIONS /file']);
      for (const type of ['text/csv', 'application/json']) {
        for (const encoding of ['gzip', 'zstd']) {
          on('HEAD /compressed', (response) =>
            response.writeHead(200, { 'content-type': type, 'content-encoding': encoding }).end(),
          );
          const { status, body } = await session.fetch(`${url}/compressed`, { method: 'HEAD' });
          assert.deepEqual([status, body], [200, null]);
        }
      }
    }));

  it('returns a redirect, or rejects it if it is to be an error', () =>
    withRawPartner({}, async ({ session, url, on, calls }) => {
      on('GET /old', (response) => response.writeHead(302, { location: `${url}/stolen` }).end());
      assert.equal((await session.fetch(`${url}/old`)).status, 302);
      await assert.rejects(session.fetch(`${url}/old`, { redirect: 'error' }), TypeError);
      assert.ok(!calls().some((call) => call.includes('stolen')));
    }));

  it('rejects with the reason of its signal', () =>
    withRawPartner({}, async ({ session, url, on }) => {
      on('GET /silent', () => true);
      const controller = new AbortController();
      const call = catchError(session.fetch(`${url}/silent`, { signal: controller.signal }));
      controller.abort();
      assert.equal(((await call) as Error).name, 'AbortError');
      const reason = new RangeError('my own');
      assert.equal(
        await catchError(session.fetch(new Request(`${url}/x`, { signal: AbortSignal.abort(reason) }))),
        reason,
      );
    }));

  it('ends the reading of the body by its signal, whatever was collected meanwhile', () =>
    withRawPartner({}, async ({ session, url, on }) => {
      on('GET /endless', (response) => {
        response.writeHead(200, { 'content-type': 'text/csv' }).write('1;2');
        return true;
      });
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      for (const reason of [undefined, new RangeError('my own')]) {
        const controller = new AbortController();
        const { body } = await session.fetch(`${url}/endless`, { signal: controller.signal });
        const reader = body?.getReader();
        assert.equal(String((await reader?.read())?.value), '1;2');
        // Objects that are referenced by finalizers alone are collected in a later turn.
        for (let turn = 0; turn < 5; turn++) {
          collect();
          await new Promise(setImmediate);
        }
        controller.abort(reason);
        const error = await catchError(reader?.read() ?? Promise.resolve());
        assert.equal(error, controller.signal.reason);
      }
    }));

  it('rejects with an error for a status that a Response cannot have', () =>
    withRawPartner({}, async ({ session, url, on }) => {
      on('GET /odd', (response) => response.writeHead(999).end('odd'));
      await assert.rejects(session.fetch(`${url}/odd`), { code: 'invalidResponse', status: 999 });
      assert.equal((await session.request('/odd')).status, 999);
    }));

  it('is the same function each time, and does not keep a session from being cloned or logged', () =>
    withRawPartner({}, ({ session }) => {
      assert.equal(session.fetch, session.fetch);
      assert.deepEqual(structuredClone({ session }), { session: {} });
      assert.doesNotMatch(inspect(session), /fetch/);
      return Promise.resolve();
    }));

  it('rejects with a PartnerAuthError without a response or session', async () => {
    await using closed = await openSession({ partner: plainPartner, baseUrl: 'http://127.0.0.1:9' });
    const signedOut = await catchError(closed.fetch('/x'));
    assert.deepEqual(isPartnerAuthError(signedOut) && signedOut.code, 'signedOut');
  });

  const refused: readonly (readonly [
    title: string,
    input: (url: string) => Parameters<typeof fetch>,
    message: RegExp,
  ])[] = [
    ['another host', () => ['https://elsewhere.example/orders'], /below baseUrl/],
    ['another port', () => ['http://127.0.0.1:9/orders'], /below baseUrl/],
    ['another scheme', (url) => [url.replace('http', 'https')], /below baseUrl/],
    ['a path above that of baseUrl', (url) => [`${url}/orders`], /below baseUrl/],
    ['a path that leaves that of baseUrl', (url) => [`${url}/api/../orders`], /below baseUrl/],
    ['a path with a similar start', (url) => [`${url}/apis/orders`], /below baseUrl/],
    ['another host in a path', () => ['//elsewhere.example/x'], /path of a request|below baseUrl/],
    ['a relative path', () => ['orders'], /parse URL/],
    ['the header Authorization', () => ['/x', { headers: { Authorization: 'Bearer x' } }], /set by the session/],
    ['a header of the partner', () => ['/x', { headers: { 'X-Partner': 'x' } }], /set by the session/],
    ['a GET with a body', () => ['/x', { body: 'x' }], /GET/],
    ['a GET with a Blob', () => ['/x', { body: new Blob(['x']) }], /GET/],
    ['a method in lower case', () => ['/x', { method: 'patch' }], /must be one of/],
  ];
  for (const [title, input, message] of refused) {
    it(`refuses ${title} before anything is sent`, () =>
      withRawPartner({ signedIn: false }, async ({ url, received }) => {
        await using session = await openSession({
          partner: { ...plainPartner, headers: { 'X-Partner': 'acme' } },
          baseUrl: `${url}/api`,
        });
        await assert.rejects(session.fetch(...input(url)), { name: 'TypeError', message });
        assert.deepEqual(received, []);
      }));
  }

  it('refuses a Request whose body was read', () =>
    withRawPartner({}, async ({ session, url }) => {
      const request = new Request(`${url}/x`, { method: 'POST', body: 'x' });
      await request.text();
      await assert.rejects(session.fetch(request), TypeError);
    }));
});

interface Paths {
  '/orders/{id}': {
    get: {
      parameters: { path: { id: number }; query: { full?: boolean } };
      responses: { 200: { content: { 'application/json': { id: number } } } };
    };
    put: {
      parameters: { path: { id: number } };
      requestBody: { content: { 'application/json': { amount: number } } };
      responses: { 200: { content: { 'application/json': { id: number } } } };
    };
  };
}

describe('clients that use session.fetch', () => {
  it('include openapi-fetch, also with an encrypting partner and a refused token', () =>
    withRawPartner({ partner: encrypting, cipher }, async ({ session, url, received, on }) => {
      const respond = (response: { end(text: string): unknown }): unknown =>
        response.end(JSON.stringify({ data: encrypt('{"id":7}') }));
      on('GET /orders/7?full=true', respond);
      on('PUT /orders/7', (response, number) =>
        number === 1
          ? response.writeHead(401).end('{}')
          : respond(response.setHeader('content-type', 'application/json')),
      );
      const client = createClient<Paths>({ baseUrl: url, fetch: session.fetch });
      const found = await client.GET('/orders/{id}', { params: { path: { id: 7 }, query: { full: true } } });
      assert.deepEqual([found.data, found.response.status], [{ id: 7 }, 200]);
      const changed = await client.PUT('/orders/{id}', { params: { path: { id: 7 } }, body: { amount: 5 } });
      assert.deepEqual(changed.data, { id: 7 });
      const last = received.at(-1);
      assert.equal(last?.headers.authorization, 'Bearer access-2');
      assert.equal(decrypt((JSON.parse(String(last.body)) as { data: string }).data), '{"amount":5}');
    }));

  it('include axios with its fetch adapter', () =>
    withRawPartner({ partner: encrypting, cipher }, async ({ session, url, received, on }) => {
      on('POST /orders', (response, number) => {
        if (number === 1) response.writeHead(401).end('{}');
        else
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ data: encrypt('{"id":7}') }));
      });
      on('GET /missing', (response) =>
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"no"}'),
      );
      on('GET /silent', () => true);
      const client = axios.create({ baseURL: url, adapter: 'fetch', env: { fetch: session.fetch } });
      const { data, status } = await client.post<unknown>('/orders', { amount: 5 });
      assert.deepEqual([data, status], [{ id: 7 }, 200]);
      const last = received.at(-1);
      assert.equal(decrypt((JSON.parse(String(last?.body)) as { data: string }).data), '{"amount":5}');
      const missing = await catchError(client.get('/missing'));
      assert.ok(axios.isAxiosError(missing));
      assert.equal(missing.response?.status, 404);
      const controller = new AbortController();
      const call = catchError(client.get('/silent', { signal: controller.signal }));
      controller.abort();
      assert.ok(axios.isCancel(await call));
    }));

  it('get from TCONNECT what request() gets', async () => {
    await using sandbox = await startSandbox();
    const { credentials, ...profile } = sandbox.profiles.tconnect;
    await using session = await openSession(profile);
    await session.login({ ...credentials });
    const payload = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 00:00:00', limit: 10, page: 1 };
    const expected = await session.request('/openapi/v1/transaction/qr', { payload });
    const response = await session.fetch(`${sandbox.url}/openapi/v1/transaction/qr`, {
      method: 'POST',
      body: JSON.stringify(payload),
    });
    assert.deepEqual([response.status, await response.json()], [200, expected.body]);
  });
});
