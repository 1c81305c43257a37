import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PartnerAuthError,
  type AuthExchange,
  type PartnerSession,
  type SessionOptions,
  type SessionStatus,
} from '../../../core/index.ts';
import { fakeSession } from '../../../core/testing/index.ts';

/** What a program would call with a session. */
async function countOrders(session: PartnerSession): Promise<number> {
  const response = await session.request<{ orders: unknown[] }>('/orders', { query: { page: 1 } });
  return response.body.orders.length;
}

describe('fakeSession()', () => {
  it('is signed in without options, and responds with an empty object', async () => {
    await using session = fakeSession();
    assert.equal(session.status.phase, 'valid');
    assert.equal(await session.accessToken(), 'fake-access-token');
    const { status, ok, body, text, bytes } = await session.request('/x');
    assert.deepEqual([status, ok, body, text, bytes], [200, true, {}, '{}', new TextEncoder().encode('{}')]);
  });

  it('hands out the next tokens after each refresh and sign-in, and stays at the last', async () => {
    const session = fakeSession({ tokens: ['a', { accessToken: 'b' }, 'c'] });
    const seen = [await session.accessToken()];
    await session.refresh();
    seen.push(await session.accessToken());
    await session.login({ username: 'u' });
    seen.push(await session.accessToken());
    await session.refresh();
    seen.push(await session.accessToken());
    assert.deepEqual(seen, ['a', 'b', 'c', 'c']);
  });

  it('is signed out with no tokens until it signs in', async () => {
    const session = fakeSession({ tokens: [] });
    assert.equal(session.status.phase, 'signedOut');
    await assert.rejects(session.accessToken(), { code: 'signedOut' });
    await assert.rejects(session.refresh(), { code: 'signedOut' });
    await assert.rejects(session.request('/x'), { code: 'signedOut' });
    await session.login({ username: 'u' });
    assert.equal(await session.accessToken(), 'fake-access-token');
    await session.signOut();
    assert.equal(session.status.phase, 'signedOut');
  });

  it('refreshes an expired token by itself, and one with too little validity', async () => {
    const now = Date.now();
    const session = fakeSession({
      tokens: [
        { accessToken: 'old', issuedAt: now - 2000, accessExpiresAt: now - 1000 },
        { accessToken: 'short', accessExpiresAt: now + 30_000 },
        'new',
      ],
    });
    assert.equal(session.status.phase, 'expired');
    assert.equal(await session.accessToken(), 'short');
    assert.equal(await session.accessToken({ minValidity: 60 }), 'new');
  });

  it('fails each call with the stated code or error, or only those of the stated methods', async () => {
    const session = fakeSession({ fail: 'network' });
    await assert.rejects(session.accessToken(), { code: 'network', retryable: true });
    await assert.rejects(session.request('/x'), { code: 'network' });
    session.fail({ refresh: new PartnerAuthError('rateLimited', 'Wait.', { retryAfter: 7 }) });
    await assert.rejects(session.refresh(), { code: 'rateLimited', retryAfter: 7 });
    assert.equal(session.status.lastError?.retryAfter, 7);
    assert.equal((await session.request('/x')).ok, true);
    session.fail(undefined);
    await session.refresh();
    assert.equal(session.status.lastError, undefined);
  });

  it('has ended after an error that ends a session, until it signs in', async () => {
    const past = Date.now() - 1000;
    const session = fakeSession({
      tokens: [{ accessToken: 'a', issuedAt: past - 1000, accessExpiresAt: past }],
      fail: { refresh: 'sessionEnded' },
    });
    await assert.rejects(session.request('/x'), { code: 'sessionEnded' });
    assert.equal(session.status.phase, 'ended');
    session.fail(undefined);
    await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
    await session.login({ username: 'u' });
    assert.notEqual(session.status.phase, 'ended');
  });

  it('returns what `respond` returns from request(), stream() and fetch()', async () => {
    const session = fakeSession({
      respond: (path) => (path === '/orders' ? { body: { orders: [1, 2] } } : { status: 404, body: 'nothing here' }),
    });
    assert.equal(await countOrders(session), 2);
    const missing = await session.request('/y');
    assert.deepEqual([missing.status, missing.ok, missing.body], [404, false, 'nothing here']);
    const chunks = [];
    for await (const chunk of (await session.stream('/orders')).body) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).toString(), '{"orders":[1,2]}');
    const fetched = await session.fetch('https://partner.example/orders', { method: 'POST', body: '{}' });
    assert.deepEqual([fetched.status, await fetched.json()], [200, { orders: [1, 2] }]);
  });

  it('keeps the calls that it received', async () => {
    const session = fakeSession();
    await countOrders(session).catch(() => undefined);
    await session.login({ username: 'u' });
    assert.deepEqual(session.calls, [
      { method: 'request', path: '/orders', argument: { query: { page: 1 } } },
      { method: 'login', argument: { username: 'u' } },
    ]);
  });

  it('notifies listeners of changes and of exchanges', async () => {
    const session = fakeSession({ tokens: ['a', 'b'] });
    const phases: string[] = [];
    const stop = session.on('change', ({ phase }) => phases.push(phase));
    await session.signOut();
    stop();
    await session.login({ username: 'u' });
    assert.deepEqual(phases, ['signedOut']);
    const exchange: AuthExchange = {
      call: 'login',
      at: 0,
      method: 'POST',
      url: 'https://partner.example/login',
      headers: {},
      payload: {},
      body: '',
      status: 200,
      message: undefined,
      outcome: 'success',
    };
    const seen: AuthExchange[] = [];
    session.on('exchange', (value) => seen.push(value));
    session.emit('exchange', exchange);
    assert.deepEqual(seen, [exchange]);
  });

  it('refuses calls after close() and calls that are aborted', async () => {
    const session = fakeSession();
    await assert.rejects(session.request('/x', { signal: AbortSignal.abort() }), { code: 'aborted' });
    await session.close();
    await assert.rejects(session.accessToken(), { code: 'closed' });
  });

  it('refuses unknown options, methods and codes', () => {
    assert.throws(() => fakeSession({ token: 'a' } as object), { name: 'TypeError', message: /"token"/ });
    assert.throws(() => fakeSession({ fail: { reqest: 'network' } as object }), /"reqest"/);
    assert.throws(() => fakeSession({ fail: 'netwrk' as 'network' }), /fail must be an error code/);
  });
});

describe('PartnerSession', () => {
  it('can be implemented by an object literal', async () => {
    const status: SessionStatus = {
      phase: 'due',
      refreshing: false,
      accessExpiresAt: 1,
      account: undefined,
      lastError: new PartnerAuthError('network', 'No response.', { retryable: undefined }),
    };
    const session: PartnerSession = {
      status,
      login: async () => undefined,
      ensureSignedIn: async () => undefined,
      adopt: async () => undefined,
      refresh: async () => undefined,
      accessToken: async () => 'a',
      request: async () => ({
        status: 200,
        ok: true,
        headers: {},
        body: { orders: [] } as never,
        text: '',
        bytes: new Uint8Array(),
      }),
      stream: async () => ({ status: 200, ok: true, headers: {}, body: new Blob([]).stream() }),
      fetch: async () => new Response(),
      configure: () => undefined,
      signOut: async () => ({ revoked: true }),
      on: () => () => undefined,
      close: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
    assert.equal(await countOrders(session), 0);
    const open: (options: SessionOptions) => Promise<PartnerSession> = async () => session;
    assert.equal((await open({ partner: 'bizmail', baseUrl: '' })).status.phase, 'due');
  });
});
