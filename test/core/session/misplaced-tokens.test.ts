import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPartnerAuthError, type Logger, type PartnerDefinition } from '../../../core/index.ts';
import { jwt } from '../exchange/responses.ts';
import {
  plainCredentials,
  plainPartner,
  plainRefresh,
  withPartner,
  type PartnerFixture,
} from '../../helpers/with-partner.ts';
import { catchError, readSession } from '../../helpers/with-session.ts';

const hour = 3_600_000;
const misplaced: PartnerDefinition = { ...plainPartner, refresh: { ...plainRefresh, tokensIn: 'data' } };

interface Warned extends PartnerFixture {
  readonly warnings: readonly string[];
}

/** A partner that rotates its tokens, ends the session if a refresh token is sent twice, and responds with `respond`. */
async function withRotation(
  options: { readonly definition?: PartnerDefinition; readonly first?: object },
  respond: (tokens: { access: string; refresh: string; expires: number }) => object,
  test: (fixture: Warned) => Promise<void>,
): Promise<void> {
  const { definition = misplaced, first = { access: 'access-0', refresh: 'refresh-0', expires: 3600 } } = options;
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const logger: Logger = { debug: ignore, info: ignore, warn: (text) => void warnings.push(text), error: ignore };
  await withPartner({ definition, logger }, async (fixture) => {
    const { reply, bodies, session } = fixture;
    const used = new Set<string>();
    let number = 0;
    reply('/login', { body: first });
    reply('/refresh', () => {
      const sent = bodies.at(-1) ?? '';
      if (used.has(sent)) return { status: 401, body: { code: 'BAD_REFRESH', message: 'reused' } };
      used.add(sent);
      number++;
      return { body: respond({ access: `access-${number}`, refresh: `refresh-${number}`, expires: 3600 }) };
    });
    await session.login(plainCredentials);
    await test({ ...fixture, warnings });
  });
}

const refreshes = ({ calls }: Warned): number => calls.filter((path) => path === '/refresh').length;

