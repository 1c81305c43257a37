import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, type ErrorRule } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
  ((await catchError(call)) as { code?: unknown }).code;

/** `plainPartner` has no success marker. */
describe('an error with HTTP status 200, without a success marker', () => {
  it('refuses wrong credentials', () =>
    withPartner({}, async ({ session, reply }) => {
      reply('/login', { body: { code: 'BAD_LOGIN', message: 'no' } });
      assert.equal(await codeOf(session.login(plainCredentials)), 'invalidCredentials');
    }));

  it('ends the session after one refresh', () =>
    withPartner({}, async ({ session, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', { body: { code: 'BAD_REFRESH', message: 'no' } });
      assert.equal(await codeOf(session.refresh()), 'sessionEnded');
      assert.equal(session.status.phase, 'ended');
      assert.deepEqual(calls, ['/login', '/refresh']);
    }));

  it('refreshes a refused access token once and repeats the call', () =>
    withPartner({}, async ({ session, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/orders', { body: { code: 'BAD_TOKEN' } });
      const response = await session.request('/orders');
      assert.deepEqual([response.status, response.ok, response.body], [200, false, { code: 'BAD_TOKEN' }]);
      assert.deepEqual(calls, ['/login', '/orders', '/refresh', '/orders']);
    }));

  it('asks for a one-time code, and accepts it', () => {
    const definition = definePartner({
      ...plainPartner,
      oneTimeCode: { path: '/otp', sessionIn: 'pending', sessionField: 'id', codeField: 'otp', lifetime: 60 },
      errors: [
        { on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' },
        { on: ['oneTimeCode'], code: 'OTP', is: 'invalidOneTimeCode' },
      ],
    });
    return withPartner({ definition }, async ({ session, reply }) => {
      reply('/login', { body: { code: 'OTP', pending: 'login-1' } });
      assert.equal(await codeOf(session.login(plainCredentials)), 'oneTimeCodeRequired');
      reply('/otp', { body: { code: 'OTP' } });
      assert.equal(await codeOf(session.login({ otp: '000000' })), 'invalidOneTimeCode');
      reply('/otp', { body: { access: 'access-9', refresh: 'refresh-9' } });
      await session.login({ otp: '123456' });
      assert.equal(await session.accessToken(), 'access-9');
    });
  });

  for (const [title, rule] of [
    ['its code', { code: 'E1', is: 'partnerRefused' }],
    ['its message', { message: 'out of stock', is: 'partnerRefused' }],
    ['its status and code', { status: 200, code: 'E1', is: 'accountUnavailable' }],
  ] as const satisfies readonly (readonly [string, ErrorRule])[]) {
    it(`is not ok in a protected call if a rule matches ${title}`, () =>
      withPartner({ definition: definePartner({ ...plainPartner, errors: [rule] }) }, async ({ session, reply }) => {
        await session.login(plainCredentials);
        reply('/orders', { body: { code: 'E1', message: 'out of stock' } });
        assert.equal((await session.request('/orders')).ok, false);
        reply('/orders', { body: { code: 'E2', message: 'in stock' } });
        assert.equal((await session.request('/orders')).ok, true);
      }));
  }

  it('is decided by the first rule that matches, with any status', async () => {
    const errors: readonly ErrorRule[] = [
      { on: ['login'], code: 'E1', message: 'locked', is: 'accountUnavailable' },
      { on: ['login'], code: 'E1', is: 'invalidCredentials' },
      { code: 'E2', is: 'partnerUnavailable' },
    ];
    const definition = definePartner({ ...plainPartner, errors });
    await withPartner({ definition }, async ({ session, reply }) => {
      for (const status of [200, 201, 400, 401, 500]) {
        for (const [body, code] of [
          [{ code: 'E1', message: 'locked' }, 'accountUnavailable'],
          [{ code: 'E1', message: 'other' }, 'invalidCredentials'],
          [{ code: 'E2' }, 'partnerUnavailable'],
        ] as const) {
          reply('/login', { status, body });
          assert.equal(await codeOf(session.login(plainCredentials)), code, `${status} ${JSON.stringify(body)}`);
        }
      }
    });
  });
});

describe('a success marker', () => {
  it('takes precedence over the rules', () => {
    const definition = definePartner({
      ...plainPartner,
      response: { ...plainPartner.response, success: { field: 'ok', equals: true } },
      errors: [{ status: 200, is: 'partnerRefused' }],
    });
    return withPartner({ definition }, async ({ session, reply }) => {
      reply('/login', { body: { ok: true, access: 'access-9', refresh: 'refresh-9' } });
      await session.login(plainCredentials);
      reply('/login', { body: { ok: false } });
      assert.equal(await codeOf(session.login(plainCredentials)), 'partnerRefused');
    });
  });
});
