import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  memoryStore,
  openSession,
  type Credentials,
  type PartnerDefinition,
  type SessionOptions,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { plainCredentials, plainPartner, withPartner, type Reply } from '../../helpers/with-partner.ts';
import { readSession } from '../../helpers/with-session.ts';

const { refreshToken: _, ...response } = plainPartner.response;
const byLogin: PartnerDefinition = { ...plainPartner, refresh: 'login', response };
const hour = 3_600_000;
const refused: Reply = { status: 401, body: { code: 'BAD_LOGIN', message: 'no' } };
const blocked: Reply = { status: 423, body: { code: 'BLOCKED', message: 'no' } };

const options = (credentials: SessionOptions['credentials'] = () => plainCredentials) => ({
  definition: byLogin,
  credentials,
});
const logins = (calls: readonly string[]): number => calls.filter((path) => path === '/login').length;

describe("a session with refresh: 'login'", () => {
  it('signs in by itself when its token is due, and has expired in between', () =>
    withPartner(options(), async ({ session, clock, calls, store }) => {
      await session.login(plainCredentials);
      assert.equal('renewable' in session.status, false);
      clock.advance(hour - 300_000);
      assert.equal(session.status.phase, 'due');
      assert.equal(await session.accessToken(), 'access-2');
      clock.advance(hour);
      assert.equal(session.status.phase, 'expired');
      assert.equal((await session.request('/orders')).status, 200);
      assert.equal(await session.accessToken(), 'access-3');
      assert.deepEqual(calls, ['/login', '/login', '/login', '/orders']);
      const { generation, account, tokens } = await readSession(store);
      assert.deepEqual([generation, account, tokens.refreshToken], [3, 'ann', undefined]);
    }));

  it('makes its first login by itself, one for 50 callers', () =>
    withPartner(options(), async ({ session, calls }) => {
      assert.equal(session.status.phase, 'signedOut');
      const tokens = await Promise.all(Array.from({ length: 50 }, () => session.accessToken()));
      assert.deepEqual(new Set(tokens), new Set(['access-1']));
      assert.equal(session.status.account, 'ann');
      assert.deepEqual(calls, ['/login']);
    }));

  it('makes one login for 50 callers with an expired token, in two programs', () =>
    withPartner(options(), async ({ session, clock, calls, open }) => {
      await session.login(plainCredentials);
      const other = await open();
      clock.advance(hour);
      const callers = [session, other].flatMap((each) => Array.from({ length: 25 }, () => each.accessToken()));
      assert.deepEqual(new Set(await Promise.all(callers)), new Set(['access-2']));
      assert.equal(logins(calls), 2);
    }));

  it('signs in again by a timer', () =>
    withPartner({ ...options(), autoRefresh: true }, async ({ session, clock, calls }) => {
      await session.login(plainCredentials);
      clock.advance(hour - 60_000);
      await session.refresh();
      assert.equal(logins(calls), 2);
      assert.equal(session.status.phase, 'valid');
    }));

  it('signs in again for a call whose token is refused, and repeats the call once', () =>
    withPartner(options(), async ({ session, calls, reply }) => {
      await session.login(plainCredentials);
      let number = 0;
      reply('/orders', () => (number++ === 0 ? { status: 401, body: { code: 'BAD_TOKEN' } } : { body: {} }));
      assert.equal((await session.request('/orders')).ok, true);
      assert.deepEqual(calls, ['/login', '/orders', '/login', '/orders']);
    }));

  it('does not sign in by itself after a sign-out, in no program', () =>
    withPartner(options(), async ({ session, calls, open }) => {
      await session.accessToken();
      await session.signOut();
      for (const program of [session, await open()]) {
        await assert.rejects(program.accessToken(), { code: 'signedOut' });
        await assert.rejects(program.refresh(), { code: 'signedOut' });
      }
      assert.equal(logins(calls), 1);
    }));

  it('keeps its token while the partner is away, and recovers', () =>
    withPartner(options(), async ({ session, clock, reply }) => {
      await session.login(plainCredentials);
      clock.advance(hour - 60_000);
      reply('/login', { status: 400, body: { code: 'OTHER' } });
      assert.equal(await session.accessToken(), 'access-1');
      clock.advance(60_000);
      assert.equal(session.status.phase, 'expired');
      await assert.rejects(session.accessToken(), { code: 'partnerRefused' });
      assert.equal(session.status.phase, 'expired');
      reply('/login', undefined);
      clock.advance(60_000);
      assert.equal(await session.accessToken(), 'access-2');
    }));

  it('observes a pause that the partner states, in all programs', () =>
    withPartner(options(), async ({ session, clock, calls, reply, open }) => {
      await session.login(plainCredentials);
      clock.advance(hour);
      reply('/login', { status: 429, headers: { 'retry-after': '120' } });
      await assert.rejects(session.accessToken(), { code: 'rateLimited' });
      await assert.rejects((await open()).accessToken(), { code: 'rateLimited', retryAfter: 120 });
      assert.equal(logins(calls), 2);
    }));

  it('is one with one token in a program that cannot sign in', () =>
    withPartner({ definition: byLogin }, async ({ session, clock, calls }) => {
      await session.login(plainCredentials);
      assert.equal(session.status.renewable, false);
      clock.advance(hour - 1);
      assert.equal(session.status.phase, 'valid');
      clock.advance(1);
      assert.equal(session.status.phase, 'ended');
      await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
      assert.equal(logins(calls), 1);
    }));

  it('needs no function where no credential is required', () => {
    const client = { name: 'client', label: 'Client', required: false } as const;
    const definition = { ...byLogin, credentials: [client] };
    return withPartner(
      { definition, extraFields: { login: { grant_type: 'client_credentials' } } },
      async (fixture) => {
        const { session, clock, bodies } = fixture;
        assert.equal(await session.accessToken(), 'access-1');
        clock.advance(hour);
        assert.equal(session.status.phase, 'expired');
        assert.equal(await session.accessToken(), 'access-2');
        assert.deepEqual(JSON.parse(bodies[1] ?? ''), { grant_type: 'client_credentials' });
      },
    );
  });
});

