import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner } from '../../../core/index.ts';
import { startGateway } from '../../../core/gateway/index.ts';
import { allDefences } from '../../../core/gateway/defences.ts';
import { jsonType, sendBytes, sendRaw, type RawCall } from '../../helpers/send-raw.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { withSession } from '../../helpers/with-session.ts';

const partner = definePartner({
  ...plainPartner,
  headers: { 'X-Merchant': '{partnerCode}', 'Content-Type': 'application/json' },
  safe: ['POST /orders/search'],
  example: { method: 'POST', path: '/orders/count', safe: true },
});

describe('the gateway', () => {
  const refused: [string, number, string, (port: string, secret: string) => RawCall][] = [
    ['a Host of another name', 403, 'forbidden', (port) => ({ headers: { host: `evil.example:${port}` } })],
    ['a Host without its port', 403, 'forbidden', () => ({ headers: { host: '127.0.0.1' } })],
    ['a Host with another port', 403, 'forbidden', () => ({ headers: { host: '127.0.0.1:1' } })],
    ['localhost as Host', 403, 'forbidden', (port) => ({ headers: { host: `localhost:${port}` } })],
    ['an Origin', 403, 'forbidden', () => ({ headers: { origin: 'https://evil.example' } })],
    ['its own address as Origin', 403, 'forbidden', (port) => ({ headers: { origin: `http://127.0.0.1:${port}` } })],
    ['an Origin of null', 403, 'forbidden', () => ({ headers: { origin: 'null' } })],
    ['Sec-Fetch-Site: cross-site', 403, 'forbidden', () => ({ headers: { 'sec-fetch-site': 'cross-site' } })],
    ['Sec-Fetch-Site: same-origin', 403, 'forbidden', () => ({ headers: { 'sec-fetch-site': 'same-origin' } })],
    [
      'a preflight',
      403,
      'forbidden',
      () => ({ method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } }),
    ],
    ['TRACE', 403, 'forbidden', () => ({ method: 'TRACE' })],
    ['a path without the secret', 403, 'forbidden', () => ({ target: '/orders' })],
    ['a wrong secret', 403, 'forbidden', (_port, secret) => ({ target: `/${secret.slice(0, -1)}x/orders` })],
    ['a part of the secret', 403, 'forbidden', (_port, secret) => ({ target: `/${secret.slice(0, 10)}/orders` })],
    [
      'a wrong secret in the header',
      403,
      'forbidden',
      () => ({ headers: { 'x-partner-auth-secret': 'x'.repeat(43) } }),
    ],
    ['a path with ".."', 400, 'invalidRequest', () => ({ path: '/../orders' })],
    ['a path with "//"', 400, 'invalidRequest', () => ({ path: '//orders' })],
    ['a path with an escaped "."', 400, 'invalidRequest', () => ({ path: '/%2e%2e/orders' })],
    ['a path with an escaped "/"', 400, 'invalidRequest', () => ({ path: '/a%2Forders' })],
    ['a path with a backslash', 400, 'invalidRequest', () => ({ path: '/a\\orders' })],
    ['an Authorization', 403, 'forbidden', () => ({ headers: { authorization: 'Bearer mine' } })],
    ['a header of the definition', 403, 'forbidden', () => ({ headers: { 'x-merchant': 'other' } })],
  ];
  for (const [what, status, code, call] of refused) {
    it(`refuses ${what}, and nothing reaches the partner`, () =>
      withRawPartner({ partner, partnerCode: 'M-1' }, async ({ session, calls }) => {
        await using gateway = await startGateway(session);
        const { port, pathname } = new URL(gateway.url);
        const response = await sendRaw(gateway.url, { path: '/orders', ...call(port, pathname.slice(1)) });
        assert.deepEqual([response.status, response.headers['x-partner-auth-error']], [status, code]);
        assert.equal((JSON.parse(response.text) as { code: string }).code, code);
        assert.ok(Object.keys(response.headers).every((name) => !name.startsWith('access-control-')));
        assert.deepEqual(calls(), ['POST /login']);
      }));
  }

  it('has a test for each of its defences', () => {
    assert.deepEqual(allDefences, [
      ...['host', 'origin', 'fetchSite', 'method', 'secret', 'path', 'ownHeaders', 'readOnly', 'allow', 'contentType'],
    ]);
  });

  it('refuses a request with two Host headers', () =>
    withRawPartner({}, async ({ session, calls }) => {
      await using gateway = await startGateway(session);
      const { host, port, pathname } = new URL(gateway.url);
      const lines = [`GET ${pathname}/orders HTTP/1.1`, `Host: ${host}`, 'Host: evil.example', 'Connection: close'];
      assert.match(await sendBytes(Number(port), `${lines.join('\r\n')}\r\n\r\n`), /^HTTP\/1\.1 40[03] /);
      assert.deepEqual(calls(), ['POST /login']);
    }));

  it('accepts its secret in a header, with the path as it is', () =>
    withRawPartner({}, async ({ session, received }) => {
      await using gateway = await startGateway(session, { secret: 's'.repeat(32) });
      const headers = { 'x-partner-auth-secret': 's'.repeat(32) };
      assert.equal((await sendRaw(gateway.address, { path: '/orders', headers })).status, 200);
      assert.equal(received.at(-1)?.call, 'GET /orders');
      assert.equal(received.at(-1)?.headers['x-partner-auth-secret'], undefined);
    }));

  it('never sends its secret to the partner, wherever else it is', () =>
    withRawPartner({}, async ({ session, calls }) => {
      await using gateway = await startGateway(session);
      const [, secret = ''] = new URL(gateway.url).pathname.split('/');
      const headers = { 'x-partner-auth-secret': secret };
      assert.equal((await sendRaw(gateway.url, { path: '/orders', headers })).status, 200);
      for (const path of [`/${secret}/orders`, `/orders?back=/${secret}/orders`]) {
        const { status, text } = await sendRaw(gateway.url, { path });
        assert.equal(status, 403);
        assert.ok(!text.includes(secret));
      }
      assert.deepEqual(calls(), ['POST /login', 'GET /orders']);
    }));

  it('accepts a person who opens its address', () =>
    withRawPartner({}, async ({ session }) => {
      await using gateway = await startGateway(session);
      const headers = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      assert.equal((await sendRaw(gateway.url, { path: '/orders', headers })).status, 200);
    }));

  it('never passes on the CORS headers of a partner, nor what looks like an error of its own', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /orders', (response) => {
        response.setHeader('access-control-allow-origin', '*');
        response.setHeader('access-control-allow-credentials', 'true');
        response.setHeader('timing-allow-origin', '*');
        response.setHeader('x-partner-auth-error', 'sessionEnded');
        response.setHeader('x-request-id', 'r-1');
        return false;
      });
      await using gateway = await startGateway(session);
      const { headers } = await sendRaw(gateway.url, { path: '/orders' });
      assert.equal(headers['x-request-id'], 'r-1');
      for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^(?:access-control|timing-allow|x-partner)/);
    }));
});

