import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partners } from '../../../core/index.ts';
import { partnerNames, withSession } from '../../helpers/with-session.ts';

describe('request', () => {
  for (const partner of partnerNames) {
    const example = partners[partner].example;
    assert.ok(example);

    it(`makes a protected call at ${partner}`, () =>
      withSession({ partner }, async ({ session, sandbox }) => {
        const response = await session.request(example.path, example);
        assert.equal(response.status, 200);
        assert.equal(response.ok, true);
        const entry = sandbox.journal.find(({ call }) => call === 'protected');
        assert.equal(entry?.outcome, 'ok');
        assert.equal(entry.headers.authorization, `Bearer ${await session.accessToken()}`);
        if (example.payload !== undefined) assert.deepEqual({ ...(entry.payload as object) }, example.payload);
      }));

    it(`refreshes once and repeats the call if ${partner} refuses the token`, () =>
      withSession({ partner, sandbox: { rotation: 'strict' } }, async ({ session, sandbox, clock, refreshes }) => {
        const lifetime = (session.status.accessExpiresAt ?? 0) - clock.now();
        sandbox.advance(lifetime / 1000 + 60);
        const response = await session.request(example.path, example);
        assert.equal(response.ok, true);
        assert.equal(refreshes(), 1);
        assert.equal(sandbox.journal.filter(({ call }) => call === 'protected').length, 2);
      }));
  }

  it('refreshes once for 50 concurrent calls that are refused', () =>
    withSession({ sandbox: { delay: 5 } }, async ({ session, sandbox, refreshes }) => {
      sandbox.advance(40_000);
      const calls = Array.from({ length: 50 }, () => session.request('/openapi/v1/transaction/qr', query));
      for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
      assert.equal(refreshes(), 1);
    }));

  it('returns the 401 response if a new token is refused too', () =>
    withSession({}, async ({ session, sandbox, refreshes }) => {
      sandbox.fail({ status: 401 }, { call: 'protected', times: 5 });
      const response = await session.request('/openapi/v1/transaction/qr', query);
      assert.equal(response.status, 401);
      assert.equal(response.ok, false);
      assert.equal(refreshes(), 1);
      assert.equal(sandbox.journal.filter(({ call }) => call === 'protected').length, 2);
      assert.equal(session.status.phase, 'valid');
    }));

  it('returns error responses of the partner', () =>
    withSession({}, async ({ session }) => {
      const response = await session.request('/openapi/v1/transaction/qr', { payload: { page: 0 } });
      assert.equal(response.status, 400);
      assert.equal(response.ok, false);
      const missing = await session.request('/no/such/path', { method: 'POST', payload: {} });
      assert.equal(missing.status, 404);
    }));

  it('does not follow redirects', () =>
    withSession({}, async ({ session, sandbox }) => {
      sandbox.fail({ redirect: `${sandbox.url}/stolen` }, { call: 'protected' });
      const response = await session.request('/openapi/v1/transaction/qr', query);
      assert.equal(response.status, 302);
      assert.ok(!sandbox.journal.some(({ path }) => path === '/stolen'));
    }));

  it('refuses paths to other servers, reserved or invalid headers, and a payload for GET', () =>
    withSession({}, async ({ session, sandbox }) => {
      const before = sandbox.journal.length;
      for (const path of ['https://elsewhere.example/', '//elsewhere.example/', 'relative', '/\\elsewhere', '']) {
        await assert.rejects(session.request(path), TypeError, path);
      }
      for (const headers of [{ Authorization: 'x' }, { 'partner-code': 'x' }, { 'X-A': 'a\r\nb' }, { 'X A': 'b' }]) {
        await assert.rejects(session.request('/x', { headers }), TypeError, JSON.stringify(headers));
      }
      await assert.rejects(session.request('/x', { method: 'GET', payload: {} }), TypeError);
      assert.equal(sandbox.journal.length, before);
    }));

  it('sends additional headers', () =>
    withSession({}, async ({ session, sandbox }) => {
      await session.request('/openapi/v1/transaction/qr', { ...query, headers: { 'X-Service-Code': 'vccb-qr' } });
      assert.equal(sandbox.journal.at(-1)?.headers['x-service-code'], 'vccb-qr');
    }));
});

const query = {
  payload: { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 00:00:00', limit: 10, page: 1 },
};
