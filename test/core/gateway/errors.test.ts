import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { createCipher, definePartner, PartnerAuthError, type CipherSettings } from '../../../core/index.ts';
import { startGateway } from '../../../core/gateway/index.ts';
import { errorResponse } from '../../../core/gateway/own-response.ts';
import { errorCodes } from '../../../core/lib/errors.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { jsonType, sendBytes, sendRaw } from '../../helpers/send-raw.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { withSession } from '../../helpers/with-session.ts';

const statuses: Readonly<Record<string, number | undefined>> = {
  ...{
    network: 502,
    tls: 502,
    cipher: 502,
    invalidResponse: 502,
    responseTooLarge: 502,
    redirect: 502,
    partnerRefused: 502,
  },
  ...{ signedOut: 503, sessionEnded: 503, refreshInterrupted: 503, invalidCredentials: 503, oneTimeCodeRequired: 503 },
  ...{
    invalidOneTimeCode: 503,
    captchaRequired: 503,
    accountUnavailable: 503,
    configuration: 503,
    store: 503,
    lock: 503,
  },
  ...{ closed: 503, partnerUnavailable: 503, rateLimited: 503, timeout: 504, aborted: undefined },
};

describe('an error of a call through the gateway', () => {
  for (const code of errorCodes) {
    it(`with the code ${code} has the status ${statuses[code] ?? 'of a closed connection'}`, () => {
      const response = errorResponse(new PartnerAuthError(code, 'What happened.', { setting: 'x', status: 401 }));
      assert.equal(response?.status, statuses[code]);
      assert.ok(code in statuses);
      if (response !== undefined) assert.equal(response.code, code);
      assert.notEqual(response?.status, 401);
    });
  }

  it('is the JSON of the error', () => {
    const error = new PartnerAuthError('store', 'The file is full.', { setting: 'store', correlationId: 'c-1' });
    assert.deepEqual(errorResponse(error)?.body, error.toJSON());
  });

  it('states how long to wait if the refresh was limited, at least a second', () => {
    const wait = (retryAfter?: number) =>
      errorResponse(new PartnerAuthError('rateLimited', 'Wait.', { retryAfter }))?.headers?.['retry-after'];
    assert.deepEqual([wait(), wait(30), wait(1.2)], ['1', '30', '2']);
  });

  it('says nothing more if a response could not be decrypted', () => {
    const bodies = ['bad padding', 'bad hex'].map(
      (message, index) => errorResponse(new PartnerAuthError('cipher', message, { status: 200 + index }))?.body,
    );
    assert.deepEqual(bodies[0], bodies[1]);
    assert.deepEqual(Object.keys(bodies[0] ?? {}), ['code', 'message', 'retryable']);
  });

  it('has no picture of a captcha', () => {
    const challenge = { kind: 'captcha', image: 'data:,', ticket: 't' } as const;
    assert.equal(
      'challenge' in (errorResponse(new PartnerAuthError('captchaRequired', 'x', { challenge }))?.body ?? {}),
      false,
    );
  });
});

const key: CipherSettings = { key: Buffer.alloc(32, 7), iv: { from: 'key' } };
const encrypting = definePartner({ ...plainPartner, response: { ...plainPartner.response, encryptedIn: 'data' } });