describe('a read-only gateway', () => {
  const statuses: [string, string, number][] = [
    ['GET', '/orders', 200],
    ['HEAD', '/orders', 200],
    ['POST', '/orders/search', 200],
    ['POST', '/orders/search?page=2', 200],
    ['POST', '/orders/count', 200],
    ['POST', '/orders', 403],
    ['PUT', '/orders/search', 403],
    ['PATCH', '/orders/1', 403],
    ['DELETE', '/orders/1', 403],
    ['POST', '/orders/search/', 403],
    ['POST', '/orders/%73earch', 200],
  ];
  for (const [method, path, status] of statuses) {
    it(`responds to ${method} ${path} with ${status}`, () =>
      withRawPartner({ partner, partnerCode: 'M-1' }, async ({ session }) => {
        await using gateway = await startGateway(session, { readOnly: true });
        const content = method === 'GET' || method === 'HEAD' ? {} : { body: '{}', headers: jsonType };
        assert.equal((await sendRaw(gateway.url, { method, path, ...content })).status, status);
      }));
  }

  it("passes on TCONNECT's queries, which are POSTs, and nothing else that is one", () =>
    withSession({}, async ({ session, sandbox }) => {
      await using gateway = await startGateway(session, { readOnly: true });
      const body = JSON.stringify({
        from_date: '2026-01-01 00:00:00',
        to_date: '2026-01-31 23:59:59',
        limit: 1,
        page: 1,
      });
      const post = (path: string) => sendRaw(gateway.url, { method: 'POST', path, headers: jsonType, body });
      assert.equal((await post('/openapi/v1/transaction/qr')).status, 200);
      assert.equal((await post('/openapi/v1/transaction/card')).status, 404);
      assert.equal((await post('/openapi/v1/qr')).status, 403);
      assert.equal(sandbox.journal.at(-1)?.path, '/openapi/v1/transaction/card');
    }));
});

