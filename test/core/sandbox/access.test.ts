import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
}

/** A login at BizMail with given headers, which `fetch` would not send. */
async function login(sandbox: Sandbox, headers: Readonly<Record<string, string>>, body?: string): Promise<Reply> {
  const { bizmail } = sandbox.profiles;
  const request = httpRequest(`${sandbox.url}/api/1.0/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    agent: false,
  });
  request.on('error', () => undefined);
  request.end(body ?? JSON.stringify(bizmail.credentials));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

describe('the sandbox', () => {
  const loopback = [
    'localhost',
    'LOCALHOST:8080',
    'localhost.',
    'partner.localhost',
    'a.b-1.localhost:80',
    '127.0.0.1',
    '127.0.0.1:65535',
    '127.255.3.200',
    '[::1]',
    '[::1]:443',
  ];
  it('serves requests to loopback names and addresses', async () => {
    await using sandbox = await startSandbox();
    for (const host of loopback) assert.equal((await login(sandbox, { host })).status, 200, host);
  });

  const foreign = [
    'partner.example',
    'localhost.example',
    'notlocalhost',
    '127.0.0.1.example',
    '127.0.0.1.nip.io:8080',
    '127.0.0',
    '127.0.0.256',
    '1127.0.0.1',
    '128.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::2]',
    '::1',
    'localhost@partner.example',
    'localhost:port',
    'localhost, partner.example',
  ];
  it('refuses any other host with 421, without reading or processing the request', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('resetBefore');
    for (const host of foreign) {
      const { status, body } = await login(sandbox, { host });
      assert.equal(status, 421, host);
      assert.match(body, /^Sandbox: the Host header must be localhost/);
      assert.ok(!body.includes('example'), 'the name is not repeated');
    }
    assert.ok(
      sandbox.journal.every(
        ({ outcome, partner, body, payload }) =>
          outcome === 'foreignHost' && partner === undefined && body === '' && payload === undefined,
      ),
    );
    assert.equal(sandbox.journal.length, foreign.length);
    assert.equal(sandbox.tokens('bizmail'), undefined);
    // The fault still waits for the first request that is served.
    await assert.rejects(client.login(sandbox, 'bizmail'));
  });

  it('refuses a request without a host', async () => {
    await using sandbox = await startSandbox();
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    for (const head of ['GET / HTTP/1.1\r\nHost: \r\n\r\n', 'GET / HTTP/1.0\r\n\r\n']) socket.write(head);
    const received = await text(socket);
    assert.equal(received.match(/HTTP\/1.1 421 /g)?.length, 2, received);
  });

  it('refuses a request with an Origin header with 403, whatever its value', async () => {
    await using sandbox = await startSandbox();
    for (const origin of [
      'https://partner.example',
      'null',
      sandbox.url,
      'http://localhost:3000',
      'vscode-webview://x',
      '',
    ]) {
      const { status, body } = await login(sandbox, { origin });
      assert.equal(status, 403, origin);
      assert.match(body, /^Sandbox: a request with an Origin header is refused/);
    }
    assert.ok(sandbox.journal.every(({ outcome }) => outcome === 'foreignOrigin'));
    assert.equal(sandbox.tokens('bizmail'), undefined);
  });

  it('refuses a preflight request of a browser, and allows no origin', async () => {
    await using sandbox = await startSandbox();
    const { status, headers } = await client.send(`${sandbox.url}/api/1.0/auth/token`, {
      method: 'OPTIONS',
      headers: { origin: 'https://partner.example', 'access-control-request-method': 'POST' },
    });
    assert.equal(status, 403);
    assert.equal(headers.get('access-control-allow-origin'), null);
  });

  it('refuses a large body without waiting for its end', async () => {
    await using sandbox = await startSandbox();
    const { status } = await login(sandbox, { host: 'partner.example' }, 'x'.repeat(5 * 1024 * 1024));
    assert.equal(status, 421);
  });

  it('serves https with the same rule', async () => {
    await using sandbox = await startSandbox({ https: true });
    const { request } = await import('node:https');
    const call = request(sandbox.url, {
      ca: sandbox.ca,
      servername: 'localhost',
      headers: { host: 'partner.example' },
      agent: false,
    });
    call.end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 421);
    response.resume();
  });
});
