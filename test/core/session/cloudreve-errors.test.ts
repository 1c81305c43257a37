import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPartnerAuthError, openSession, partners, type PartnerAuthError } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withPartner, type Reply } from '../../helpers/with-partner.ts';
import { catchError, readSession, withSession } from '../../helpers/with-session.ts';

const capacity = '/api/v4/user/capacity';
const credentials = { email: 'ann@example.com', password: 'S3cret-of-ann' };
const token = { access_token: 'access-1', refresh_token: 'refresh-1' };
const signedIn: Reply = { body: { code: 0, data: { user: {}, token }, msg: '' } };

async function refusal(call: Promise<unknown>): Promise<PartnerAuthError> {
  const error = await catchError(call);
  assert.ok(isPartnerAuthError(error), String(error));
  return error;
}

describe('Cloudreve whose database is down', () => {
  it('is unavailable to login, refresh and logout, and the session is kept', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, store, clock, credentials: own }) => {
      sandbox.set({ database: 'down' });
      const refreshed = await refusal(session.refresh());
      assert.deepEqual([refreshed.code, refreshed.retryable], ['partnerUnavailable', true]);
      assert.equal(session.status.phase, 'valid');
      assert.deepEqual((await refusal(session.login(own))).code, 'partnerUnavailable');
      assert.equal(session.status.phase, 'valid');
      sandbox.set({ database: 'up' });
      clock.advance(60_000);
      await session.refresh();
      assert.equal((await readSession(store)).intent, undefined);
      sandbox.set({ database: 'down' });
      const { revoked, error } = await session.signOut();
      assert.equal(revoked, false);
      assert.doesNotMatch(error?.message ?? 'none', /session is kept|none/, 'it is forgotten here');
    }));

  it('does not make a later refusal an interrupted refresh', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, clock }) => {
      sandbox.set({ database: 'down' });
      await refusal(session.refresh());
      sandbox.set({ database: 'up', accountState: 'blocked' });
      clock.advance(60_000);
      assert.equal((await refusal(session.refresh())).code, 'sessionEnded');
    }));

  it('refuses refresh tokens while its table of users is away, which an explicit refresh repairs', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, clock, refreshes }) => {
      sandbox.set({ database: 'usersDown' });
      assert.equal((await refusal(session.refresh())).code, 'sessionEnded');
      assert.equal(refreshes(), 2);
      assert.equal((await session.request(capacity)).error?.code, 'accountUnavailable');
      sandbox.set({ database: 'up' });
      assert.equal((await session.request(capacity)).ok, true, 'the access token was not refused');
      clock.advance(1_000);
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
    }));

  it('ends no session if its table of users is back after 2 seconds', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, clock, refreshes }) => {
      sandbox.set({ database: 'usersDown' });
      const { wait } = clock;
      clock.wait = (delay) => {
        sandbox.set({ database: 'up' });
        return wait(delay);
      };
      await session.refresh();
      assert.equal(session.status.phase, 'valid');
      assert.equal(refreshes(), 2);
    }));
});

describe('a base URL of Cloudreve that has the path of the API', () => {
  for (const [path, right] of [
    ['/api/v4', ''],
    ['/api/v4/', ''],
    ['/api', ''],
    ['/api/v4/session/token', ''],
  ] as const) {
    it(`is a configuration error with the right address: ${path}`, async () => {
      await using sandbox = await startSandbox();
      const profile = sandbox.profiles.cloudreve;
      await using session = await openSession({ ...profile, baseUrl: `${sandbox.url}${path}` });
      const error = await refusal(session.login({ ...profile.credentials }));
      assert.deepEqual([error.code, error.setting, error.status], ['configuration', 'baseUrl', 404]);
      assert.equal(error.retryable, false);
      assert.ok(error.message.endsWith(`set it to ${sandbox.url}${right}.`), error.message);
    });
  }

  for (const [title, reply] of [
    ['plain text', { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' }],
    ['HTML', { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>not found</html>' }],
    ['no body', { status: 404, headers: {} }],
    ['JSON', { status: 404, body: { code: 404, msg: 'not found' } }],
  ] as const) {
    it(`is suspected for any HTTP 404 of a login or refresh: ${title}`, () =>
      withPartner({ definition: partners.cloudreve }, async ({ session, reply: setReply }) => {
        setReply('/api/v4/session/token', reply);
        const error = await refusal(session.login(credentials));
        assert.deepEqual([error.code, error.setting, error.retryable], ['configuration', 'baseUrl', false]);
        setReply('/api/v4/session/token', signedIn);
        await session.login(credentials);
        setReply('/api/v4/session/token/refresh', reply);
        const refreshed = await refusal(session.refresh());
        assert.deepEqual([refreshed.code, refreshed.setting, refreshed.retryable], ['configuration', 'baseUrl', true]);
        assert.match(refreshed.message, /the session is kept/);
        assert.equal(session.status.phase, 'valid');
      }));
  }
});

describe('an error of a protected call at Cloudreve', () => {
  for (const [code, msg, expected, words] of [
    [50001, 'failed to get login user', 'accountUnavailable', /blocked.*database/],
    [404, 'User not found', 'partnerRefused', /access token.*sign in again/],
    [40019, 'Feature not enabled', 'partnerRefused', /turned this feature off/],
    [40087, 'Domain not licensed', 'configuration', /license.*baseUrl/],
    [40089, 'Insufficient scope: Files.Read', 'partnerRefused', /Files\.Read.*scope/],
    [40090, 'Too many requests', 'rateLimited', /[Tt]ry again later/],
    [50002, 'Encryption failed', 'partnerUnavailable', /[Tt]ry again later/],
  ] as const) {
    it(`has its words in the response: code ${code}`, () =>
      withPartner({ definition: partners.cloudreve }, async ({ session, reply }) => {
        reply('/api/v4/session/token', signedIn);
        await session.login(credentials);
        reply(capacity, { body: { code, msg } });
        const { ok, status, error, body } = await session.request(capacity);
        assert.deepEqual([ok, status, error?.code], [false, 200, expected]);
        assert.match(error?.message ?? '', words);
        assert.deepEqual(body, { code, msg });
        assert.equal(session.status.phase, 'valid');
      }));
  }

  it('has none if the call succeeds or no rule matches', () =>
    withSession({ partner: 'cloudreve' }, async ({ session }) => {
      assert.equal('error' in (await session.request(capacity)), false);
      assert.equal('error' in (await session.request('/no/such/path')), false);
    }));
});
