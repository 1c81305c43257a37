import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore, openSession, type PartnerSession, type TokenStore } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { acmePay } from '../../helpers/acme-pay.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { catchError, readSession, withSession } from '../../helpers/with-session.ts';

const query = { payload: { from_date: '2026-01-01', to_date: '2026-01-02', limit: 1, page: 1 } };
/** More than the lifetime of TCONNECT's access token. */
const expiry = 40_000_000;

/** A store that reports no changes, such as one on another machine. */
function unwatchedStore(): TokenStore {
  const { onDidChange: _, ...store } = memoryStore();
  return store;
}

describe('a minValidity above the lifetime of the tokens', () => {
  it('causes one refresh, and a further one after half of the lifetime', () =>
    withSession({}, async ({ session, sandbox, clock, refreshes }) => {
      for (let call = 0; call < 50; call++) {
        const token = await session.accessToken({ minValidity: 36_000_000 });
        assert.equal(token, sandbox.tokens('tconnect')?.accessToken);
        clock.advance(10_000);
      }
      assert.equal(refreshes(), 1);
      clock.advance(18_000_000);
      await session.accessToken({ minValidity: Infinity });
      assert.equal(refreshes(), 2);
      await session.accessToken({ minValidity: Infinity });
      assert.equal(refreshes(), 2);
    }));

  it('causes one refresh for all processes with one store', () =>
    withSession({ session: { store: unwatchedStore() } }, async ({ session, sandbox, sibling, refreshes }) => {
      await session.accessToken({ minValidity: 100_000 });
      for (let process = 0; process < 5; process++) {
        const other = await sibling();
        assert.equal(await other.accessToken({ minValidity: 100_000 }), sandbox.tokens('tconnect')?.accessToken);
      }
      assert.equal(refreshes(), 1);
    }));

  it('does not keep a caller from a token that is valid for long enough', () =>
    withSession({}, async ({ session, clock, refreshes }) => {
      await session.refresh();
      clock.advance(10_000_000);
      await session.accessToken({ minValidity: 30_000 });
      assert.equal(refreshes(), 2);
      assert.equal((session.status.accessExpiresAt ?? 0) - clock.now(), 36_000_000);
    }));

  it('causes at most one refresh in a second if it equals almost the lifetime', () =>
    withSession({ sandbox: { accessLifetime: 100 } }, async ({ session, clock, refreshes }) => {
      for (let call = 0; call < 100; call++) {
        await session.accessToken({ minValidity: 99.99 });
        clock.advance(100);
      }
      assert.ok(refreshes() <= 10, `${refreshes()} refreshes in 10 seconds`);
    }));
});

describe('a lifetime of 10 ms', () => {
  async function withShortLifetime(
    test: (fixture: {
      readonly open: () => Promise<PartnerSession>;
      readonly clock: ReturnType<typeof manualClock>;
      readonly credentials: Readonly<Record<string, string>>;
      readonly refreshes: () => number;
    }) => Promise<void>,
    autoRefresh = false,
  ): Promise<void> {
    const clock = manualClock();
    const accessExpiry = { field: 'valid_for', unit: 'milliseconds' } as const;
    const definition = { ...acmePay, response: { ...acmePay.response, accessExpiry } };
    await using sandbox = await startSandbox({
      clock: clock.now,
      accessLifetime: 0.01,
      definitions: [{ definition, cipher: { iv: { from: 'key' } } }],
    });
    const profile = sandbox.profiles[definition.id];
    assert.ok(profile);
    const store = unwatchedStore();
    await test({
      open: () => openSession({ ...profile, clock, store, autoRefresh }),
      clock,
      credentials: profile.credentials,
      refreshes: () => sandbox.journal.filter(({ call }) => call === 'refresh').length,
    });
  }

  it('causes at most one refresh in a second, for all processes with one store', () =>
    withShortLifetime(async ({ open, clock, credentials, refreshes }) => {
      await using session = await open();
      await using other = await open();
      await session.login(credentials);
      for (let call = 0; call < 300; call++) {
        await session.accessToken();
        await other.accessToken();
        clock.advance(10);
      }
      assert.ok(refreshes() >= 1 && refreshes() <= 3, `${refreshes()} refreshes in 3 seconds`);
    }));

  it('causes at most one automatic refresh in a second', () =>
    withShortLifetime(async ({ open, clock, credentials, refreshes }) => {
      await using session = await open();
      await session.login(credentials);
      for (let step = 0; step < 50; step++) {
        clock.advance(20);
        if (session.status.refreshing) await session.accessToken();
      }
      await session.accessToken();
      assert.ok(refreshes() <= 1, `${refreshes()} refreshes in a second`);
    }, true));
});