describe('a gateway with allowed calls', () => {
  const allow = ['GET /orders/*', 'POST /orders', 'GET /files/**'];
  const statuses: [string, string, number][] = [
    ['GET', '/orders/7', 200],
    ['GET', '/orders/7?full=true', 200],
    ['POST', '/orders', 200],
    ['GET', '/files/a/b/c', 200],
    ['GET', '/orders', 403],
    ['GET', '/orders/7/lines', 403],
    ['DELETE', '/orders/7', 403],
    ['HEAD', '/orders/7', 403],
    ['GET', '/files/../orders', 400],
    ['GET', '/files/..%2f..%2fadmin', 400],
    ['GET', '/files/%2e%2e/admin', 400],
    ['GET', '/files/..;/admin', 400],
    ['GET', '/files/..%3b/admin', 400],
  ];
  for (const [method, path, status] of statuses) {
    it(`responds to ${method} ${path} with ${status}`, () =>
      withRawPartner({}, async ({ session, received }) => {
        await using gateway = await startGateway(session, { allow });
        assert.equal((await sendRaw(gateway.url, { method, path })).status, status);
        assert.equal(received.length, status === 200 ? 2 : 1);
      }));
  }

  it('passes on nothing with an empty list', () =>
    withRawPartner({}, async ({ session }) => {
      await using gateway = await startGateway(session, { allow: [] });
      assert.equal((await sendRaw(gateway.url, { path: '/orders' })).status, 403);
    }));

  it('refuses headers that could make the server serve another call, only where rules compare it', () =>
    withRawPartner({ partner, partnerCode: 'M-1' }, async ({ session, received }) => {
      const headers = {
        'X-HTTP-Method-Override': 'DELETE',
        'x-http-method': 'DELETE',
        'X-Method-Override': 'DELETE',
        'X-Original-URL': '/admin',
        'X-Rewrite-URL': '/admin',
      };
      for (const rules of [{ readOnly: true }, { allow: ['GET /orders'] }]) {
        await using gateway = await startGateway(session, rules);
        const before = received.length;
        for (const [name, value] of Object.entries(headers)) {
          const response = await sendRaw(gateway.url, { path: '/orders', headers: { [name]: value } });
          assert.deepEqual([name, response.status], [name, 403]);
        }
        assert.equal(received.length, before);
        assert.equal((await sendRaw(gateway.url, { path: '/orders' })).status, 200);
      }
      await using open = await startGateway(session);
      assert.equal((await sendRaw(open.url, { path: '/orders', headers })).status, 200);
      assert.equal(received.at(-1)?.headers['x-http-method-override'], 'DELETE');
    }));

  it('checks both, if it is read-only too', () =>
    withRawPartner({ partner, partnerCode: 'M-1' }, async ({ session }) => {
      await using gateway = await startGateway(session, {
        readOnly: true,
        allow: ['POST /orders', 'POST /orders/search'],
      });
      const post = { method: 'POST', headers: jsonType, body: '{}' };
      assert.equal((await sendRaw(gateway.url, { ...post, path: '/orders' })).status, 403);
      assert.equal((await sendRaw(gateway.url, { ...post, path: '/orders/search' })).status, 200);
      assert.equal((await sendRaw(gateway.url, { path: '/orders' })).status, 403);
    }));
});
