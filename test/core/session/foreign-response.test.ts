import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  definePartner,
  isPartnerAuthError,
  type PartnerAuthError,
  type PartnerDefinition,
} from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner, type Reply } from '../../helpers/with-partner.ts';
import { catchError, readSession, withSession } from '../../helpers/with-session.ts';

const html = { 'content-type': 'text/html; charset=utf-8' };
const page = '<!DOCTYPE html><html><body><h1>401 Authorization Required</h1></body></html>';

/** Responses of gateways, proxies and captive portals. */
const foreign: readonly (readonly [string, Reply])[] = [
  ['an HTML page with status 401', { status: 401, headers: html, body: page }],
  ['an HTML page with status 423', { status: 423, headers: html, body: page }],
  ['an HTML page of a proxy that requires a login', { status: 407, headers: html, body: page }],
  ['a text with status 401', { status: 401, headers: { 'content-type': 'text/plain' }, body: 'Jwt is missing' }],
  ['no body with status 401', { status: 401 }],
  ['JSON of another form with status 401', { status: 401, body: { error: { status: 401, reason: 'no key' } } }],
  ['a JSON list with status 401', { status: 401, body: '["unauthorized"]' }],
  ['truncated JSON with status 401', { status: 401, body: '{"code":"BAD_REFRESH"' }],
  ['a captive portal with status 200', { headers: html, body: page }],
  ['a captive portal with status 200 that claims to be JSON', { body: page }],
  ['a captive portal with status 511', { status: 511, headers: html, body: page }],
  ['an empty response with status 200', {}],
];

async function partnerError(call: Promise<unknown>): Promise<PartnerAuthError> {
  const error = await catchError(call);
  assert.ok(isPartnerAuthError(error), String(error));
  return error;
}

/** The rules that need no field of the response. */
const rulesByStatus = (plainPartner.errors ?? []).filter((rule) => rule.code === undefined);

describe('a response that is not in the form of the partner', () => {
  for (const [title, reply] of foreign) {
    it(`keeps the session and its refresh token: ${title}`, () =>
      withPartner({}, async ({ session, store, clock, reply: setReply }) => {
        await session.login(plainCredentials);
        setReply('/refresh', reply);
        const error = await partnerError(session.refresh());
        assert.equal(error.retryable, true, error.code);
        assert.equal(error.status, reply.status ?? 200);
        assert.match(error.message, /[Tt]ry again later/);
        assert.equal(session.status.phase, 'valid');
        assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-1');
        setReply('/refresh', undefined);
        clock.advance(60_000);
        await session.refresh();
        assert.equal(await session.accessToken(), 'access-2');
        assert.equal(session.status.lastError, undefined);
      }));

    it(`does not call the credentials wrong: ${title}`, () =>
      withPartner({}, async ({ session, reply: setReply }) => {
        setReply('/login', reply);
        const error = await partnerError(session.login(plainCredentials));
        assert.ok(['invalidResponse', 'partnerUnavailable'].includes(error.code), error.code);
        assert.equal(error.retryable, true);
        assert.equal(session.status.phase, 'signedOut');
      }));
  }

  it('keeps the session of every built-in partner, whose refresh token works again', async () => {
    for (const partner of ['tconnect', 'bizmail', 'cloudreve'] as const) {
      await withSession({ partner, sandbox: { rotation: 'strict' } }, async ({ session, sandbox, clock }) => {
        for (const status of [401, 403, 404]) {
          sandbox.fail({ status, html: true }, { call: 'refresh' });
          const error = await partnerError(session.refresh());
          const code = partner === 'cloudreve' && status === 404 ? 'configuration' : 'invalidResponse';
          assert.deepEqual([error.code, error.retryable, error.status], [code, true, status]);
          assert.equal(session.status.phase, 'valid');
        }
        clock.advance(60_000);
        await session.refresh();
        assert.equal(await session.accessToken(), sandbox.tokens(partner)?.accessToken);
      });
    }
  });

  it('does not stop the automatic refresh', () =>
    withPartner({ autoRefresh: true }, async ({ session, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', { status: 401, headers: html, body: page });
      clock.advance(3_500_000);
      assert.equal(session.status.refreshing, true);
      await partnerError(session.refresh());
      reply('/refresh', undefined);
      clock.advance(60_000);
      assert.equal(session.status.refreshing, true);
      await session.refresh();
      assert.equal(await session.accessToken(), 'access-2');
      assert.deepEqual(calls, ['/login', '/refresh', '/refresh']);
    }));

  it('is refreshed once for a protected call, whose error is returned', () =>
    withPartner({}, async ({ session, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/orders', { status: 401, headers: html, body: page });
      reply('/refresh', { status: 401, headers: html, body: page });
      const { status, ok, body } = await session.request('/orders');
      assert.deepEqual([status, ok, body], [401, false, page]);
      assert.deepEqual(calls, ['/login', '/orders', '/refresh']);
      assert.equal(session.status.phase, 'valid');
    }));

  it('is one without the success marker, if the definition has only that', () => {
    const { code: _code, message: _message, ...shape } = plainPartner.response;
    const response = { ...shape, success: { field: 'ok', equals: true } };
    const definition = definePartner({ ...plainPartner, response, errors: rulesByStatus });
    return withPartner({ definition }, async ({ session, reply }) => {
      reply('/login', { status: 401, body: { message: 'Unauthorized' } });
      assert.equal((await partnerError(session.login(plainCredentials))).code, 'invalidResponse');
      reply('/login', { status: 401, body: { ok: false } });
      assert.equal((await partnerError(session.login(plainCredentials))).code, 'invalidCredentials');
    });
  });

  it('is one that is neither JSON nor empty, if the definition names no field of errors', () => {
    const { code: _code, message: _message, ...response } = plainPartner.response;
    const definition: PartnerDefinition = { ...plainPartner, response, errors: rulesByStatus };
    return withPartner({ definition }, async ({ session, reply }) => {
      reply('/login', { status: 401, headers: html, body: page });
      assert.equal((await partnerError(session.login(plainCredentials))).code, 'invalidResponse');
      for (const body of ['', { why: 'no' }]) {
        reply('/login', { status: 401, body });
        assert.equal((await partnerError(session.login(plainCredentials))).code, 'invalidCredentials');
      }
    });
  });
});

describe('a refusal in the form of the partner', () => {
  it('ends the session', () =>
    withPartner({}, async ({ session, reply }) => {
      for (const body of [{ code: 'X' }, { message: 'no' }, { code: 'BAD_REFRESH', message: 'no' }]) {
        await session.login(plainCredentials);
        reply('/refresh', { status: 401, body });
        assert.equal((await partnerError(session.refresh())).code, 'sessionEnded');
        assert.equal(session.status.phase, 'ended');
      }
    }));
});