describe('tokens of a refresh in another place than the definition states', () => {
  const places: readonly (readonly [
    string,
    (tokens: { access: string; refresh: string; expires: number }) => object,
    RegExp,
  ])[] = [
    ['directly in the response', (tokens) => tokens, /in "access" and "refresh".*remove refresh\.tokensIn/],
    [
      'in another object',
      (tokens) => ({ result: { token: tokens } }),
      /"result\.token\.access".*set refresh\.tokensIn to "result\.token"/,
    ],
    ['in a list', (tokens) => ({ items: [tokens] }), /"items\.0\.access" and "items\.0\.refresh"/],
    [
      'in two objects',
      ({ access, expires, refresh }) => ({ a: { access, expires }, b: { refresh } }),
      /"a\.access" and "b\.refresh"/,
    ],
    ['twice', (tokens) => ({ old: tokens, result: tokens }), /"old\.access"/],
  ];
  for (const [title, respond, warning] of places) {
    it(`are the next generation, with a warning that names the path: ${title}`, () =>
      withRotation({}, respond, async (fixture) => {
        const { session, store, clock, warnings } = fixture;
        await session.refresh();
        const { generation, tokens } = await readSession(store);
        assert.deepEqual([generation, tokens.accessToken, tokens.refreshToken], [2, 'access-1', 'refresh-1']);
        assert.equal(refreshes(fixture), 1);
        assert.equal(warnings.length, 1);
        assert.match(warnings[0] ?? '', warning);
        assert.doesNotMatch(warnings[0] ?? '', /access-\d|refresh-\d/);
        clock.advance(2 * hour);
        assert.equal(await session.accessToken(), 'access-2');
        assert.equal(session.status.phase, 'valid');
      }));
  }

  it('have the deadline that is next to them', () =>
    withRotation(
      {},
      (tokens) => ({ result: { ...tokens, expires: 60 } }),
      async ({ session, clock }) => {
        await session.refresh();
        assert.equal(session.status.accessExpiresAt, clock.now() + 60_000);
      },
    ));

  it('are recognized as JWTs if they were JWTs, whatever their names', () => {
    const token = (name: string, number: number): string => jwt({ name, number, exp: 1_800_000_000 });
    const first = { access: token('access', 0), refresh: 'opaque-0', expires: 3600 };
    const respond = ({ refresh }: { refresh: string }) => ({
      jwt: token('access', 1),
      id_token: token('id', 1),
      refresh,
    });
    return withRotation({ first }, respond, async ({ session, store }) => {
      await session.refresh();
      const { tokens } = await readSession(store);
      assert.deepEqual([tokens.accessToken, tokens.refreshToken], [token('access', 1), 'refresh-1']);
    });
  });

  it('are a new refresh token alone, if the access token is where it should be', () =>
    withRotation(
      { definition: plainPartner },
      ({ access, refresh }) => ({ access, expires: 3600, more: { refresh } }),
      async ({ session, store, warnings }) => {
        await session.refresh();
        assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-1');
        assert.match(warnings[0] ?? '', /new refresh token in "more\.refresh"/);
      },
    ));

  it('are recognized by the name that they have at login', () => {
    const response = { access: 'access_token', refresh: 'new_refresh_token' };
    const refresh = { ...plainRefresh, response: { accessToken: response.access, refreshToken: response.refresh } };
    return withRotation(
      { definition: { ...plainPartner, refresh } },
      (tokens) => tokens,
      async ({ session, store }) => {
        await session.refresh();
        const { tokens } = await readSession(store);
        assert.deepEqual([tokens.accessToken, tokens.refreshToken], ['access-1', 'refresh-1']);
      },
    );
  });

  for (const [title, respond] of [
    ['several fields of the name', (refresh: string) => ({ a: { refresh }, b: { refresh: 'another' } })],
    ['a similar name', (refresh: string) => ({ newRefreshToken: refresh })],
  ] as const) {
    it(`are not guessed next to an access token, and the old refresh token is not sent again: ${title}`, () =>
      withRotation(
        { definition: plainPartner },
        ({ access, refresh }) => ({ access, expires: 3600, ...respond(refresh) }),
        async (fixture) => {
          const { session, clock, open, warnings } = fixture;
          await session.refresh();
          assert.match(warnings[0] ?? '', /no refresh token in "refresh", but something like it.*It has the fields/);
          assert.equal(await session.accessToken(), 'access-1');
          assert.equal(session.status.renewable, false);
          clock.advance(hour);
          for (const program of [session, await open()])
            await assert.rejects(program.accessToken(), { code: 'sessionEnded', message: /Correct the definition/ });
          assert.equal(refreshes(fixture), 1);
        },
      ));
  }

  it('are not suspected in other fields of a partner that does not replace its refresh token', () =>
    withRotation(
      { definition: plainPartner },
      ({ access }) => ({
        access,
        refresh_expires_at: '2026-12-31T00:00:00Z',
        session_state: 'b4b0a7a2',
        id_token: 'x',
      }),
      async ({ session, warnings }) => {
        await session.refresh();
        assert.deepEqual([warnings, 'renewable' in session.status], [[], false]);
      },
    ));

  it('are an access token alone, if the partner sends no refresh token', () =>
    withRotation(
      {},
      ({ access, expires }) => ({ access, expires }),
      async ({ session, store }) => {
        await session.refresh();
        const { tokens } = await readSession(store);
        assert.deepEqual([tokens.accessToken, tokens.refreshToken], ['access-1', 'refresh-0']);
      },
    ));

  const ambiguous: readonly (readonly [string, (tokens: { access: string; refresh: string }) => object])[] = [
    ['two fields of the name', (tokens) => ({ a: tokens, b: { access: 'another', refresh: tokens.refresh } })],
    ['two refresh tokens', (tokens) => ({ a: tokens, b: { refresh: 'another' } })],
    ['other names', ({ access, refresh }) => ({ accessToken: access, refreshToken: refresh })],
    ['another name of the refresh token', ({ access, refresh }) => ({ access, refreshToken: refresh })],
  ];
  for (const [title, respond] of ambiguous) {
    it(`are not guessed, and not asked for again: ${title}`, () =>
      withRotation({}, respond, async (fixture) => {
        const { session, clock, open, warnings } = fixture;
        const error = await catchError(session.refresh());
        assert.ok(isPartnerAuthError(error));
        assert.deepEqual([error.code, error.setting, error.status], ['invalidResponse', 'response', 200]);
        assert.match(error.message, /"data\.access" \(refresh\.tokensIn and response\.accessToken\)/);
        assert.match(error.message, /"data\.refresh" \(refresh\.tokensIn and response\.refreshToken\)/);
        assert.match(error.message, /It has the fields \S+/);
        assert.doesNotMatch(error.message, /access-1|refresh-1|another/);
        assert.equal(refreshes(fixture), 1);
        assert.deepEqual(
          warnings.filter((text) => text.includes('They are used')),
          [],
        );
        assert.equal(session.status.phase, 'valid');
        assert.equal(await session.accessToken(), 'access-0');
        clock.advance(hour - 60_000);
        for (const program of [session, await open()]) assert.equal(await program.accessToken(), 'access-0');
        clock.advance(60_000);
        for (const program of [session, await open()]) {
          assert.equal(program.status.phase, 'ended');
          const later = { code: 'sessionEnded', message: /Correct the definition.*Call refresh\(\) to ask once more/ };
          await assert.rejects(program.accessToken(), later);
        }
        assert.equal(refreshes(fixture), 1);
        await assert.rejects(session.refresh(), { code: 'sessionEnded', message: /reused/ });
        assert.equal(refreshes(fixture), 2);
      }));
  }

  it('are asked for again by refresh() after the definition was corrected', () =>
    withRotation(
      {},
      ({ access, refresh }) => ({ accessToken: access, refreshToken: refresh }),
      async (fixture) => {
        const { session, open, reply } = fixture;
        await assert.rejects(session.refresh(), { code: 'invalidResponse' });
        reply('/refresh', { body: { access: 'access-9', refresh: 'refresh-9', expires: 3600 } });
        const corrected = await open({ partner: plainPartner });
        await corrected.refresh();
        assert.equal(await corrected.accessToken(), 'access-9');
        assert.equal('renewable' in corrected.status, false);
      },
    ));

  it('are asked for again if the old refresh token stays valid', () =>
    withRotation(
      { definition: { ...misplaced, refresh: { ...plainRefresh, tokensIn: 'data', oldTokenStaysValid: true } } },
      ({ access, refresh }) => ({ accessToken: access, refreshToken: refresh }),
      async (fixture) => {
        await assert.rejects(fixture.session.refresh(), { code: 'invalidResponse' });
        assert.equal('renewable' in fixture.session.status, false);
      },
    ));
});

