import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, it } from 'node:test';
import type { Logger } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';
import { readSession, withSession } from '../../helpers/with-session.ts';

describe('signOut without the confirmation of the partner', () => {
  for (const status of [400, 401, 404, 429, 500, 503]) {
    it(`reports HTTP ${status} to the logout, until when the refresh token may be accepted, and revokes it on retry`, () =>
      withSession({ partner: 'cloudreve' }, async ({ session, store, sandbox }) => {
        const { tokens } = await readSession(store);
        sandbox.fail({ status }, { call: 'logout', times: Infinity });
        const { revoked, error, refreshExpiresAt, retry } = await session.signOut();
        assert.deepEqual([revoked, refreshExpiresAt, error?.status], [false, tokens.refreshExpiresAt, status]);
        assert.equal(session.status.phase, 'signedOut');
        assert.ok(retry);
        assert.equal((await retry()).revoked, false);
        sandbox.heal();
        assert.deepEqual(await retry(), { revoked: true });
        assert.deepEqual(sandbox.journal.at(-1)?.payload, { refresh_token: tokens.refreshToken });
      }));
  }

  it('tries again after the session has been closed, as a window does that has removed the profile', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox }) => {
      sandbox.fail('resetBefore', { call: 'logout', times: Infinity });
      const { error, retry } = await session.signOut();
      assert.equal(error?.code, 'network');
      await session.close();
      sandbox.heal();
      assert.deepEqual(await retry?.(), { revoked: true });
    }));

  it('tries again with the tokens that were renewed for it, whose refresh token must not be sent twice', () => {
    const logout = { path: '/logout', authorization: 'accessToken' } as const;
    return withPartner(
      { definition: { ...plainPartner, logout } },
      async ({ session, clock, calls, bodies, reply }) => {
        await session.login(plainCredentials);
        clock.advance(3_600_000);
        reply('/logout', { status: 503 });
        const { revoked, retry } = await session.signOut();
        assert.equal(revoked, false);
        reply('/logout', { status: 204 });
        assert.deepEqual(await retry?.(), { revoked: true });
        assert.deepEqual(calls, ['/login', '/refresh', '/logout', '/logout']);
        assert.equal(bodies[1], '{"refresh":"refresh-1"}');
      },
    );
  });

  it('does not affect a sign-in that was made meanwhile', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, credentials }) => {
      sandbox.fail('resetBefore', { call: 'logout', times: Infinity });
      const { retry } = await session.signOut();
      sandbox.heal();
      await session.login(credentials);
      assert.deepEqual(await retry?.(), { revoked: true });
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
    }));

  it('shows no token in its result', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, store, sandbox }) => {
      const { refreshToken = '' } = (await readSession(store)).tokens;
      sandbox.fail('resetBefore', { call: 'logout', times: Infinity });
      const result = await session.signOut();
      assert.ok(!`${inspect(result, { depth: 9, showHidden: true })}${JSON.stringify(result)}`.includes(refreshToken));
    }));

  it('offers no retry to a partner without a logout call, and logs until when it may accept the token', () => {
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const logger: Logger = { debug: line, info: line, warn: line, error: line };
    return withSession({ session: { logger } }, async ({ session }) => {
      const { refreshExpiresAt = 0 } = session.status;
      assert.deepEqual(await session.signOut(), { revoked: false, refreshExpiresAt });
      assert.match(lines.join('\n'), new RegExp(`no logout call.*until ${new Date(refreshExpiresAt).toISOString()}`));
    });
  });

  it('leaves no error of the session in the status', () =>
    withSession({}, async ({ session, sandbox }) => {
      sandbox.revoke('tconnect');
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(session.status.lastError?.code, 'sessionEnded');
      await session.signOut();
      assert.equal(session.status.lastError, undefined);
    }));

  it('has nothing to revoke when signed out', () =>
    withSession({ partner: 'cloudreve', signedIn: false }, async ({ session }) => {
      assert.deepEqual(await session.signOut(), { revoked: false });
    }));

  it('logs the code and the correlation id of the refusal', () => {
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const logger: Logger = { debug: line, info: line, warn: line, error: line };
    return withSession({ partner: 'cloudreve', session: { logger } }, async ({ session, sandbox }) => {
      sandbox.revoke('cloudreve');
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      const refused = lines.find((text) => text.startsWith('The refresh failed'));
      assert.match(refused ?? '', /sessionEnded: .*code \d+.*\(correlation id [\w-]+\)$/);
    });
  });
});
