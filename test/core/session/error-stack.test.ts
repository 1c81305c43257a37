import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartnerAuthError, type PartnerSession } from '../../../core/index.ts';
import { plainCredentials, withPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

type Call = (session: PartnerSession) => Promise<unknown>;

// None of them is async, so that its frame is gone by the time of the failure.
const calls: Readonly<Record<string, Call>> = {
  accessToken: function callerOfAccessToken(session) {
    return session.accessToken();
  },
  request: function callerOfRequest(session) {
    return session.request('/things');
  },
  stream: function callerOfStream(session) {
    return session.stream('/things');
  },
  fetch: function callerOfFetch(session) {
    return session.fetch('/things');
  },
  refresh: function callerOfRefresh(session) {
    return session.refresh();
  },
};
const signIns: Readonly<Record<string, Call>> = {
  login: function callerOfLogin(session) {
    return session.login(plainCredentials);
  },
  ensureSignedIn: function callerOfEnsureSignedIn(session) {
    return session.ensureSignedIn(plainCredentials);
  },
  adopt: function callerOfAdopt(session) {
    return session.adopt({ refreshToken: 'r' });
  },
};

async function errorOf(call: Call, session: PartnerSession): Promise<PartnerAuthError> {
  const error = await catchError(call(session));
  assert.ok(error instanceof PartnerAuthError);
  return error;
}

describe('an error of a session', () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`says that ${name}() requires a session, and has the caller in its stack`, () =>
      withPartner({}, async ({ session }) => {
        const error = await errorOf(call, session);
        assert.equal(error.code, 'signedOut');
        assert.equal(error.message, `${name}() requires a session. Nobody is signed in. Sign in with login().`);
        assert.match(error.stack ?? '', new RegExp(`at .*${call.name} `));
        assert.ok(error.stack?.startsWith(`PartnerAuthError: ${error.message}\n`));
      }));
  }

  for (const [name, call] of Object.entries({ ...calls, ...signIns })) {
    it(`has the caller of ${name}() in its stack if the partner fails`, () =>
      withPartner({}, async ({ session, clock, reply }) => {
        if (name in calls) await session.login(plainCredentials);
        clock.advance(4_000_000);
        for (const path of ['/login', '/refresh']) reply(path, { status: 500, body: { code: 'DOWN', message: 'no' } });
        const error = await errorOf(call, session);
        assert.deepEqual([error.code, error.status, error.retryable], ['partnerUnavailable', 500, true]);
        assert.match(error.stack ?? '', new RegExp(`at .*${call.name} `));
      }));

    it(`has the caller of ${name}() in its stack if the session is closed`, () =>
      withPartner({}, async ({ session }) => {
        await session.close();
        const error = await errorOf(call, session);
        assert.equal(error.code, 'closed');
        assert.match(error.stack ?? '', new RegExp(`at .*${call.name} `));
      }));
  }

  it('has a stack of its own for each caller of one refresh', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', { status: 401, body: { code: 'BAD_REFRESH', message: 'no' } });
      const first = function firstCaller() {
        return session.refresh();
      };
      const second = function secondCaller() {
        return session.refresh();
      };
      const errors = await Promise.all([catchError(first()), catchError(second())]);
      const [one = '', two = ''] = errors.map((error) => (error as Error).stack);
      assert.deepEqual([one.includes('firstCaller'), one.includes('secondCaller')], [true, false]);
      assert.deepEqual([two.includes('firstCaller'), two.includes('secondCaller')], [false, true]);
    }));
});