describe('a 2xx response to a refresh that is JSON', () => {
  const bodies: readonly (readonly [string, PartnerDefinition, object])[] = [
    ['without tokens', plainPartner, { status: 'maintenance' }],
    [
      'without the success marker',
      { ...plainPartner, response: { ...plainPartner.response, success: { field: 'ok', equals: true } } },
      { access: 'access-1', expires: 3600 },
    ],
    [
      'with an error that no rule explains',
      { ...plainPartner, response: { ...plainPartner.response, success: { field: 'ok', equals: true } } },
      { ok: false, code: 'X' },
    ],
  ];
  for (const [title, definition, body] of bodies) {
    it(`is not asked for twice: ${title}`, () =>
      withPartner({ definition }, async ({ session, reply, calls }) => {
        reply('/login', { body: { ok: true, access: 'access-0', refresh: 'refresh-0', expires: 3600 } });
        await session.login(plainCredentials);
        reply('/refresh', { body });
        await assert.rejects(session.refresh());
        assert.deepEqual(calls, ['/login', '/refresh']);
      }));
  }

  it('is said to have no fields, if it has none', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', { body: {} });
      await assert.rejects(session.refresh(), /It has no fields\.$/);
    }));

  it('keeps the session if there are no tokens in it', () =>
    withPartner({}, async ({ session, reply, clock, calls }) => {
      await session.login(plainCredentials);
      reply('/refresh', { body: { status: 'maintenance' } });
      clock.advance(hour);
      await assert.rejects(session.accessToken(), { code: 'invalidResponse' });
      assert.equal(session.status.phase, 'expired');
      reply('/refresh', undefined);
      clock.advance(60_000);
      assert.equal(await session.accessToken(), 'access-2');
      assert.equal(calls.length, 3);
    }));

  it('keeps the new refresh token that is where it should be, although the success marker is missing', () => {
    const response = { ...plainPartner.response, success: { field: 'ok', equals: true } };
    return withPartner({ definition: { ...plainPartner, response } }, async ({ session, reply, store }) => {
      reply('/login', { body: { ok: true, access: 'access-0', refresh: 'refresh-0', expires: 3600 } });
      await session.login(plainCredentials);
      reply('/refresh', { body: { access: 'access-1', refresh: 'refresh-1', expires: 3600 } });
      await assert.rejects(session.refresh());
      assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-1');
    });
  });

  it('is asked for again if a rule says that the partner has failed', () => {
    const errors = [{ code: 'DB', is: 'partnerUnavailable' } as const];
    return withPartner({ definition: { ...plainPartner, errors } }, async ({ session, reply, calls }) => {
      await session.login(plainCredentials);
      let number = 0;
      reply('/refresh', () => ({ body: number++ === 0 ? { code: 'DB' } : { access: 'a', refresh: 'r', expires: 60 } }));
      await session.refresh();
      assert.equal(calls.length, 3);
    });
  });
});

