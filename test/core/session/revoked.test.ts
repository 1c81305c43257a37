import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPartnerAuthError, openSession, partners, type PartnerSession } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';
import { partnerNames, readSession, withSession } from '../../helpers/with-session.ts';

const refusedRefresh = { status: 401, body: { code: 'BAD_REFRESH', message: 'no' } };
const refusedAccess = { status: 401, body: { code: 'BAD_TOKEN', message: 'no' } };
const gatewayPage = { status: 401, headers: { 'content-type': 'text/html' }, body: '<h1>Log in to the network</h1>' };

const calls: Readonly<Record<string, (session: PartnerSession, path: string) => Promise<unknown>>> = {
  'request()': (session, path) => session.request(path),
  'stream()': (session, path) => session.stream(path),
  'fetch()': (session, path) => session.fetch(path),
};

describe('a session that was revoked at the partner', () => {
  for (const partner of partnerNames) {
    const example = partners[partner].example;
    assert.ok(example);
    const { path, ...options } = example;

    it(`is reported by the first call at ${partner}, and its access token is not handed out again`, () =>
      withSession({ partner }, async ({ session, sandbox, credentials }) => {
        sandbox.revoke(partner);
        await assert.rejects(session.request(path, options), { code: 'sessionEnded', retryable: false });
        assert.equal(session.status.phase, 'ended');
        await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
        await session.login(credentials);
        assert.equal((await session.request(path, options)).ok, true);
      }));
  }

  for (const [name, call] of Object.entries(calls)) {
    it(`is reported by ${name}`, () =>
      withPartner({}, async ({ session, reply }) => {
        await session.login(plainCredentials);
        reply('/things', refusedAccess);
        reply('/refresh', refusedRefresh);
        await assert.rejects(call(session, '/things'), { code: 'sessionEnded' });
        await assert.rejects(call(session, '/things'), { code: 'sessionEnded' });
        await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
      }));

    it(`is reported by ${name} if it had ended before, with an access token that was still accepted`, () =>
      withPartner({}, async ({ session, reply, calls: paths }) => {
        await session.login(plainCredentials);
        reply('/refresh', refusedRefresh);
        await assert.rejects(session.refresh(), { code: 'sessionEnded' });
        await call(session, '/things');
        reply('/things', refusedAccess);
        await assert.rejects(call(session, '/things'), { code: 'sessionEnded' });
        await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
        assert.equal(paths.filter((path) => path === '/refresh').length, 1);
      }));
  }

  it('is reported to each of 50 concurrent callers after one refresh', () =>
    withSession({ sandbox: { delay: 5 } }, async ({ session, sandbox, refreshes }) => {
      sandbox.revoke('tconnect');
      const all = Array.from({ length: 50 }, () => session.request('/openapi/v1/transaction/qr', { payload: {} }));
      for (const call of all) await assert.rejects(call, { code: 'sessionEnded' });
      assert.equal(refreshes(), 1);
    }));

  it('is reported with a body that can be read once', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/things', refusedAccess);
      reply('/refresh', refusedRefresh);
      const body = new Blob(['x']).stream();
      await assert.rejects(session.request('/things', { body }), { code: 'sessionEnded' });
    }));

  it('is known to other processes with the same store', () =>
    withPartner({}, async ({ session, store, clock, reply }) => {
      await session.login(plainCredentials);
      reply('/things', refusedAccess);
      reply('/refresh', refusedRefresh);
      await assert.rejects(session.request('/things'), { code: 'sessionEnded' });
      const options = { partner: plainPartner, baseUrl: (await readSession(store)).origin, clock, store };
      await using other = await openSession(options);
      await assert.rejects(other.accessToken(), { code: 'sessionEnded' });
    }));

  it('is reported as interrupted if the response of the refresh was lost', () =>
    withSession({ sandbox: { rotation: 'strict' } }, async ({ session, sandbox }) => {
      sandbox.fail({ status: 401 }, { call: 'protected' });
      sandbox.fail('resetAfter', { call: 'refresh' });
      await assert.rejects(session.request('/openapi/v1/transaction/qr', { payload: {} }), {
        code: 'refreshInterrupted',
      });
      await assert.rejects(session.accessToken(), { code: 'refreshInterrupted' });
    }));

  it('is reported as an account that is not available if the refresh says so', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/things', refusedAccess);
      reply('/refresh', { status: 423, body: { code: 'BLOCKED' } });
      await assert.rejects(session.request('/things'), { code: 'accountUnavailable' });
      await assert.rejects(session.accessToken(), { code: 'accountUnavailable' });
    }));

  it('is signed in again by a program that catches sessionEnded', () =>
    withSession({}, async ({ session, sandbox, credentials }) => {
      const call = () => session.request('/openapi/v1/transaction/qr', { payload: { ...query } });
      sandbox.revoke('tconnect');
      const response = await call().catch(async (error: unknown) => {
        if (!isPartnerAuthError(error) || error.code !== 'sessionEnded') throw error;
        await session.login(credentials);
        return call();
      });
      assert.equal(response.ok, true);
    }));
});