describe('a lost login', () => {
  it('is sent once more', () =>
    withPartner(options(), async ({ session, clock, calls, reply }) => {
      await session.login(plainCredentials);
      clock.advance(hour);
      let number = 0;
      reply('/login', () => (number++ === 0 ? 'lost' : { body: { access: 'second', expires: 3600 } }));
      assert.equal(await session.accessToken(), 'second');
      assert.equal(logins(calls), 3);
    }));

  it('is not sent a third time', () =>
    withPartner(options(), async ({ session, clock, calls, reply }) => {
      await session.login(plainCredentials);
      clock.advance(hour);
      reply('/login', 'lost');
      await assert.rejects(session.accessToken(), { code: 'network' });
      assert.equal(logins(calls), 3);
      assert.equal(session.status.phase, 'expired');
    }));
});

describe('refused credentials', () => {
  for (const [reply, code] of [
    [refused, 'invalidCredentials'],
    [blocked, 'accountUnavailable'],
  ] as const) {
    it(`are not sent again by anything automatic, in no program and after no restart (${code})`, () =>
      withPartner({ ...options(), autoRefresh: true }, async ({ session, clock, calls, reply: set, open, store }) => {
        await session.login(plainCredentials);
        const sibling = await open();
        set('/login', reply);
        clock.advance(hour);
        await assert.rejects(session.accessToken(), { code });
        assert.equal(session.status.phase, 'ended');
        for (let round = 0; round < 3; round++) {
          clock.advance(hour);
          for (const program of [session, sibling, await open()]) {
            await assert.rejects(program.accessToken(), { code });
            await assert.rejects(program.request('/orders'), { code });
            await assert.rejects(program.refresh(), { code, message: /not sent again automatically/ });
            assert.equal(program.status.phase, 'ended');
          }
        }
        assert.equal(logins(calls), 2);
        const record = JSON.stringify(await store.read());
        for (const secret of Object.values(plainCredentials).slice(1)) assert.ok(!record.includes(secret));
        set('/login', undefined);
        await session.login(plainCredentials);
        clock.advance(hour);
        assert.match(await session.accessToken(), /^access-/);
        assert.match(await sibling.accessToken(), /^access-/);
        assert.equal((await readSession(store)).refusal, undefined);
      }));
  }

  it('are those of a login with status 401 that no rule explains', () =>
    withPartner(
      { ...options(), definition: { ...byLogin, errors: [] } },
      async ({ session, clock, calls, reply, open }) => {
        await session.login(plainCredentials);
        reply('/login', refused);
        clock.advance(hour);
        await assert.rejects(session.accessToken(), { code: 'partnerRefused', status: 401 });
        for (const program of [session, await open()]) {
          clock.advance(hour);
          await assert.rejects(program.accessToken(), { code: 'invalidCredentials', message: /not sent again/ });
        }
        assert.equal(logins(calls), 2);
      },
    ));

  it('leave the current token usable until it expires', () =>
    withPartner(options(), async ({ session, clock, reply, calls }) => {
      await session.login(plainCredentials);
      reply('/login', refused);
      clock.advance(hour - 60_000);
      assert.equal(await session.accessToken(), 'access-1');
      assert.equal(await session.accessToken(), 'access-1');
      assert.equal(logins(calls), 2);
    }));

  it('are replaced by others that the function returns', () => {
    let current: Credentials = plainCredentials;
    return withPartner(
      options(() => Promise.resolve(current)),
      async ({ session, clock, calls, reply, bodies, open }) => {
        await session.login(plainCredentials);
        clock.advance(hour);
        reply('/login', refused);
        await assert.rejects(session.accessToken(), { code: 'invalidCredentials' });
        reply('/login', undefined);
        current = { ...plainCredentials, password: 'rotated in the vault' };
        const other = await open();
        assert.equal(await other.accessToken(), 'access-2');
        assert.equal(await session.accessToken(), 'access-2');
        assert.equal(logins(calls), 3);
        assert.equal((JSON.parse(bodies.at(-1) ?? '') as Credentials).password, current.password);
      },
    );
  });

  it('are sent again with another secret of the client', () => {
    const definition: PartnerDefinition = { ...byLogin, client: { send: 'body' } };
    const client = { id: 'app', secret: 'old secret of the client' };
    return withPartner({ ...options(), definition, client }, async ({ session, calls, reply, open }) => {
      reply('/login', refused);
      await assert.rejects(session.accessToken(), { code: 'invalidCredentials' });
      reply('/login', undefined);
      await assert.rejects((await open()).accessToken(), { code: 'invalidCredentials' });
      assert.equal(logins(calls), 1);
      const other = await open({ client: { ...client, secret: 'new secret of the client' } });
      assert.equal(await other.accessToken(), 'access-1');
    });
  });

  it('are recorded without a session too', () =>
    withPartner(options(), async ({ session, calls, reply, open, store }) => {
      reply('/login', refused);
      await assert.rejects(session.accessToken(), { code: 'invalidCredentials' });
      await assert.rejects((await open()).accessToken(), { code: 'invalidCredentials' });
      assert.equal(session.status.phase, 'signedOut');
      assert.equal(logins(calls), 1);
      assert.ok(!JSON.stringify(await store.read()).includes(plainCredentials.password));
      reply('/login', undefined);
      await session.login(plainCredentials);
      assert.equal(await session.accessToken(), 'access-1');
    }));

  it('are recorded if login() was refused, without ending the session of others', () =>
    withPartner(options(), async ({ session, clock, calls, reply }) => {
      reply('/login', refused);
      await assert.rejects(session.login(plainCredentials), { code: 'invalidCredentials' });
      await assert.rejects(session.accessToken(), { code: 'invalidCredentials' });
      assert.equal(logins(calls), 1);
      reply('/login', undefined);
      await session.accessToken().catch(() => undefined);
      await session.login(plainCredentials);
      reply('/login', refused);
      await assert.rejects(session.login({ ...plainCredentials, user: 'bob' }), { code: 'invalidCredentials' });
      assert.equal(session.status.phase, 'valid');
      reply('/login', undefined);
      clock.advance(hour);
      assert.equal(await session.accessToken(), 'access-2');
      assert.equal(session.status.account, 'ann');
    }));

  it('are not sent by ensureSignedIn() either', () =>
    withPartner(options(), async ({ session, calls, reply, open }) => {
      reply('/login', refused);
      await assert.rejects(session.ensureSignedIn(plainCredentials), { code: 'invalidCredentials' });
      for (const program of [session, await open()]) {
        await assert.rejects(program.ensureSignedIn(plainCredentials), { code: 'invalidCredentials' });
        await assert.rejects(program.accessToken(), { code: 'invalidCredentials' });
      }
      assert.equal(logins(calls), 1);
      reply('/login', undefined);
      await session.ensureSignedIn({ ...plainCredentials, password: 'another one' });
      assert.equal(session.status.phase, 'valid');
    }));

  it('are reported by the call whose token was refused', () =>
    withPartner(options(), async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/login', refused);
      reply('/orders', { status: 401, body: { code: 'BAD_TOKEN' } });
      await assert.rejects(session.request('/orders'), { code: 'invalidCredentials' });
      await assert.rejects(session.accessToken(), { code: 'invalidCredentials' });
    }));

  it('are those of the client too, with client credentials', () => {
    const definition: PartnerDefinition = {
      ...byLogin,
      credentials: [],
      client: { send: 'basic' },
      errors: [{ on: ['request'], code: 'BAD_TOKEN', is: 'tokenRefused' }],
    };
    const client = { id: 'app', secret: 'old secret of the client' };
    const code = 'configuration';
    return withPartner({ definition, client, autoRefresh: true }, async ({ session, clock, calls, reply, open }) => {
      await session.accessToken();
      reply('/login', { status: 401, body: { error: 'invalid_client' } });
      reply('/orders', { status: 401, body: { code: 'BAD_TOKEN' } });
      await assert.rejects(session.request('/orders'), { code, setting: 'client' });
      for (let round = 0; round < 3; round++) {
        clock.advance(hour);
        for (const program of [session, await open()]) {
          assert.equal(program.status.phase, 'ended');
          await assert.rejects(program.accessToken(), { code, message: /refused the client.*not sent again/ });
          await assert.rejects(program.refresh(), { code, setting: 'client' });
        }
      }
      assert.equal(logins(calls), 2);
      reply('/login', undefined);
      const other = await open({ client: { ...client, secret: 'new secret of the client' } });
      assert.equal(await other.accessToken(), 'access-2');
      clock.advance(hour);
      assert.equal(await session.accessToken(), 'access-3');
    });
  });

  it('are the same with another one-time code', () => {
    let code = 100_000;
    const definition: PartnerDefinition = {
      ...byLogin,
      oneTimeCode: { path: '/otp', sessionIn: 'id', sessionField: 'id', codeField: 'otp', lifetime: 60 },
      errors: [{ on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' }, ...(byLogin.errors ?? [])],
    };
    const credentials = (): Credentials => ({ ...plainCredentials, otp: String(code++) });
    return withPartner({ definition, credentials }, async ({ session, calls, reply }) => {
      reply('/login', refused);
      await assert.rejects(session.accessToken(), { code: 'invalidCredentials' });
      await assert.rejects(session.refresh(), { code: 'invalidCredentials' });
      assert.equal(logins(calls), 1);
      reply('/login', { status: 400, body: { code: 'OTP', id: 'pending' } });
      reply('/otp', { body: { access: 'by-code', expires: 3600 } });
      await session.login(credentials());
      assert.equal(await session.accessToken(), 'by-code');
    });
  });
});

describe('the option credentials', () => {
  const open = (more: object) =>
    openSession({ partner: byLogin, baseUrl: 'https://partner.example', store: memoryStore(), ...more });

  it('must be credentials or a function, for a partner that signs in again', async () => {
    for (const more of [
      { credentials: 'secret' as never },
      { partner: plainPartner, credentials: () => plainCredentials },
    ])
      await assert.rejects(open(more), { code: 'configuration', setting: 'credentials' });
  });

  it('may be the credentials themselves', () =>
    withPartner(options(plainCredentials), async ({ session, calls }) => {
      await session.accessToken();
      assert.equal(calls.length, 1);
    }));

  it('is not what a profile of the sandbox hides', async () => {
    await using sandbox = await startSandbox();
    await using session = await openSession(sandbox.profiles.cloudreve);
    assert.equal(session.status.phase, 'signedOut');
  });

  it('must return the credentials that the partner requires', async () => {
    for (const [returned, setting] of [
      [undefined, 'credentials'],
      ['secret', 'credentials'],
      [{ user: 'ann' }, 'password'],
      [{ user: 'ann', password: 7 }, 'password'],
    ] as const) {
      await withPartner(
        options(() => returned as never),
        async ({ session, calls }) => {
          await assert.rejects(session.accessToken(), { code: 'configuration', setting });
          assert.deepEqual(calls, []);
        },
      );
    }
  });

  it('reports its own error to the caller', () =>
    withPartner(
      options(() => Promise.reject(new RangeError('The vault is sealed.'))),
      async ({ session, calls }) => {
        await assert.rejects(session.accessToken(), RangeError);
        assert.deepEqual(calls, []);
      },
    ));

  it('must return in time', () =>
    withPartner({ ...options(() => new Promise(() => undefined)), timeout: 5_000 }, async ({ session, clock }) => {
      const call = session.accessToken();
      while (clock.timers === 0) await new Promise(setImmediate);
      clock.advance(5_000);
      await assert.rejects(call, { code: 'timeout', setting: 'credentials' });
    }));

  it('is called for a login only', () => {
    let asked = 0;
    const credentials = (): Credentials => {
      asked++;
      return plainCredentials;
    };
    return withPartner(options(credentials), async ({ session, open: openSibling }) => {
      await session.accessToken();
      await session.accessToken();
      await (await openSibling()).accessToken();
      assert.equal(asked, 1);
    });
  });
});
