import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { startGateway } from '../../../core/gateway/index.ts';
import type { Logger } from '../../../core/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { jsonType, sendRaw } from '../../helpers/send-raw.ts';
import { withSession } from '../../helpers/with-session.ts';

function recordLog(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  const add = (message: string): void => void lines.push(message);
  return { lines, logger: { debug: add, info: add, warn: add, error: add } };
}

describe('the log of a gateway', () => {
  it('has a line for each call, with its outcome', () =>
    withRawPartner({}, async ({ session }) => {
      const { lines, logger } = recordLog();
      await using gateway = await startGateway(session, { logger });
      await sendRaw(gateway.url, { path: '/orders/7' });
      await sendRaw(gateway.url, { path: '/orders/7', headers: jsonType, body: '{}' });
      await sendRaw(gateway.url, { method: 'OPTIONS', path: '/orders' });
      assert.deepEqual(
        lines.map((line) => line.replace(/\(\d+ ms\)/, '(n ms)')),
        [
          'GET /orders/7 200 (n ms)',
          'GET /orders/7 400 invalidRequest (n ms)',
          'Refused a call: The gateway passes on GET, HEAD, POST, PUT, PATCH, DELETE only.',
        ],
      );
    }));

  it('has no secret of the gateway, no value of a query, no body, and no token', () =>
    withSession({}, async ({ session, sandbox, credentials }) => {
      const { lines, logger } = recordLog();
      const secret = 'the-secret-of-this-gateway-0123456789';
      await using gateway = await startGateway(session, { secret, logger });
      const query = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 };
      const call = { method: 'POST', headers: jsonType, body: JSON.stringify(query) };
      await sendRaw(gateway.url, { ...call, path: '/openapi/v1/transaction/qr?card=4111-query-value' });
      await sendRaw(gateway.url, { ...call, target: `/${secret}x/openapi/v1/transaction/qr?card=4111-query-value` });
      await sendRaw(gateway.url, { ...call, path: `/${secret}/../x` });
      await sendRaw(gateway.url, { ...call, path: '/x', headers: { ...jsonType, 'x-partner-auth-secret': secret } });
      await sendRaw(gateway.url, { ...call, path: `/${secret}/x` });
      await sendRaw(gateway.url, { ...call, path: '/x', headers: { authorization: 'Bearer header-value' } });
      const { accessToken = '', refreshToken = '' } = sandbox.tokens('tconnect') ?? {};
      const text = lines.join('\n');
      assert.equal(lines.length, 6);
      for (const value of [secret, '4111', 'from_date', '2026-01-01', 'header-value', accessToken, refreshToken])
        assert.ok(!text.includes(value), value);
      assert.ok(!text.includes(String(credentials.password)));
      assert.match(text, /^POST \/openapi\/v1\/transaction\/qr\?… 200/);
    }));

  it('says of a client that goes that the call was aborted', () =>
    withRawPartner({}, async ({ session }) => {
      const logged = Promise.withResolvers<string>();
      const logger = { ...recordLog().logger, info: (line: string) => logged.resolve(line) };
      await using gateway = await startGateway(session, { logger });
      const { host, port, pathname } = new URL(gateway.url);
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`POST ${pathname}/orders HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n\r\npart`, () =>
        socket.destroy(),
      );
      assert.match(await logged.promise, /^POST \/orders aborted/);
    }));

  it('is one line for each call, whatever its path has', () =>
    withRawPartner({}, async ({ session }) => {
      const { lines, logger } = recordLog();
      await using gateway = await startGateway(session, { logger });
      await sendRaw(gateway.url, { path: `/${'x'.repeat(5000)}` });
      await sendRaw(gateway.url, { path: '/%E2%80%AE%E2%80%A8' });
      assert.equal(lines.length, 2);
      assert.ok(lines.every((line) => line.length < 300 && !/[\p{Cc}\p{Cf}\u2028]/u.test(line)));
    }));

  it('is not needed, and one that throws affects no call', () =>
    withRawPartner({}, async ({ session }) => {
      const fail = (): never => {
        throw new Error('The disk is full.');
      };
      await using gateway = await startGateway(session, {
        logger: { debug: fail, info: fail, warn: fail, error: fail },
      });
      assert.equal((await sendRaw(gateway.url, { path: '/orders' })).status, 200);
      assert.equal((await sendRaw(gateway.url, { method: 'OPTIONS', path: '/orders' })).status, 403);
    }));
});