describe('a refused access token', () => {
  it('is refreshed once for one forbidden path in 10 s, and twice for many', () =>
    withPartner({}, async ({ session, clock, reply, calls: paths }) => {
      await session.login(plainCredentials);
      const refreshes = () => paths.filter((path) => path === '/refresh').length;
      const forbidden = Array.from({ length: 20 }, (_, number) => `/things/${number}`);
      for (const path of ['/things', '/things?page=2', ...forbidden]) reply(path, refusedAccess);
      const counts: number[] = [];
      const call = async (path: string): Promise<void> => {
        assert.equal((await session.request(path)).status, 401);
        counts.push(refreshes());
      };
      for (const path of ['/things', '/things', '/things?page=2']) await call(path);
      clock.advance(10_000);
      await call('/things');
      assert.deepEqual(counts, [1, 1, 1, 2]);
      for (const path of forbidden) await call(path);
      assert.equal(refreshes(), 3);
    }));

  for (const [name, call] of Object.entries(calls))
    it(`is reported at once by ${name} if the session is revoked after another path was forbidden`, () =>
      withPartner({}, async ({ session, reply }) => {
        await session.login(plainCredentials);
        reply('/admin', refusedAccess);
        assert.equal((await session.request('/admin')).status, 401);
        reply('/things', refusedAccess);
        reply('/refresh', refusedRefresh);
        await assert.rejects(call(session, '/things'), { code: 'sessionEnded' });
        await assert.rejects(session.request('/admin'), { code: 'sessionEnded' });
      }));

  it('is returned as the response, and marks nothing, if a fresh one is refused too', () =>
    withPartner({}, async ({ session, store, reply }) => {
      await session.login(plainCredentials);
      for (const reason of [refusedAccess, gatewayPage]) {
        reply('/things', reason);
        // The second call makes no refresh, because another fresh token would not help.
        for (let call = 0; call < 2; call++) assert.equal((await session.request('/things')).status, 401);
      }
      assert.equal(session.status.phase, 'valid');
      assert.equal(await session.accessToken(), 'access-2');
      reply('/refresh', refusedRefresh);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(await session.accessToken(), 'access-2', 'not known to be dead');
      assert.equal((await readSession(store)).ended?.accessRefused, undefined);
    }));

  it('is returned as the response, and marks nothing, if the refresh fails by network', () =>
    withSession({}, async ({ session, sandbox, store }) => {
      sandbox.fail({ status: 401 }, { call: 'protected' });
      sandbox.fail('resetBefore', { call: 'refresh', times: 5 });
      assert.equal((await session.request('/openapi/v1/transaction/qr', { payload: {} })).status, 401);
      const token = await session.accessToken();
      sandbox.heal();
      sandbox.fail({ status: 401 }, { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'refreshInterrupted' });
      assert.equal(await session.accessToken(), token);
      assert.equal((await readSession(store)).ended?.accessRefused, undefined);
    }));

  for (const [name, reply] of Object.entries({
    'is rate limited': { status: 429, headers: { 'retry-after': '60' } },
    'gets a server error': { status: 500, body: { code: 'DOWN' } },
    'gets the page of a gateway': { status: 401, headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' },
  }))
    it(`is returned as the response if the refresh ${name}`, () =>
      withPartner({}, async ({ session, reply: set }) => {
        await session.login(plainCredentials);
        set('/things', refusedAccess);
        set('/refresh', reply);
        assert.equal((await session.request('/things')).status, 401);
        assert.equal(await session.accessToken(), 'access-1');
        assert.equal(session.status.phase, 'valid');
      }));
});

const query = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 00:00:00', limit: 10, page: 1 };