describe('a partner that limits the number of refreshes', () => {
  it('is asked again after an increasing pause only, although the token has expired', () =>
    withSession({}, async ({ session, sandbox, clock, refreshes }) => {
      clock.advance(expiry);
      sandbox.fail({ status: 429 }, { call: 'refresh', times: Infinity });
      const callAll = async (): Promise<void> => {
        const calls = Array.from({ length: 20 }, () => session.accessToken());
        for (const call of calls) await assert.rejects(call, { code: 'rateLimited', status: 429, retryable: true });
        await assert.rejects(session.request('/openapi/v1/transaction/qr', query), { code: 'rateLimited' });
      };
      await callAll();
      assert.equal(refreshes(), 1);
      clock.advance(1_000);
      await callAll();
      await callAll();
      assert.equal(refreshes(), 2);
      clock.advance(1_999);
      await callAll();
      assert.equal(refreshes(), 2);
      clock.advance(1);
      await callAll();
      assert.equal(refreshes(), 3);
      sandbox.heal();
      clock.advance(4_000);
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(session.status.lastError, undefined);
    }));

  for (const status of [429, 503]) {
    it(`is not asked by anyone before its Retry-After with HTTP ${status} has passed`, () =>
      withSession({ session: { store: unwatchedStore() } }, async ({ session, sandbox, clock, refreshes, sibling }) => {
        clock.advance(expiry);
        sandbox.fail({ status, retryAfter: '120' }, { call: 'refresh', times: Infinity });
        await assert.rejects(session.accessToken(), { retryAfter: 120, status });
        sandbox.heal();
        assert.equal(refreshes(), 1);
        clock.advance(20_000);
        await assert.rejects(session.accessToken(), { retryAfter: 100, status, retryable: true });
        await assert.rejects(session.refresh(), { retryAfter: 100, status });
        for (let process = 0; process < 3; process++) {
          const other = await sibling();
          await assert.rejects(other.accessToken(), { code: 'rateLimited', retryAfter: 100, retryable: true });
          await assert.rejects(other.refresh(), { code: 'rateLimited', retryAfter: 100 });
          assert.equal(other.status.lastError?.code, 'rateLimited');
        }
        assert.equal(refreshes(), 1);
        clock.advance(100_000);
        const other = await sibling();
        assert.equal(await other.accessToken(), sandbox.tokens('tconnect')?.accessToken);
        assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
        assert.equal(refreshes(), 2);
      }));
  }

  it('is asked at least once an hour, whatever its Retry-After states', () =>
    withSession({}, async ({ session, sandbox, clock, refreshes, sibling }) => {
      sandbox.fail({ status: 429, retryAfter: '86400' }, { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'rateLimited' });
      await assert.rejects(session.refresh(), { code: 'rateLimited', retryAfter: 3600 });
      clock.advance(3_600_000);
      await (await sibling()).refresh();
      assert.equal(refreshes(), 2);
    }));

  it('may be asked by an explicit refresh after a Retry-After that is no time to wait, such as 0 or 30 years', () =>
    withSession({}, async ({ session, sandbox, refreshes, sibling }) => {
      for (const retryAfter of ['999999999', '0', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
        sandbox.fail({ status: 429, retryAfter }, { call: 'refresh', times: 3 });
        await assert.rejects(session.refresh(), { code: 'rateLimited' });
        sandbox.heal();
        const before = refreshes();
        await session.refresh();
        await (await sibling()).refresh();
        assert.equal(refreshes(), before + 2);
      }
    }));

  it('keeps a valid token usable, and is not asked by an automatic refresh either', () =>
    withSession({ session: { autoRefresh: true } }, async ({ session, sandbox, clock, refreshes }) => {
      const token = await session.accessToken();
      sandbox.fail({ status: 429, retryAfter: '600' }, { call: 'refresh', times: Infinity });
      await assert.rejects(session.refresh(), { code: 'rateLimited' });
      clock.advance(599_000);
      assert.equal(await session.accessToken(), token);
      await assert.rejects(session.accessToken({ minValidity: 35_900 }), { code: 'rateLimited', retryAfter: 1 });
      assert.equal(refreshes(), 1);
    }));

  it('is asked at once for a new login', () =>
    withSession({}, async ({ session, sandbox, credentials, refreshes }) => {
      sandbox.fail({ status: 429, retryAfter: '600' }, { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'rateLimited' });
      await session.login(credentials);
      await session.refresh();
      assert.equal(refreshes(), 2);
    }));

  it('leaves no pause in the store after a success', () =>
    withSession({}, async ({ session, sandbox, clock, store }) => {
      sandbox.fail({ status: 429, retryAfter: '60' }, { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'rateLimited' });
      assert.deepEqual((await readSession(store)).pause, { until: clock.now() + 60_000, stated: true });
      clock.advance(60_000);
      await session.refresh();
      assert.equal((await readSession(store)).pause, undefined);
    }));

  it('is asked if a stored pause ends too late, because of a wrong clock', () =>
    withSession({}, async ({ session, clock, store, refreshes }) => {
      await store.write({ ...(await readSession(store)), pause: { until: clock.now() + 86_400_000, stated: true } });
      await session.refresh();
      assert.equal(refreshes(), 1);
    }));
});

describe('a partner that cannot be reached', () => {
  for (const fault of ['refuseConnections', { status: 500 }, { status: 400 }, 'brokenJson'] as const) {
    it(`is asked twice, then after an increasing pause only (${JSON.stringify(fault)})`, () =>
      withSession({}, async ({ session, sandbox, clock, refreshes }) => {
        clock.advance(expiry);
        if (fault === 'refuseConnections') await sandbox.close();
        else sandbox.fail(fault, { call: 'refresh', times: Infinity });
        await catchError(session.accessToken());
        await catchError(session.accessToken());
        const before = refreshes();
        const last = session.status.lastError;
        const { code, message } = last ?? {};
        for (let call = 0; call < 20; call++) await assert.rejects(session.accessToken(), { code, message });
        assert.equal(refreshes(), before);
        clock.advance(60_000);
        await catchError(session.accessToken());
        assert.notEqual(session.status.lastError, last);
      }));
  }

  it('is not asked if another process has refreshed meanwhile', () =>
    withSession({ session: { store: unwatchedStore() } }, async ({ session, sandbox, clock, sibling, refreshes }) => {
      clock.advance(expiry);
      sandbox.fail({ status: 429 }, { call: 'refresh' });
      await assert.rejects(session.accessToken(), { code: 'rateLimited' });
      const other = await sibling();
      await other.refresh();
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(refreshes(), 2);
    }));
});

describe('a partner that refuses fresh tokens', () => {
  it('causes one refresh, and further ones only after 10 seconds', () =>
    withSession({}, async ({ session, sandbox, clock, refreshes }) => {
      sandbox.fail({ status: 401 }, { call: 'protected', times: Infinity });
      for (let call = 0; call < 10; call++) {
        assert.equal((await session.request('/openapi/v1/transaction/qr', query)).status, 401);
      }
      assert.equal(refreshes(), 1);
      clock.advance(10_000);
      await session.request('/openapi/v1/transaction/qr', query);
      assert.equal(refreshes(), 2);
    }));
});
