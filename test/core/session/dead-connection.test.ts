import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { isPartnerAuthError, openSession } from '../../../core/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { startForgetfulProxy, withRawPartner, type RawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner } from '../../helpers/with-partner.ts';

/** Breaks each connection on its second request, after the request has arrived. */
function breakOnReuse({ server, on }: RawPartner, call: string, how: 'reset' | 'close'): void {
  const used = new WeakSet<object>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    response.once('finish', () => used.add(socket));
  });
  on(call, (response) => {
    const { socket } = response;
    if (socket === null || !used.has(socket)) return false;
    if (how === 'reset') socket.resetAndDestroy();
    else socket.end();
    return true;
  });
}

/** Blocks the event loop until the condition is met by what other processes or the kernel do. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const count = (calls: readonly string[], call: string): number => calls.filter((other) => other === call).length;

for (const how of ['reset', 'close'] as const) {
  describe(`a kept connection that the server breaks by ${how} when it is used again`, () => {
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      it(`does not disturb a ${method}, which is sent once more on a new connection`, () =>
        withRawPartner({}, async (partner) => {
          breakOnReuse(partner, `${method} /orders`, how);
          await partner.session.request('/warm');
          const response = await partner.session.request('/orders', { method });
          assert.equal(response.status, 200);
          const sent = partner.received.filter(({ call }) => call === `${method} /orders`);
          assert.equal(sent.length, 2);
          assert.notEqual(sent[0]?.connection, sent[1]?.connection);
        }));
    }

    for (const method of ['POST', 'PATCH'] as const) {
      it(`fails a ${method}, which is not sent again`, () =>
        withRawPartner({}, async (partner) => {
          breakOnReuse(partner, `${method} /payments`, how);
          await partner.session.request('/warm');
          await assert.rejects(
            partner.session.request('/payments', { method, payload: { amount: 1 } }),
            (error: unknown) =>
              isPartnerAuthError(error) &&
              error.code === 'network' &&
              error.message.endsWith('The partner may have acted on the call; check that before you repeat it.'),
          );
          assert.equal(count(partner.calls(), `${method} /payments`), 1);
          assert.equal((await partner.session.request('/payments', { method, payload: {} })).status, 200);
        }));

      it(`sends a ${method} once more if retry is 'always'`, () =>
        withRawPartner({}, async (partner) => {
          breakOnReuse(partner, `${method} /payments`, how);
          await partner.session.request('/warm');
          const options = { method, payload: { amount: 1 }, retry: 'always' } as const;
          assert.equal((await partner.session.request('/payments', options)).status, 200);
          assert.equal(count(partner.calls(), `${method} /payments`), 2);
        }));
    }

    it('fails a GET if retry is false', () =>
      withRawPartner({ retry: false }, async (partner) => {
        breakOnReuse(partner, 'GET /orders', how);
        await partner.session.request('/warm');
        await assert.rejects(partner.session.request('/orders'), { code: 'network' });
        assert.equal(count(partner.calls(), 'GET /orders'), 1);
      }));

    it('does not disturb a sign-in', () =>
      withRawPartner({}, async (partner) => {
        breakOnReuse(partner, 'POST /login', how);
        await partner.session.request('/warm');
        await partner.session.login(plainCredentials);
        assert.equal(await partner.session.accessToken(), 'access-2');
      }));

    it('lets a refresh be sent again with the same token', () =>
      withRawPartner({ clock: manualClock() }, async (partner) => {
        breakOnReuse(partner, 'POST /refresh', how);
        await partner.session.request('/warm');
        await partner.session.refresh();
        assert.equal(await partner.session.accessToken(), 'access-2');
        const sent = partner.received.filter(({ call }) => call === 'POST /refresh');
        assert.deepEqual(
          sent.map(({ body }) => body.toString()),
          ['{"refresh":"refresh-1"}', '{"refresh":"refresh-1"}'],
        );
      }));

    it('is survived by as many calls as there were connections', () =>
      withRawPartner({}, async (partner) => {
        await Promise.all([1, 2, 3, 4, 5, 6].map(() => partner.session.request('/warm')));
        breakOnReuse(partner, 'GET /orders', how);
        for (const path of ['/warm', '/orders', '/warm', '/orders']) {
          assert.equal((await partner.session.request(path)).status, 200);
        }
      }));
  });
}

describe('a response that began before its connection broke', () => {
  it('is not asked for again', () =>
    withRawPartner({}, async ({ session, on, calls }) => {
      on('GET /orders', ({ socket }) => socket?.write('HTTP/1.1 200 OK\r\n', () => socket.resetAndDestroy()));
      await session.request('/warm');
      await assert.rejects(session.request('/orders'), { code: 'network' });
      assert.equal(count(calls(), 'GET /orders'), 1);
    }));
});

describe('a new connection that breaks', () => {
  it('does not lead to a second GET', () =>
    withRawPartner({}, async ({ session, server, on, calls }) => {
      server.closeAllConnections();
      on('GET /orders', ({ socket }) => socket?.resetAndDestroy());
      await assert.rejects(session.request('/orders'), { code: 'network' });
      assert.equal(count(calls(), 'GET /orders'), 1);
    }));
});

describe('idle connections that the server has closed', () => {
  it('are not used for a POST that is sent right after', () =>
    withRawPartner({}, async ({ session, server, calls }) => {
      await session.request('/warm');
      server.closeIdleConnections();
      assert.equal((await session.request('/payments', { payload: { amount: 1 } })).status, 200);
      assert.equal(count(calls(), 'POST /payments'), 1);
    }));

  it('are not used for a POST after the event loop was blocked meanwhile', () =>
    withRawPartner({}, async ({ session, server, calls }) => {
      await session.request('/warm');
      server.closeAllConnections();
      block(50);
      assert.equal((await session.request('/payments', { payload: { amount: 1 } })).status, 200);
      assert.equal(count(calls(), 'POST /payments'), 1);
    }));

  it('are not used for a refresh', () =>
    withRawPartner({}, async ({ session, server, calls }) => {
      await session.request('/warm');
      server.closeAllConnections();
      await session.refresh();
      assert.equal(count(calls(), 'POST /refresh'), 1);
    }));
});

describe('idle connections that a firewall has forgotten', () => {
  it('are not used when the clock says that they are too old, such as after the machine slept', async () => {
    await using proxy = await startForgetfulProxy();
    const through = (port: number): number => {
      proxy.forwardTo(port);
      return proxy.port;
    };
    const clock = manualClock();
    await withRawPartner({ through, clock, timeout: 5_000 }, async ({ session, calls }) => {
      await session.request('/warm');
      assert.equal(proxy.connections(), 1);
      proxy.forget();
      clock.shiftWallClock(4_000);
      assert.equal((await session.request('/payments', { payload: { amount: 1 } })).status, 200);
      assert.equal(count(calls(), 'POST /payments'), 1);
      assert.equal(proxy.connections(), 2);
    });
  });
});

describe('the time that idle connections are kept', () => {
  const hints: readonly (readonly [hint: string | undefined, idle: number, isKept: boolean])[] = [
    [undefined, 3_999, true],
    [undefined, 4_000, false],
    ['timeout=5', 3_999, true],
    ['timeout=5, max=100', 4_000, false],
    ['max=100, timeout=3', 1_999, true],
    ['max=100, timeout=3', 2_000, false],
    ['timeout=20', 18_999, true],
    ['timeout=20', 19_000, false],
    ['timeout=1', 0, false],
    ['timeout=0', 0, false],
    ['timeout=60, max=0', 0, false],
    ['timeout=86400', 59_999, true],
    ['timeout=86400', 60_000, false],
    ['timeout=soon', 4_000, false],
  ];
  for (const [hint, idle, isKept] of hints) {
    const title = hint === undefined ? 'without a hint' : `with the hint "${hint}"`;
    it(`${isKept ? 'includes' : 'does not include'} ${idle} ms ${title}`, () => {
      const clock = manualClock();
      return withRawPartner({ clock }, async ({ session, received, on }) => {
        on('GET /warm', (response) => {
          if (hint !== undefined) response.setHeader('keep-alive', hint);
          response.setHeader('connection', 'keep-alive').end('{}');
        });
        await session.request('/warm');
        clock.shiftWallClock(idle);
        await session.request('/next');
        const [warm, next] = received.slice(-2);
        assert.equal(warm?.connection === next?.connection, isKept);
      });
    });
  }

  it('ends by itself, without another call', async () => {
    await withRawPartner({}, async ({ session, server, on }) => {
      on('GET /warm', (response) => {
        response.setHeader('keep-alive', 'timeout=2').setHeader('connection', 'keep-alive').end('{}');
      });
      const sockets = new Set<Socket>();
      server.on('connection', (socket) => sockets.add(socket));
      server.closeAllConnections();
      await session.request('/warm');
      const [socket] = sockets;
      assert.ok(socket);
      if (!socket.closed) await once(socket, 'close');
    });
  });
});

describe('a session', () => {
  it('connects again after its server was restarted', async () => {
    let port = 0;
    await withRawPartner({}, async ({ session, server, url }) => {
      await session.request('/warm');
      port = Number(new URL(url).port);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await assert.rejects(session.request('/x'), { code: 'network' });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      assert.equal((await session.request('/payments', { payload: {} })).status, 200);
    });
  });

  it('keeps its connections to itself', async () => {
    await withRawPartner({}, async ({ url, connections }) => {
      const before = connections();
      await using other = await openSession({ partner: plainPartner, baseUrl: url });
      await other.login(plainCredentials);
      assert.equal(connections(), before + 1);
    });
  });
});
