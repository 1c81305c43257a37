import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, type PartnerDefinition } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';
import { readSession } from '../../helpers/with-session.ts';

const { refresh: _refresh, ...withoutRefresh } = plainPartner;
const { refreshToken: _refreshToken, ...oneToken } = plainPartner.response;
const onlyLogin: PartnerDefinition = { ...withoutRefresh, response: oneToken };
const hour = 3_600_000;

const kinds: readonly (readonly [string, PartnerDefinition, object])[] = [
  ['without a refresh call', onlyLogin, { access: 'access-1', refresh: 'refresh-1', expires: 3600 }],
  [
    'without a refresh call, but with a refresh token',
    withoutRefresh,
    { access: 'access-1', refresh: 'r', expires: 3600 },
  ],
  ['with a refresh call, but without a refresh token', plainPartner, { access: 'access-1', expires: 3600 }],
];

describe('a session with one token', () => {
  for (const [title, definition, body] of kinds) {
    it(`is valid until its deadline, and has ended then: ${title}`, () =>
      withPartner({ definition, refreshMargin: 600, autoRefresh: true }, async (fixture) => {
        const { session, clock, calls, reply, store } = fixture;
        reply('/login', { body });
        await session.login(plainCredentials);
        const deadline = clock.now() + hour;
        assert.deepEqual(
          { ...session.status, issuedAt: undefined },
          {
            phase: 'valid',
            refreshing: false,
            issuedAt: undefined,
            accessExpiresAt: deadline,
            renewable: false,
            account: 'ann',
          },
        );
        assert.equal((await readSession(store)).tokens.refreshToken, undefined);
        // Inside what would be the refresh margin, where nothing is asked for.
        clock.advance(hour - 1);
        assert.equal(session.status.phase, 'valid');
        assert.equal(await session.accessToken(), 'access-1');
        assert.equal(session.status.lastError, undefined);
        clock.advance(1);
        assert.equal(session.status.phase, 'ended');
        await assert.rejects(session.accessToken(), { code: 'sessionEnded', message: /cannot be refreshed.* Sign in/ });
        await assert.rejects(session.request('/orders'), { code: 'sessionEnded' });
        assert.deepEqual(calls, ['/login']);
        await session.login(plainCredentials);
        assert.equal(session.status.phase, 'valid');
      }));

    it(`has ended once the partner refuses the token, for later processes too: ${title}`, () =>
      withPartner({ definition }, async ({ session, calls, reply, open }) => {
        reply('/login', { body });
        await session.login(plainCredentials);
        reply('/orders', { status: 401, body: { code: 'BAD_TOKEN' } });
        await assert.rejects(session.request('/orders'), { code: 'sessionEnded' });
        assert.equal(session.status.phase, 'ended');
        await assert.rejects(session.accessToken(), { code: 'sessionEnded', message: /refused the access token/ });
        const restarted = await open();
        assert.equal(restarted.status.phase, 'ended');
        await assert.rejects(restarted.accessToken(), { code: 'sessionEnded' });
        assert.deepEqual(calls, ['/login', '/orders']);
      }));
  }

  it('notifies of its end without a call', () =>
    withPartner({ definition: onlyLogin }, async ({ session, clock }) => {
      await session.login(plainCredentials);
      const phases: string[] = [];
      session.on('change', ({ phase }) => phases.push(phase));
      clock.advance(hour);
      assert.deepEqual(phases, ['ended']);
    }));

  it('refuses an explicit refresh, and continues', () =>
    withPartner({ definition: onlyLogin }, async ({ session, calls }) => {
      await session.login(plainCredentials);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(session.status.phase, 'valid');
      assert.equal(await session.accessToken(), 'access-1');
      assert.deepEqual(calls, ['/login']);
    }));

  it('adopts the login of another process after its own deadline', () =>
    withPartner({ definition: onlyLogin }, async ({ session, clock, open }) => {
      await session.login(plainCredentials);
      clock.advance(hour);
      const other = await open();
      await other.login(plainCredentials);
      assert.equal(await session.accessToken(), 'access-2');
    }));

  it('has no refresh token to adopt', () =>
    withPartner({ definition: onlyLogin }, async ({ session }) => {
      await assert.rejects(session.adopt({ refreshToken: 'abc' }), {
        code: 'configuration',
        setting: 'refreshToken',
        message: /has no refresh call/,
      });
    }));

  it('keeps its refresh token if only the response to a refresh has none', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', { body: { access: 'access-2', expires: 3600 } });
      await session.refresh();
      await session.refresh();
      assert.equal('renewable' in session.status, false);
    }));
});

describe('a definition without a refresh call', () => {
  it('needs no path of a refresh token, but one with a call does', () => {
    definePartner(onlyLogin);
    definePartner({ ...onlyLogin, refresh: 'login' });
    definePartner({ ...onlyLogin, refresh: { path: '/refresh', tokenField: 'token', sliding: true } });
    assert.throws(() => definePartner({ ...onlyLogin, refresh: { path: '/refresh', tokenField: 'token' } }), {
      code: 'configuration',
      setting: 'partner.response.refreshToken',
    });
  });

  for (const [refresh, setting] of [
    ['logn', 'partner.refresh'],
    [7, 'partner.refresh'],
    [{ path: 'refresh', tokenField: 'token' }, 'partner.refresh.path'],
    [{ path: '/refresh' }, 'partner.refresh.tokenField'],
    [{ path: '/refresh', tokenField: 'token', sliding: 'yes' }, 'partner.refresh.sliding'],
    [{ path: '/refresh', tokenField: 'token', slidng: true }, 'partner.refresh.slidng'],
  ] as const) {
    it(`names the field that is wrong in ${JSON.stringify(refresh)}`, () => {
      assert.throws(() => definePartner({ ...plainPartner, refresh } as unknown as PartnerDefinition), {
        code: 'configuration',
        setting,
      });
    });
  }
});