describe('an error code that is not where the definition says', () => {
  const definition: PartnerDefinition = { ...plainPartner, response: { ...plainPartner.response, code: 'error.code' } };

  it('is said to be missing, with the names of the fields and no value', () =>
    withPartner({ definition }, async ({ session, reply }) => {
      reply('/login', { status: 400, body: { message: 'no', errors: [{ code: 'BAD-LOGIN' }], value: 'secret' } });
      await assert.rejects(session.login(plainCredentials), (error: unknown) => {
        assert.ok(isPartnerAuthError(error));
        assert.equal(error.code, 'partnerRefused');
        assert.match(
          error.message,
          /no error code in "error\.code" \(response\.code .*\. It has the fields message, errors\.0\.code, value\./,
        );
        assert.doesNotMatch(error.message, /secret|BAD-LOGIN/);
        return true;
      });
    }));

  it('is not missed where it is, or where a rule explains the error', () =>
    withPartner({ definition }, async ({ session, reply }) => {
      for (const response of [
        { status: 400, body: { error: { code: 'X' } } },
        { status: 401, body: { message: 'no' } },
        { status: 429, body: { message: 'no' } },
      ]) {
        reply('/login', response);
        const error = await catchError(session.login(plainCredentials));
        assert.ok(isPartnerAuthError(error));
        assert.doesNotMatch(error.message, /no error code/);
      }
    }));
});

describe('a login whose response has its tokens in another place', () => {
  it('fails with the definition field, the paths and the names of the fields, and no value', () =>
    withPartner(
      { definition: { ...plainPartner, login: { path: '/login', tokensIn: 'data' } } },
      async ({ session, reply }) => {
        reply('/login', {
          body: { result: { access: 'access-secret', refresh: 'refresh-secret', user: { name: 'ann' } } },
        });
        const error = await catchError(session.login(plainCredentials));
        assert.ok(isPartnerAuthError(error));
        assert.equal(error.code, 'invalidResponse');
        assert.match(error.message, /"data\.access" \(login\.tokensIn and response\.accessToken\)/);
        assert.match(error.message, /It has the fields result\.access, result\.refresh, result\.user\.name\./);
        assert.match(error.message, /There is one in "result\.access"/);
        assert.doesNotMatch(error.message, /secret|ann/);
      },
    ));

  it('says so if there is no refresh token, and where one is', () => {
    const definition = { ...plainPartner, response: { ...plainPartner.response, refreshToken: 'refesh' } };
    const warnings: string[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: (text: string) => void warnings.push(text), error: ignore };
    return withPartner({ definition, logger }, async ({ session, reply }) => {
      await session.login(plainCredentials);
      assert.match(
        warnings.join('\n'),
        /no refresh token in "refesh" \(response\.refreshToken.*It has the fields access, refresh, expires/,
      );
      assert.doesNotMatch(warnings.join('\n'), /access-1|refresh-1/);
      assert.equal(session.status.renewable, false);
      reply('/login', { body: { access: 'access-1', token: { refesh: 'refresh-1' }, expires: 3600 } });
      await session.login(plainCredentials);
      assert.match(warnings.at(-1) ?? '', /There is one in "token\.refesh"/);
    });
  });
});
