import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PartnerDefinition } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { openSession } from '../../../core/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { plainCredentials, plainPartner, plainRefresh, withPartner } from '../../helpers/with-partner.ts';
import { readSession } from '../../helpers/with-session.ts';

const { refreshToken: _, ...response } = plainPartner.response;
const sliding: PartnerDefinition = { ...plainPartner, refresh: { ...plainRefresh, sliding: true }, response };
const hour = 3_600_000;
const day = 24 * hour;

/** Issues numbered tokens that are valid for five days. */
function fiveDays(): () => { body: object } {
  let issued = 0;
  return () => ({ body: { access: `token-${++issued}`, expires: 5 * 86_400 } });
}

describe('a sliding session', () => {
  for (const refreshMargin of [0, 300, 86_400 * 30]) {
    it(`renews its token at half of its life, with a refresh margin of ${refreshMargin} s`, () =>
      withPartner({ definition: sliding, refreshMargin }, async ({ session, clock, calls, bodies, reply, store }) => {
        const issue = fiveDays();
        reply('/login', issue);
        reply('/refresh', issue);
        await session.login(plainCredentials);
        assert.equal(session.status.refreshExpiresAt, clock.now() + 5 * day);
        clock.advance(2.5 * day - 1);
        assert.equal(session.status.phase, 'valid');
        assert.equal(await session.accessToken(), 'token-1');
        clock.advance(1);
        assert.equal(session.status.phase, 'due');
        assert.equal(await session.accessToken(), 'token-2');
        assert.deepEqual(calls, ['/login', '/refresh']);
        assert.deepEqual(JSON.parse(bodies[1] ?? ''), { refresh: 'token-1' });
        const { tokens } = await readSession(store);
        assert.equal(tokens.refreshToken, 'token-2');
        assert.equal(tokens.refreshExpiresAt, tokens.accessExpiresAt);
      }));
  }

  it('lives forever in a program that runs once an hour', () =>
    withPartner({ definition: sliding, refreshMargin: 0 }, async ({ session, clock, reply, open }) => {
      const issue = fiveDays();
      reply('/login', issue);
      reply('/refresh', issue);
      await session.login(plainCredentials);
      for (let run = 0; run < 24 * 30; run++) {
        clock.advance(hour);
        const program = await open();
        await program.accessToken();
        assert.equal(program.status.phase, 'valid');
        await program.close();
      }
    }));

  it('is renewed by a timer at half of its life', () =>
    withPartner(
      { definition: sliding, refreshMargin: 0, autoRefresh: true },
      async ({ session, clock, calls, reply }) => {
        const issue = fiveDays();
        reply('/login', issue);
        reply('/refresh', issue);
        await session.login(plainCredentials);
        clock.advance(5 * day - 1);
        await session.refresh();
        assert.deepEqual(calls, ['/login', '/refresh']);
        assert.equal(session.status.phase, 'valid');
      },
    ));

  it('keeps its token if a renewal fails, and has ended after its deadline', () =>
    withPartner({ definition: sliding }, async ({ session, clock, reply, calls }) => {
      const issue = fiveDays();
      reply('/login', issue);
      await session.login(plainCredentials);
      clock.advance(3 * day);
      reply('/refresh', { status: 503 });
      assert.equal(await session.accessToken(), 'token-1');
      clock.advance(2 * day);
      assert.equal(session.status.phase, 'ended');
      const before = calls.length;
      reply('/refresh', { status: 401, body: { code: 'BAD_REFRESH' } });
      await assert.rejects(session.accessToken(), { message: /[Ss]ign in again/ });
      assert.ok(calls.length - before <= 1);
    }));

  it('may be renewed after its token has expired if the partner states until when', () => {
    const refreshExpiry = { field: 'renewable', unit: 'seconds' } as const;
    const definition = { ...sliding, response: { ...response, refreshExpiry } };
    return withPartner({ definition }, async ({ session, clock, reply }) => {
      const body = { access: 'a', expires: 3600, renewable: 86_400 };
      reply('/login', { body });
      reply('/refresh', { body: { ...body, access: 'b' } });
      await session.login(plainCredentials);
      clock.advance(2 * hour);
      assert.equal(session.status.phase, 'expired');
      assert.equal(await session.accessToken(), 'b');
    });
  });

  it('sends its token again after a lost response', () =>
    withPartner({ definition: sliding }, async ({ session, reply, calls }) => {
      await session.login(plainCredentials);
      let lost = 0;
      reply('/refresh', () => (lost++ < 2 ? 'lost' : { body: { access: 'next', expires: 3600 } }));
      await session.refresh();
      assert.equal(await session.accessToken(), 'next');
      assert.deepEqual(calls, ['/login', '/refresh', '/refresh', '/refresh']);
    }));

  it('keeps its token if the response to a renewal has an unusable one', () =>
    withPartner({ definition: sliding }, async ({ session, reply, store }) => {
      await session.login(plainCredentials);
      reply('/refresh', { body: { access: 'two\r\nlines', expires: 3600 } });
      await assert.rejects(session.refresh(), { code: 'invalidResponse' });
      assert.equal((await readSession(store)).tokens.refreshToken, 'access-1');
    }));

  it('adopts the token of another program', () =>
    withPartner({ definition: sliding }, async ({ session, bodies }) => {
      await session.adopt({ refreshToken: 'copied' });
      assert.deepEqual(JSON.parse(bodies[0] ?? ''), { refresh: 'copied' });
      assert.equal(await session.accessToken(), 'access-1');
    }));
});

describe('the sandbox of a sliding session', () => {
  for (const [place, sent] of [
    ['a field', { tokenField: 'refresh' }],
    ['the token header', { authorization: 'refreshToken' }],
    ['the token header, as access token', { authorization: 'accessToken' }],
  ] as const) {
    it(`renews the access token in ${place}, and refuses one that was revoked`, async () => {
      const clock = manualClock();
      const definition: PartnerDefinition = {
        ...sliding,
        login: { path: '/slide/login' },
        refresh: { ...sent, path: '/slide/refresh', sliding: true },
        logout: { ...sent, path: '/slide/logout' },
        example: { method: 'GET', path: '/slide/me', safe: true },
      };
      await using sandbox = await startSandbox({ clock: clock.now, definitions: [{ definition }] });
      const profile = sandbox.profiles[definition.id];
      assert.ok(profile);
      await using session = await openSession({ ...profile, clock });
      await session.login(profile.credentials);
      const first = await session.accessToken();
      clock.advance(1_800_000);
      assert.notEqual(await session.accessToken(), first);
      assert.equal((await session.request('/slide/me')).status, 200);
      sandbox.revoke(definition.id);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await session.login(profile.credentials);
      assert.equal((await session.signOut()).revoked, true);
    });
  }
});
