import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { startGateway } from '../../../core/gateway/index.ts';
import { withRawPartner, type RawPartner } from '../../helpers/raw-partner.ts';
import { jsonType, sendRaw } from '../../helpers/send-raw.ts';
import { catchError } from '../../helpers/with-session.ts';

/** Makes the partner wait with its response to `GET /slow` until `finish()` is called. */
function slowCall({ on }: RawPartner): {
  readonly started: Promise<void>;
  finish(): void;
  readonly ended: Promise<void>;
} {
  const started = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<undefined>();
  const finished = Promise.withResolvers<undefined>();
  on('GET /slow', (response) => {
    started.resolve(undefined);
    response.once('close', () => ended.resolve(undefined));
    void finished.promise.then(() => response.writeHead(200, jsonType).end('{"slow":true}'));
  });
  return { started: started.promise, ended: ended.promise, finish: () => finished.resolve(undefined) };
}

describe('close() of a gateway', () => {
  it('waits for the calls in progress, and accepts no other', () =>
    withRawPartner({}, async (partner) => {
      const slow = slowCall(partner);
      const gateway = await startGateway(partner.session);
      const call = sendRaw(gateway.url, { path: '/slow' });
      await slow.started;
      let isClosed = false;
      const closing = gateway.close().then(() => (isClosed = true));
      await assert.rejects(sendRaw(gateway.url, { path: '/orders' }), { code: 'ECONNREFUSED' });
      assert.equal(isClosed, false);
      slow.finish();
      assert.equal((await call).text, '{"slow":true}');
      await closing;
    }));

  it('closes idle connections, and those of the calls in progress after their response', () =>
    withRawPartner({}, async (partner) => {
      const slow = slowCall(partner);
      const gateway = await startGateway(partner.session);
      const agent = new Agent({ keepAlive: true });
      await sendRaw(gateway.url, { path: '/orders', agent });
      const call = sendRaw(gateway.url, { path: '/slow', agent: new Agent({ keepAlive: true }) });
      await slow.started;
      const closing = gateway.close();
      slow.finish();
      assert.equal((await call).headers.connection, 'close');
      await closing;
    }));

  for (const sent of ['', 'GET / HTTP/1.1\r\nHost', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'])
    it(`does not wait for a connection that is without a call: ${JSON.stringify(sent)}`, () =>
      withRawPartner({}, async ({ session }) => {
        const gateway = await startGateway(session);
        const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1', allowHalfOpen: true });
        await once(socket, 'connect');
        // It may be reset.
        socket.on('error', () => undefined).write(sent);
        await sendRaw(gateway.url);
        await gateway.close({ drain: 2_147_483_647 });
        socket.destroy();
      }));

  it('aborts the calls that take longer than `drain`', () =>
    withRawPartner({}, async (partner) => {
      const slow = slowCall(partner);
      const gateway = await startGateway(partner.session);
      const call = catchError(sendRaw(gateway.url, { path: '/slow' }));
      await slow.started;
      await gateway.close({ drain: 1 });
      assert.equal(((await call) as { code: string }).code, 'ECONNRESET');
      await slow.ended;
    }));

  it('can be called again to wait no longer', () =>
    withRawPartner({}, async (partner) => {
      const slow = slowCall(partner);
      const gateway = await startGateway(partner.session);
      const call = catchError(sendRaw(gateway.url, { path: '/slow' }));
      await slow.started;
      const closing = gateway.close();
      await gateway.close({ drain: 0 });
      await Promise.all([closing, call, slow.ended]);
    }));

  it('leaves the session open, and nothing that keeps the process alive', () =>
    withRawPartner({}, async ({ session }) => {
      const gateway = await startGateway(session);
      await sendRaw(gateway.url, { path: '/orders' });
      await gateway.close();
      await gateway.close();
      assert.equal((await session.request('/orders')).status, 200);
    }));
});