describe('the gateway responds by itself', () => {
  it('with 503 signedOut before a sign-in', () =>
    withRawPartner({ signedIn: false }, async ({ session, calls }) => {
      await using gateway = await startGateway(session);
      const { status, headers, text } = await sendRaw(gateway.url, { path: '/orders' });
      assert.deepEqual([status, headers['x-partner-auth-error']], [503, 'signedOut']);
      const { code, message } = JSON.parse(text) as { code: string; message: string };
      assert.deepEqual([code, message], ['signedOut', 'Nobody is signed in. Sign in with login().']);
      assert.deepEqual(calls(), []);
    }));

  it('with 503 sessionEnded when the partner has refused the refresh token', () =>
    withSession({}, async ({ session, sandbox, clock }) => {
      await using gateway = await startGateway(session);
      sandbox.revoke('tconnect');
      clock.advance(40_000_000);
      const { status, headers } = await sendRaw(gateway.url, { path: '/openapi/v1/x' });
      assert.deepEqual(
        [status, headers['x-partner-auth-error'], headers['www-authenticate']],
        [503, 'sessionEnded', undefined],
      );
    }));

  it('with 503 and Retry-After when the partner limits refreshes', () =>
    withSession({}, async ({ session, sandbox, clock }) => {
      await using gateway = await startGateway(session);
      clock.advance(40_000_000);
      sandbox.fail({ status: 429, retryAfter: '120' }, { call: 'refresh' });
      const { status, headers } = await sendRaw(gateway.url, { path: '/openapi/v1/x' });
      assert.deepEqual([status, headers['x-partner-auth-error'], headers['retry-after']], [503, 'rateLimited', '120']);
    }));

  it('with 503 partnerUnavailable when a refresh fails with 5xx', () =>
    withSession({}, async ({ session, sandbox, clock }) => {
      await using gateway = await startGateway(session);
      clock.advance(40_000_000);
      sandbox.fail({ status: 500 }, { call: 'refresh', times: Infinity });
      const { status, headers } = await sendRaw(gateway.url, { path: '/openapi/v1/x' });
      assert.deepEqual([status, headers['x-partner-auth-error']], [503, 'partnerUnavailable']);
    }));

  it('with 503 closed when the session was closed', () =>
    withRawPartner({}, async ({ session }) => {
      await using gateway = await startGateway(session);
      await session.close();
      const { status, headers } = await sendRaw(gateway.url, { path: '/orders' });
      assert.deepEqual([status, headers['x-partner-auth-error']], [503, 'closed']);
    }));

  it('with 502 network when the partner cannot be reached', () =>
    withRawPartner({}, async ({ session, server }) => {
      await using gateway = await startGateway(session);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const { status, headers, text } = await sendRaw(gateway.url, {
        method: 'POST',
        path: '/orders',
        headers: jsonType,
        body: '{}',
      });
      assert.deepEqual([status, headers['x-partner-auth-error']], [502, 'network']);
      assert.equal((JSON.parse(text) as { retryable: boolean }).retryable, true);
    }));

  it('with 504 when the partner does not respond in time', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /slow', () => true);
      await using gateway = await startGateway(session, { timeout: 50 });
      const { status, headers } = await sendRaw(gateway.url, { path: '/slow' });
      assert.deepEqual([status, headers['x-partner-auth-error']], [504, 'timeout']);
    }));

  it('with 502 responseTooLarge for an error that is larger than 16 MiB', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /large', (response) => response.writeHead(500, jsonType).end(Buffer.alloc(17 * 1024 * 1024, ' ')));
      await using gateway = await startGateway(session);
      const { status, headers } = await sendRaw(gateway.url, { path: '/large' });
      assert.deepEqual([status, headers['x-partner-auth-error']], [502, 'responseTooLarge']);
    }));

  for (const status of [200, 404]) {
    it(`with 502 cipher, and nothing of the ciphertext, when a ${status} cannot be decrypted`, () =>
      withRawPartner({ partner: encrypting, cipher: key }, async ({ session, on }) => {
        const valid = createCipher(key).encrypt('{"a":1}');
        const bodies = new Set<string>();
        for (const data of [`${valid.slice(0, -2)}00`, valid.slice(2), 'zz', `${valid}00`, '00'.repeat(16)]) {
          on('GET /orders', (response) => response.writeHead(status, jsonType).end(JSON.stringify({ data })));
          await using gateway = await startGateway(session);
          const response = await sendRaw(gateway.url, { path: '/orders' });
          assert.deepEqual([response.status, response.headers['x-partner-auth-error']], [502, 'cipher']);
          assert.ok(!response.text.includes(data));
          bodies.add(response.text);
        }
        assert.equal(bodies.size, 1);
      }));
  }

  it('to a request without a Host, and passes on one with an expectation that it does not know', () =>
    withRawPartner({}, async ({ session, calls }) => {
      await using gateway = await startGateway(session);
      const { host, port, pathname } = new URL(gateway.url);
      const send = (...lines: string[]): Promise<string> =>
        sendBytes(
          Number(port),
          `${[`GET ${pathname}/a HTTP/1.1`, ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`,
        );
      assert.match(await send(), /^HTTP\/1\.1 403 [^]*\r\nx-partner-auth-error: forbidden\r\n/i);
      assert.deepEqual(calls(), ['POST /login']);
      assert.match(await send(`Host: ${host}`, 'Expect: 200-maybe'), /^HTTP\/1\.1 200 /);
    }));

  it('to CONNECT, and writes nothing into a response that has begun', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /start', (response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': 500 }).write('start'),
      );
      await using gateway = await startGateway(session);
      const { host, port, pathname } = new URL(gateway.url);
      assert.match(
        await sendBytes(Number(port), `CONNECT a:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
        /^HTTP\/1\.1 403 [^]*\r\nx-partner-auth-error: forbidden\r\n/,
      );
      const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
      socket.write(`GET ${pathname}/start HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      let received = '';
      for await (const chunk of socket as AsyncIterable<string>) {
        if (!received.includes('start') && (received + chunk).includes('start'))
          socket.write('this is not HTTP\r\n\r\n');
        received += chunk;
      }
      assert.match(received, /^HTTP\/1\.1 200 [^]*\r\n\r\nstart$/);
    }));

  it('to what is not HTTP with its own error too', () =>
    withRawPartner({}, async ({ session }) => {
      await using gateway = await startGateway(session);
      const port = Number(new URL(gateway.url).port);
      assert.match(
        await sendBytes(port, 'HELO there\r\n\r\n'),
        /^HTTP\/1\.1 400 [^]*\r\nx-partner-auth-error: invalidRequest\r\n[^]*\r\n\r\n\{"code":"invalidRequest","message":"The request is not valid HTTP\/1\.1\.","retryable":false\}$/,
      );
      const long = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`;
      assert.match(
        await sendBytes(port, long),
        /^HTTP\/1\.1 431 [^]*\r\nx-partner-auth-error: invalidRequest\r\n[^]*are larger than 16 KiB/,
      );
    }));
});
