import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore, openSession, type PartnerDefinition } from '../../../core/index.ts';
import { plainCredentials, plainPartner, plainRefresh, withPartner } from '../../helpers/with-partner.ts';
import { readSession } from '../../helpers/with-session.ts';

const refusal = { status: 401, body: { code: 'BAD_REFRESH', message: 'no' } };
const blocked = { status: 423, body: { code: 'BLOCKED', message: 'no' } };
const patient: PartnerDefinition = { ...plainPartner, refresh: { ...plainRefresh, oldTokenStaysValid: true } };
const day = 86_400_000;

function refreshesIn(calls: readonly string[]): number {
  return calls.filter((path) => path === '/refresh').length;
}

describe('a refused refresh token', () => {
  it('continues the session if an explicit refresh is granted later', () =>
    withPartner({}, async ({ session, store, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(session.status.phase, 'ended');
      assert.equal(session.status.refused, true);
      assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-1');
      reply('/refresh', undefined);
      clock.advance(1_000);
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
      assert.equal(session.status.refused, undefined);
      assert.equal(session.status.lastError, undefined);
      assert.equal((await readSession(store)).ended, undefined);
      assert.equal(await session.accessToken(), 'access-2');
      assert.equal(refreshesIn(calls), 2);
    }));

  it('is not sent again by calls, timers and restarts', () =>
    withPartner({ autoRefresh: true }, async ({ session, store, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      reply('/refresh', undefined);
      clock.advance(3_000_000);
      assert.equal(await session.accessToken(), 'access-1', 'valid until it expires');
      clock.advance(3_600_000);
      await assert.rejects(session.accessToken(), { code: 'sessionEnded', message: /refresh\(\)/ });
      await assert.rejects(session.request('/anything'), { code: 'sessionEnded' });
      const record = await readSession(store);
      const options = { partner: plainPartner, baseUrl: record.origin, clock, store };
      await using restarted = await openSession({ ...options, autoRefresh: true });
      assert.equal(restarted.status.refused, true);
      await assert.rejects(restarted.accessToken(), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 1);
      await restarted.refresh();
      assert.equal(restarted.status.phase, 'valid');
      assert.equal(await session.accessToken(), 'access-2', 'the first process adopts it');
    }));

  it('is sent at most once a second, and a second refusal is reported as such', () =>
    withPartner({}, async ({ session, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      clock.advance(999);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 1);
      clock.advance(1);
      await assert.rejects(Promise.all([session.refresh(), session.refresh()]), {
        code: 'sessionEnded',
        message: /refused again\. .* Sign in again\.$/,
      });
      assert.equal(refreshesIn(calls), 2);
      assert.equal(session.status.phase, 'ended');
      assert.equal(session.status.refused, true);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 2);
    }));

  it('is kept if an explicit refresh gets no response', () =>
    withPartner({}, async ({ session, store, clock, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      reply('/refresh', { status: 503 });
      clock.advance(1_000);
      await assert.rejects(session.refresh(), { code: 'partnerUnavailable' });
      assert.equal(session.status.phase, 'ended');
      assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-1');
      reply('/refresh', undefined);
      clock.advance(1_000);
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
    }));

  it('is forgotten after 14 days if it has no deadline of its own', () =>
    withPartner({}, async ({ session, store, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      reply('/refresh', undefined);
      clock.advance(14 * day);
      assert.equal(session.status.refused, undefined);
      await assert.rejects(session.refresh(), { code: 'sessionEnded', message: /Sign in again/ });
      assert.equal(refreshesIn(calls), 1);
      assert.equal((await readSession(store)).tokens.refreshToken, undefined);
    }));

  it('is not sent after its own deadline', () =>
    withPartner({}, async ({ session, store, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      const record = await readSession(store);
      const tokens = { ...record.tokens, refreshExpiresAt: clock.now() + day };
      const other = memoryStore();
      await other.write({ ...record, tokens });
      await using restarted = await openSession({ partner: plainPartner, baseUrl: record.origin, clock, store: other });
      clock.advance(day);
      await assert.rejects(restarted.refresh(), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 1);
      assert.equal((await readSession(other)).tokens.refreshToken, undefined);
    }));

  it('is kept after a refresh that was interrupted', () =>
    withPartner({}, async ({ session, store, clock, reply }) => {
      await session.login(plainCredentials);
      await store.write({ ...(await readSession(store)), intent: { at: 0 } });
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'refreshInterrupted' });
      assert.equal(session.status.refused, true);
      clock.advance(1_000);
      await assert.rejects(session.refresh(), { code: 'refreshInterrupted', message: /refused again/ });
      reply('/refresh', undefined);
      clock.advance(1_000);
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
    }));

  it('is deleted if the account is not available', () =>
    withPartner({}, async ({ session, store, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', blocked);
      await assert.rejects(session.refresh(), { code: 'accountUnavailable' });
      assert.equal((await readSession(store)).tokens.refreshToken, undefined);
      assert.equal(session.status.refused, undefined);
      reply('/refresh', undefined);
      clock.advance(2_000);
      await assert.rejects(session.refresh(), { code: 'accountUnavailable' });
      assert.equal(refreshesIn(calls), 1);
    }));

  it('is replaced by the next login and removed by a sign-out', () =>
    withPartner({}, async ({ session, store, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await session.login(plainCredentials);
      assert.equal(session.status.refused, undefined);
      assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-2');
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await session.signOut();
      assert.ok(!JSON.stringify(await store.read()).includes('refresh-2'));
    }));

  it('is tried once more after 2 seconds where the old token stays valid', () =>
    withPartner({ definition: patient }, async ({ session, clock, calls, reply }) => {
      await session.login(plainCredentials);
      const { wait } = clock;
      const waits: number[] = [];
      clock.wait = (delay) => {
        waits.push(delay);
        reply('/refresh', undefined);
        return wait(delay);
      };
      reply('/refresh', refusal);
      await session.refresh();
      assert.deepEqual(waits, [2_000]);
      assert.equal(refreshesIn(calls), 2);
      assert.equal(session.status.phase, 'valid');
    }));

  it('ends the session after the second refusal, and then each explicit refresh asks once', () =>
    withPartner({ definition: patient }, async ({ session, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 2);
      assert.equal(session.status.phase, 'ended');
      clock.advance(1_000);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 3);
    }));
});

describe('the access token of a session that has ended', () => {
  const refused = { status: 401, body: { code: 'BAD_TOKEN', message: 'no' } };

  it('is not handed out again if the partner has refused it too', () =>
    withPartner({}, async ({ session, store, clock, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      reply('/things', refused);
      await assert.rejects(session.request('/things'), { code: 'sessionEnded' });
      assert.equal(session.status.phase, 'ended');
      assert.equal(session.status.accessExpiresAt, undefined);
      await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
      await assert.rejects(session.request('/things'), { code: 'sessionEnded' });
      assert.equal(calls.filter((path) => path === '/things').length, 1);
      const options = { partner: plainPartner, baseUrl: (await readSession(store)).origin, clock, store };
      await using restarted = await openSession(options);
      await assert.rejects(restarted.accessToken(), { code: 'sessionEnded' }, 'other processes know it');
      reply('/refresh', undefined);
      clock.advance(1_000);
      await session.refresh();
      assert.equal(await session.accessToken(), 'access-2');
      assert.equal(await restarted.accessToken(), 'access-2');
    }));

  it('is not handed out again if it is refused after the session has ended', () =>
    withPartner({}, async ({ session, calls, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal((await session.request('/things')).status, 200);
      reply('/things', refused);
      await assert.rejects(session.request('/things'), { code: 'sessionEnded' });
      await assert.rejects(session.accessToken(), { code: 'sessionEnded' });
      await assert.rejects(session.request('/things'), { code: 'sessionEnded' });
      assert.equal(refreshesIn(calls), 1);
    }));

  it('is handed out if it was refused before, and is not the refused one', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/things', refused);
      await session.request('/things');
      reply('/things', undefined);
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      assert.equal(await session.accessToken(), 'access-3');
    }));
});
