import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PartnerDefinition } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner, type Reply } from '../../helpers/with-partner.ts';

const plain: PartnerDefinition = { ...plainPartner, logout: { path: '/logout', tokenField: 'refresh' } };
const marked: PartnerDefinition = {
  ...plain,
  response: { ...plain.response, success: { field: 'ok', equals: true } },
};

function withMarkedPartner(test: Parameters<typeof withPartner>[1]): Promise<void> {
  return withPartner({ definition: marked }, async (fixture) => {
    fixture.reply('/login', { body: { ok: true, access: 'a', refresh: 'r', expires: 3600 } });
    await fixture.session.login(plainCredentials);
    await test(fixture);
  });
}

const html = { headers: { 'content-type': 'text/html' }, body: '<html>Sign in to the Wi-Fi</html>' };

describe('a sign-out', () => {
  const rows: readonly (readonly [title: string, reply: Reply, plain: boolean, marked: boolean])[] = [
    ['200 without a body', { status: 200, headers: {} }, true, true],
    ['204', { status: 204, headers: {} }, true, true],
    ['202 with white space', { status: 202, body: ' \n' }, true, true],
    ['200 with text', { headers: { 'content-type': 'text/plain' }, body: 'OK' }, true, false],
    ['200 with JSON', { body: { message: 'bye' } }, true, false],
    ['200 with the success mark', { body: { ok: true } }, true, true],
    ['200 with another mark', { body: { ok: false, code: 'X' } }, true, false],
    ['the page of a captive portal', html, false, false],
    ['200 with HTML as text', { headers: { 'content-type': 'text/plain' }, body: '<!doctype html>' }, false, false],
    ['a redirect', { status: 302, headers: { location: 'https://portal.example/' } }, false, false],
    ['401', { status: 401, body: { code: 'X' } }, false, false],
    ['500', { status: 500, headers: {} }, false, false],
  ];
  for (const [title, reply, isPlain, isMarked] of rows) {
    it(`that gets ${title} is ${isPlain ? '' : 'not '}confirmed`, () =>
      withPartner({ definition: plain }, async ({ session, reply: set }) => {
        await session.login(plainCredentials);
        set('/logout', reply);
        const { revoked, error } = await session.signOut();
        assert.deepEqual([revoked, error === undefined], [isPlain, isPlain]);
      }));
    it(`that gets ${title} is ${isMarked ? '' : 'not '}confirmed where there is a success mark`, () =>
      withMarkedPartner(async ({ session, reply: set }) => {
        set('/logout', reply);
        assert.equal((await session.signOut()).revoked, isMarked);
      }));
  }

  it('that the partner never saw is not confirmed', () =>
    withPartner({ definition: plain }, async ({ session, calls }) => {
      assert.deepEqual(await session.signOut(), { revoked: false });
      assert.deepEqual(calls, []);
    }));
});

describe('a protected call', () => {
  it('that gets 204 is ok where there is a success mark, and 200 without a body is not', () =>
    withMarkedPartner(async ({ session, reply }) => {
      for (const [status, ok] of [
        [204, true],
        [205, true],
        [200, false],
      ] as const) {
        reply('/orders', { status, headers: {} });
        assert.equal((await session.request('/orders')).ok, ok, String(status));
        const streamed = await session.stream('/orders');
        assert.equal(streamed.ok, ok, String(status));
        await streamed.body.cancel();
      }
    }));

  it('that gets a 401 refreshes the token without a rule', () =>
    withPartner({ definition: { ...plain, errors: [] } }, async ({ session, reply, calls }) => {
      await session.login(plainCredentials);
      reply('/orders', { status: 401, headers: {} });
      assert.equal((await session.request('/orders')).status, 401);
      assert.deepEqual(calls, ['/login', '/orders', '/refresh', '/orders']);
    }));
});
