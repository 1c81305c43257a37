import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileStore, memoryStore, openSession, type PartnerDefinition, type StoredRecord } from '../../../core/index.ts';
import { plainCredentials, plainPartner, plainRefresh, withPartner } from '../../helpers/with-partner.ts';
import { partnerNames, readSession, withSession } from '../../helpers/with-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const refusal = { status: 401, body: { code: 'BAD_REFRESH', message: 'no' } };
const refreshToken = 'copied-from-a-browser';

describe('adopt()', () => {
  for (const partner of partnerNames) {
    it(`signs in at ${partner} with the refresh token of another program`, () =>
      withSession({ partner }, async ({ session, store, sibling }) => {
        const { tokens } = await readSession(store);
        const own = memoryStore();
        const other = await sibling({ store: own });
        await other.adopt({ refreshToken: tokens.refreshToken ?? '', account: 'ann' });
        assert.equal(other.status.phase, 'valid');
        assert.equal(other.status.account, 'ann');
        assert.equal((await readSession(own)).adoption, undefined);
        await other.refresh();
        assert.equal(session.status.phase, 'valid');
      }));
  }

  it('asks at once, with an intent under the lock, before it replaces the stored session', () =>
    withPartner({}, async ({ session, store, calls }) => {
      await session.login(plainCredentials);
      const writes: StoredRecord[] = [];
      const { write } = store;
      store.write = (record, options) => {
        assert.notEqual(options?.held, undefined);
        writes.push(record);
        return write(record, options);
      };
      const before = await readSession(store);
      await session.adopt({ refreshToken });
      assert.deepEqual(calls, ['/login', '/refresh']);
      const [intent, adopted] = writes;
      assert.ok(intent !== undefined && 'tokens' in intent && adopted !== undefined && 'tokens' in adopted);
      assert.deepEqual(intent.tokens, before.tokens);
      assert.notEqual(intent.adoption, undefined);
      assert.ok(!JSON.stringify(intent).includes(refreshToken));
      assert.notEqual(adopted.sessionId, before.sessionId);
      assert.equal(adopted.tokens.refreshToken, 'refresh-2');
      assert.equal(await session.accessToken(), 'access-2');
    }));

  it('changes nothing if the partner refuses the token', () =>
    withPartner({}, async ({ session, store, reply }) => {
      await session.login(plainCredentials);
      const before = await readSession(store);
      reply('/refresh', refusal);
      await assert.rejects(session.adopt({ refreshToken }), {
        code: 'sessionEnded',
        setting: 'refreshToken',
        message: /Nothing was replaced/,
      });
      assert.deepEqual(await readSession(store), before);
      assert.equal(session.status.phase, 'valid');
      assert.equal(await session.accessToken(), 'access-1');
    }));

  it('leaves an empty store empty if the partner refuses the token or cannot be reached', () =>
    withPartner({}, async ({ session, store, reply }) => {
      reply('/refresh', refusal);
      await assert.rejects(session.adopt({ refreshToken }), { code: 'sessionEnded' });
      assert.equal(await store.read(), undefined);
      reply('/refresh', { status: 429, headers: { 'content-type': 'application/json' }, body: '{}' });
      await assert.rejects(session.adopt({ refreshToken }), { code: 'rateLimited' });
      assert.equal(await store.read(), undefined);
      assert.equal(session.status.phase, 'signedOut');
    }));

  it('recognizes an attempt whose response was lost', () =>
    withPartner({}, async ({ session, store, clock, reply }) => {
      reply('/refresh', { status: 503 });
      await assert.rejects(session.adopt({ refreshToken }), { code: 'partnerUnavailable' });
      assert.equal(session.status.phase, 'signedOut');
      assert.ok('adoption' in ((await store.read()) ?? {}));
      reply('/refresh', refusal);
      clock.advance(1_000);
      await assert.rejects(session.adopt({ refreshToken }), { code: 'refreshInterrupted' });
      await assert.rejects(session.adopt({ refreshToken: 'another' }), { code: 'sessionEnded' });
    }));

  it('does not use the token if the store cannot be written', () =>
    withPartner({}, async ({ session, store, calls }) => {
      store.write = () => Promise.reject(new Error(`the disk with ${refreshToken} is full`));
      await assert.rejects(session.adopt({ refreshToken }), { code: 'store', message: /was not used/ });
      assert.deepEqual(calls, []);
    }));

  it('keeps the adopted refresh token if the response has none', () =>
    withPartner({}, async ({ session, store, reply }) => {
      reply('/refresh', { body: { access: 'access-9', expires: 60 } });
      await session.adopt({ refreshToken });
      assert.deepEqual((await readSession(store)).tokens.refreshToken, refreshToken);
    }));

  it('keeps a replaced refresh token with the given access token if the response has no access token', () =>
    withPartner({}, async ({ session, store, reply }) => {
      reply('/refresh', { body: { refresh: 'refresh-9' } });
      await assert.rejects(session.adopt({ refreshToken, accessToken: 'access-0' }), { code: 'invalidResponse' });
      const { tokens } = await readSession(store);
      assert.deepEqual([tokens.accessToken, tokens.refreshToken], ['access-0', 'refresh-9']);
    }));

  it('tries twice where the old token stays valid', () => {
    const refresh = { ...plainRefresh, oldTokenStaysValid: true };
    const definition: PartnerDefinition = { ...plainPartner, refresh };
    return withPartner({ definition }, async ({ session, calls, reply }) => {
      reply('/refresh', refusal);
      await assert.rejects(session.adopt({ refreshToken }), { code: 'sessionEnded' });
      assert.deepEqual(calls, ['/refresh', '/refresh']);
    });
  });

  it('replaces a session that has ended, also for other processes', () =>
    withPartner({}, async ({ session, store, clock, reply }) => {
      await session.login(plainCredentials);
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      const { origin } = await readSession(store);
      await using sibling = await openSession({ partner: plainPartner, baseUrl: origin, clock, store });
      reply('/refresh', undefined);
      await session.adopt({ refreshToken });
      assert.equal(session.status.phase, 'valid');
      await sibling.refresh();
      assert.equal(sibling.status.phase, 'valid');
    }));

  it('sends a token once that several programs with one store adopt at the same time', () =>
    withPartner({}, async ({ session, store, calls, open }) => {
      const others = [await open(), await open()];
      await Promise.all([session, ...others].map((each) => each.adopt({ refreshToken })));
      assert.deepEqual(calls, ['/refresh']);
      for (const each of [session, ...others]) assert.equal(await each.accessToken(), 'access-1');
      assert.equal((await readSession(store)).generation, 1);
    }));

  it('asks the partner about a token that was adopted before, and keeps the session if it is refused', () =>
    withPartner({}, async ({ session, store, bodies, open, reply }) => {
      await session.adopt({ refreshToken });
      await session.refresh();
      const before = await readSession(store);
      reply('/refresh', refusal);
      const restarted = await open();
      await assert.rejects(restarted.adopt({ refreshToken }), { code: 'sessionEnded' });
      const sent = bodies.map((body) => (JSON.parse(body) as { refresh: string }).refresh);
      assert.deepEqual(sent, [refreshToken, 'refresh-1', refreshToken]);
      assert.deepEqual(await readSession(store), before);
      assert.equal(restarted.status.phase, 'valid');
    }));

  it('asks the partner about a token whose session has ended or was signed out', () =>
    withPartner({}, async ({ session, bodies, reply }) => {
      const sent = () => bodies.filter((body) => body.includes(refreshToken)).length;
      await session.adopt({ refreshToken });
      reply('/refresh', refusal);
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      reply('/refresh', undefined);
      await session.adopt({ refreshToken });
      assert.deepEqual([session.status.phase, sent()], ['valid', 2]);
      await session.signOut();
      await session.adopt({ refreshToken });
      assert.deepEqual([session.status.phase, sent()], ['valid', 3]);
    }));

  it('is durable in a file', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await withPartner({ store: fileStore(file) }, async ({ session, clock }) => {
      await session.adopt({ refreshToken });
      const { origin } = await readSession(fileStore(file));
      const options = { partner: plainPartner, baseUrl: origin, clock, store: fileStore(file) };
      await using restarted = await openSession(options);
      assert.equal(await restarted.accessToken(), 'access-1');
    });
  });

  for (const [title, given, expected] of [
    ['no refresh token', {}, { code: 'configuration', setting: 'refreshToken' }],
    ['an empty refresh token', { refreshToken: '' }, { code: 'configuration', setting: 'refreshToken' }],
    ['a token with a line break', { refreshToken: 'a\nb' }, { code: 'configuration', setting: 'refreshToken' }],
    ['a header', { refreshToken: 'Bearer abc' }, { code: 'configuration', message: /Bearer/ }],
    ['JSON', { refreshToken: '{"refresh_token":"abc"}' }, { code: 'configuration', message: /JSON/ }],
    ['one token twice', { refreshToken: 'a', accessToken: 'a' }, { code: 'configuration' }],
    ['an access token that is a number', { refreshToken: 'a', accessToken: 1 }, { setting: 'accessToken' }],
    ['an account that is empty', { refreshToken: 'a', account: '' }, { setting: 'account' }],
    ['the name on the wire', { refresh_token: 'a' }, { name: 'TypeError', message: /refresh_token/ }],
    ['a string', 'abc', { name: 'TypeError' }],
  ] as const) {
    it(`refuses ${title} before anything is sent`, () =>
      withPartner({}, async ({ session, store, calls }) => {
        await assert.rejects(session.adopt(given as never), expected);
        assert.deepEqual(calls, []);
        assert.equal(await store.read(), undefined);
      }));
  }
});
