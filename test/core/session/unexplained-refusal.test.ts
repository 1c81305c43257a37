import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPartnerAuthError, type PartnerDefinition } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner, type Reply } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const definition: PartnerDefinition = { ...plainPartner, errors: [] };

describe('a refresh that the partner refuses with an error that no rule explains', () => {
  const refused: readonly (readonly [title: string, reply: Reply, rule: RegExp])[] = [
    ['a code', { status: 400, body: { code: 'E-9', message: 'no' } }, /"on": \["refresh"\], "code": "E-9", "is"/],
    ['a number as code', { status: 403, body: { code: 40_321 } }, /"code": 40321,/],
    ['a message only', { status: 401, body: { message: 'no' } }, /"status": 401,/],
  ];
  for (const [title, reply, rule] of refused) {
    it(`ends the session, and names the rule to add for ${title}`, () =>
      withPartner({ definition }, async ({ session, reply: set, clock }) => {
        await session.login(plainCredentials);
        clock.advance(3_700_000);
        set('/refresh', reply);
        const error = await catchError(session.request('/orders'));
        assert.ok(isPartnerAuthError(error));
        assert.equal(error.code, 'partnerRefused');
        assert.match(error.message, rule);
        assert.match(error.message, /sessionEnded.*Sign in again/);
        assert.deepEqual([session.status.phase, session.status.refused], ['ended', true]);
        await assert.rejects(session.accessToken(), { code: 'sessionEnded', message: /no rule.*explains/ });
        // As the README does.
        if (['signedOut', 'ended'].includes(session.status.phase)) await session.login(plainCredentials);
        assert.equal((await session.request('/orders')).ok, true);
      }));
  }

  it('continues the session if an explicit refresh is granted', () =>
    withPartner({ definition }, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', { status: 400, body: { code: 'BUSY' } });
      await assert.rejects(session.refresh(), { code: 'partnerRefused' });
      await assert.rejects(session.refresh(), { code: 'partnerRefused' });
      reply('/refresh', undefined);
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
    }));

  for (const status of [404, 405, 408, 409, 425]) {
    it(`keeps the session while its access token is valid if the status is ${status}`, () =>
      withPartner({ definition }, async ({ session, reply, clock }) => {
        await session.login(plainCredentials);
        reply('/refresh', { status, body: { code: 'X' } });
        await assert.rejects(session.refresh(), { code: 'partnerRefused' });
        assert.equal(session.status.phase, 'valid');
        clock.advance(3_700_000);
        await assert.rejects(session.accessToken(), { code: 'partnerRefused' });
        assert.equal(session.status.phase, 'ended');
      }));
  }

  it('keeps the session if a rule says that it is something else, or a gateway may have sent it', () =>
    withPartner(
      { definition: { ...plainPartner, errors: [{ code: 'QUOTA', is: 'partnerRefused' }] } },
      async ({ session, reply, clock }) => {
        await session.login(plainCredentials);
        clock.advance(3_700_000);
        for (const response of [
          { status: 403, body: { code: 'QUOTA' } },
          { status: 403, body: { fault: 'X' } },
          { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>' },
        ]) {
          reply('/refresh', response);
          await assert.rejects(session.refresh());
          assert.equal(session.status.phase, 'expired');
        }
      },
    ));
});
