import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPartnerAuthError, openSession, type RetryPolicy } from '../../../core/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';

const methods = ['GET', 'PUT', 'DELETE', 'POST', 'PATCH'] as const;
const idempotent = new Set<string>(['GET', 'PUT', 'DELETE']);

describe('a protected call that the partner refuses for now', () => {
  for (const status of [429, 503]) {
    for (const retry of [undefined, false, 'idempotent', 'always'] as const) {
      for (const method of methods) {
        const isRepeated = retry === 'always' || (retry !== false && idempotent.has(method));
        it(`${isRepeated ? 'is repeated' : 'returns at once'} after a ${status} to a ${method} with retry ${String(retry)}`, async () => {
          const tries: [Partial<{ retry: RetryPolicy }>, Partial<{ retry: RetryPolicy }>][] =
            retry === undefined
              ? [[{}, {}]]
              : [
                  [{ retry }, {}],
                  [{ retry: retry === false ? 'always' : false }, { retry }],
                ];
          for (const [ofSession, ofCall] of tries) {
            await withRawPartner(ofSession, async ({ session, on, calls }) => {
              on(`${method} /payments`, (response, number) => {
                if (number > 1) return false;
                return response.writeHead(status, { 'retry-after': '0' }).end('{}');
              });
              const response = await session.request('/payments', { method, ...ofCall });
              assert.equal(response.status, isRepeated ? 200 : status);
              assert.equal(response.retryAfter, isRepeated ? undefined : 0);
              assert.equal(calls().filter((call) => call.endsWith('/payments')).length, isRepeated ? 2 : 1);
            });
          }
        });
      }
    }
  }

  it('returns how long to wait, as seconds and as a date', () =>
    withRawPartner({ clock: manualClock(Date.UTC(2026, 2, 1, 12)) }, async ({ session, on }) => {
      for (const [header, expected] of [
        ['120', 120],
        ['Sun, 01 Mar 2026 12:00:30 GMT', 30],
        ['soon', undefined],
      ] as const) {
        on('POST /payments', (response) => response.writeHead(503, { 'retry-after': header }).end('{}'));
        const response = await session.request('/payments', { payload: { amount: 1 } });
        assert.deepEqual([response.status, response.ok, response.retryAfter], [503, false, expected]);
        assert.equal('retryAfter' in response, expected !== undefined);
      }
    }));

  it('goes out once more if its token was refused, whatever retry says', () =>
    withRawPartner({ retry: false }, async ({ session, on, calls }) => {
      on('POST /payments', (response, number) => number === 1 && response.writeHead(401).end('{}'));
      assert.equal((await session.request('/payments', { payload: { amount: 1 } })).status, 200);
      assert.deepEqual(calls(), ['POST /login', 'POST /payments', 'POST /refresh', 'POST /payments']);
    }));

  it('does not go out a third time if the repeated one is refused for now', () =>
    withRawPartner({}, async ({ session, on, calls }) => {
      on('POST /payments', (response, number) =>
        response.writeHead(number === 1 ? 401 : 503, { 'retry-after': '0' }).end('{}'),
      );
      assert.equal((await session.request('/payments', { payload: { amount: 1 } })).status, 503);
      assert.equal(calls().filter((call) => call === 'POST /payments').length, 2);
    }));

  it('leaves a sign-in that is refused for now to be repeated', () =>
    withRawPartner({ retry: false, signedIn: false }, async ({ session, on, calls }) => {
      on(
        'POST /login',
        (response, number) => number === 1 && response.writeHead(503, { 'retry-after': '0' }).end('{}'),
      );
      await session.login({ user: 'ann', password: 'x' });
      assert.deepEqual(calls(), ['POST /login', 'POST /login']);
    }));
});

describe('the option retry of openSession()', () => {
  for (const retry of [true, 'never', 3, null, { limit: 2 }]) {
    it(`refuses ${JSON.stringify(retry)}`, async () => {
      await assert.rejects(
        openSession({ partner: plainPartner, baseUrl: 'https://h', retry: retry as RetryPolicy }),
        (error: unknown) => isPartnerAuthError(error) && error.code === 'configuration' && error.setting === 'retry',
      );
    });
  }
});
