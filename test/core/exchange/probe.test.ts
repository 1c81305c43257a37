import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { partners, type BuiltInPartner } from '../../../core/index.ts';
import { probePartner, type ProbeResult } from '../../../core/exchange/probe.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { gotTransport } from '../../../core/transport/got-transport.ts';
import { acmePay } from '../../helpers/acme-pay.ts';
import { refreshCallOf } from '../../../core/partners/renewal.ts';

async function probe(partner: Parameters<typeof probePartner>[0]['partner'], baseUrl: string): Promise<ProbeResult> {
  const transport = gotTransport({ globalAgent: false, now: Date.now });
  try {
    return await probePartner({ partner, baseUrl, partnerCode: 'x' }, transport, { timeout: 10_000 });
  } finally {
    transport.close();
  }
}

async function withServer(listener: RequestListener, test: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('probePartner', () => {
  for (const partner of [...(Object.keys(partners) as BuiltInPartner[]), acmePay]) {
    const definition = typeof partner === 'string' ? partners[partner] : partner;
    const { label } = definition;
    const refreshPath = refreshCallOf(definition)?.path ?? '';
    it(`recognizes ${label} without credentials, and another address as another`, async () => {
      await using sandbox = await startSandbox({
        definitions: [{ definition: acmePay, cipher: { iv: { from: 'key' } } }],
      });
      assert.deepEqual(await probe(partner, sandbox.url), { kind: 'partner', url: sandbox.url + refreshPath });
      const url = `${sandbox.url}/home${refreshPath}`;
      assert.deepEqual(await probe(partner, `${sandbox.url}/home`), { kind: 'other', url, status: 404 });
      assert.deepEqual(
        sandbox.journal.map(({ call }) => call),
        ['refresh', 'other'],
      );
      assert.ok(sandbox.journal.every(({ headers }) => headers.authorization === undefined));
    });
  }

  it('recognizes a web site as another, whatever its status', async () => {
    for (const status of [200, 401, 404, 405, 502]) {
      await withServer(
        (_request, response) => response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Hello</h1>'),
        async (url) => {
          const result = await probe('cloudreve', url);
          assert.deepEqual(result, { kind: 'other', url: `${url}/api/v4/session/token/refresh`, status });
        },
      );
    }
  });

  it('recognizes a response that is too large as that of another', () =>
    withServer(
      (_request, response) => response.end('x'.repeat(2 * 1024 * 1024)),
      async (url) => assert.equal((await probe('bizmail', url)).kind, 'other'),
    ));

  it("takes a partner's own 404 for another address", () =>
    withServer(
      (_request, response) =>
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"success":false,"message":"no route"}'),
      async (url) => assert.equal((await probe('bizmail', url)).kind, 'other'),
    ));

  it('reports where a redirect leads, without its query, and does not follow it', async () => {
    for (const [location, expected] of [
      ['https://www.mail.example/login?next=1', 'https://www.mail.example/login'],
      ['/login', '{url}/login'],
      ['javascript:alert(1)', undefined],
      [undefined, undefined],
    ] as const) {
      let calls = 0;
      await withServer(
        (_request, response) => {
          calls++;
          response.writeHead(302, location === undefined ? {} : { location }).end();
        },
        async (url) => {
          const result = await probe('bizmail', url);
          assert.deepEqual(result, {
            kind: 'redirect',
            url: `${url}/api/1.0/auth/refresh`,
            location: expected?.replace('{url}', url),
          });
          assert.equal(calls, 1);
        },
      );
    }
  });

  it('reports a server that cannot be reached, with the address that was called', async () => {
    let closed = '';
    await withServer(
      () => undefined,
      (url) => Promise.resolve(void (closed = url)),
    );
    const result = await probe('tconnect', closed);
    assert.ok(result.kind === 'failed');
    assert.deepEqual([result.url, result.error.code], [`${closed}/openapi/v1/auth/refresh`, 'network']);
  });
});
