import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const paths = [
  '/openapi/v1/auth/login',
  '/openapi/v1/auth/refresh',
  '/openapi/v1/transaction/qr',
  '/api/1.0/auth/token',
  '/api/1.0/auth/refresh',
  '/api/1.0/mail/store',
  '/api/v4/session/prepare?email=%E0%A4%A',
  '/api/v4/session/token',
  '/api/v4/session/token/2fa',
  '/api/v4/session/token/refresh',
  '/api/v4/user/me',
  '/api/v4/site/captcha',
  '/%00%ff/../..//',
];

const bodies = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '1e999',
  '{"data":{"__proto__":1}}',
  '{"__proto__":{"data":"00"},"refresh_token":"a.b.c","username":{},"email":[]}',
  '{"data":"00000000000000000000000000000000","username":null,"password":true,"otp":1,"session_id":1}',
  '{"refresh_token":"eyJhbGciOiJub25lIn0.e30.","email":"a@b.c","password":"\\ud800\\u0000long"}',
  '{"refresh_token":"eyJhbGciOiJIUzI1NiJ9.bnVsbA.AA"}',
  '['.repeat(20_000),
  '\u0000\u0001\uFFFF',
  '--x\r\nContent-Disposition: form-data; name="refresh_token"\r\n\r\n',
  '--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\ny\r\n--x--\r\n',
  'x'.repeat(100_000),
];

const headerSets: Record<string, string>[] = [
  {},
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'multipart/form-data' },
  { 'content-type': ';;;', authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' },
  { authorization: 'Bearer a.b.c', 'x-cr-correlation-id': '{}' },
  { authorization: 'Basic x', 'content-encoding': 'gzip' },
];

describe('sandbox with hostile requests', () => {
  it('responds to malformed requests without crashing', async () => {
    const outcomes: string[] = [];
    await using sandbox = await startSandbox({ onRequest: ({ outcome }) => outcomes.push(outcome) });
    const code = { 'partner-code': sandbox.profiles.tconnect.partnerCode };
    for (const path of paths) {
      for (const body of bodies) {
        await Promise.all(
          headerSets.map((headers) =>
            client.send(sandbox.url + path, { method: 'POST', headers: { ...headers, ...code }, body }),
          ),
        );
      }
    }
    assert.equal(outcomes.length, paths.length * bodies.length * headerSets.length);
    assert.equal(outcomes.filter((outcome) => outcome === 'crashed' || outcome === 'ok').length, 0);
    assert.equal((await client.login(sandbox, 'tconnect')).status, 200);
  });

  it('refuses malformed payloads in valid ciphertext with 400', async () => {
    await using sandbox = await startSandbox();
    for (const payload of bodies) {
      const { status, json } = await client.postTconnect(sandbox, 'auth/login', payload);
      assert.equal(status, 400);
      assert.match(String(json.code), /^(?:VALIDATION|BAD_CIPHERTEXT)$/);
    }
  });

  it('responds to random bytes without a server error', async () => {
    await using sandbox = await startSandbox();
    // A fixed sequence, so that a failure is reproducible.
    let seed = 12_345;
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    for (let i = 0; i < 300; i += 1) {
      const body = Buffer.from(Array.from({ length: Math.floor(random() * 400) }, () => Math.floor(random() * 256)));
      const path = client.assertDefined(paths[Math.floor(random() * paths.length)]);
      const { status } = await client.send(sandbox.url + path, { method: 'POST', body });
      assert.ok(status >= 200 && status < 500);
    }
    assert.equal(sandbox.journal.length, 300);
  });

  it('responds 404 in the format of the partner with the path prefix', async () => {
    await using sandbox = await startSandbox();
    const get = (path: string) => client.send(sandbox.url + path);
    assert.deepEqual(Object.keys((await get('/openapi/v1/none')).json), ['code', 'message']);
    assert.deepEqual((await get('/api/1.0/auth/token')).json.success, false);
    for (const path of ['/', '/openapi/v1/none', '/api/1.0/x', '/api/v4/x', '/favicon.ico']) {
      assert.equal((await get(path)).status, 404);
    }
  });

  it('refuses bodies over 30 MiB with 413, with or without a content length', async () => {
    await using sandbox = await startSandbox();
    for (const headers of [{ 'content-length': String(31 * 1024 * 1024) }, { 'transfer-encoding': 'chunked' }]) {
      const request = httpRequest(`${sandbox.url}/api/1.0/auth/token`, { method: 'POST', headers, agent: false });
      request.on('error', () => undefined);
      const responded = once(request, 'response') as Promise<[IncomingMessage]>;
      for (let i = 0; i < 31 && !request.destroyed; i += 1) request.write(Buffer.alloc(1024 * 1024));
      request.end();
      const [response] = await responded;
      assert.equal(response.statusCode, 413);
      response.resume();
    }
    assert.deepEqual(
      sandbox.journal.map(({ outcome }) => outcome),
      ['tooLarge', 'tooLarge'],
    );
  });

  const raw = [
    'GARBAGE\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  ];
  raw.push(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
    `GET /${'x'.repeat(30_000)} HTTP/1.1\r\n`,
  );
  raw.push('POST /api/1.0/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
  for (const bytes of raw) {
    it(`serves the next request after ${JSON.stringify(bytes.slice(0, 40))}`, async () => {
      await using sandbox = await startSandbox();
      await sendRaw(sandbox, bytes);
      assert.equal((await client.login(sandbox, 'bizmail')).status, 200);
    });
  }
});

async function sendRaw({ url }: Sandbox, bytes: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  // Half-closed after the bytes, so that an incomplete request ends.
  socket.end(bytes);
  await once(socket, 'close');
}
