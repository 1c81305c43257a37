import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeToken, PartnerAuthError } from '../../../core/index.ts';
import { catchError, partnerNames, readSession, withSession } from '../../helpers/with-session.ts';

for (const partner of partnerNames) {
  describe(`login at ${partner}`, () => {
    it('gets a valid token and both deadlines', () =>
      withSession({ partner }, async ({ session, sandbox, credentials }) => {
        assert.equal(session.status.phase, 'valid');
        assert.equal(await session.accessToken(), sandbox.tokens(partner)?.accessToken);
        assert.equal(session.status.account, credentials.username ?? credentials.email);
        assert.ok((session.status.refreshExpiresAt ?? 0) > (session.status.accessExpiresAt ?? Infinity));
        assert.equal(decodeToken(await session.accessToken())?.verified, false);
      }));

    it('fails with a wrong password and keeps the current session', () =>
      withSession({ partner }, async ({ session, credentials }) => {
        const token = await session.accessToken();
        const error = await catchError(session.login({ ...credentials, password: 'wrong-password' }));
        assert.ok(error instanceof PartnerAuthError);
        assert.equal(error.code, 'invalidCredentials');
        assert.equal(error.retryable, false);
        assert.doesNotMatch(error.message, /wrong-password/);
        assert.equal(await session.accessToken(), token);
      }));

    it('names a missing credential and sends nothing', () =>
      withSession({ partner, signedIn: false }, async ({ session, sandbox, credentials }) => {
        for (const name of Object.keys(credentials)) {
          const { [name]: _, ...rest } = credentials;
          await assert.rejects(session.login(rest), { code: 'configuration', setting: name });
        }
        assert.equal(sandbox.journal.length, 0);
      }));

    it('is restored from the store by another session', () =>
      withSession({ partner }, async ({ session, sibling }) => {
        const other = await sibling();
        assert.equal(other.status.phase, 'valid');
        assert.equal(await other.accessToken(), await session.accessToken());
      }));
  });
}

describe('login at tconnect', () => {
  it('sends extra fields inside the encrypted payload', () =>
    withSession(
      {
        signedIn: false,
        session: { extraFields: { login: { grant_type: 'password' }, refresh: { grant_type: 'refresh_token' } } },
      },
      async ({ session, sandbox, credentials }) => {
        await session.login({ ...credentials, device: 'till-7' });
        await session.refresh();
        const [login, refresh] = sandbox.journal;
        assert.deepEqual(login?.payload, { ...credentials, device: 'till-7', grant_type: 'password' });
        assert.equal((refresh?.payload as { grant_type: string }).grant_type, 'refresh_token');
        assert.match(login.body, /^\{"data":"[\da-f]+"\}$/);
      },
    ));

  it('reads wrapped and encrypted responses according to its settings', async () => {
    for (const [tconnectResponse, response] of [
      ['wrapped', { tokensIn: 'data' }],
      ['encrypted', { encryptedIn: 'data' }],
    ] as const) {
      await withSession({ sandbox: { tconnectResponse }, session: { response } }, async ({ session }) => {
        await session.refresh();
        assert.equal(session.status.phase, 'valid');
      });
    }
  });

  it('names the setting if the response is unexpectedly wrapped', () =>
    withSession({ signedIn: false, sandbox: { tconnectResponse: 'wrapped' } }, async ({ session, credentials }) => {
      await assert.rejects(session.login(credentials), { code: 'invalidResponse', setting: 'response' });
    }));

  it('works with every IV rule and output format of the sandbox', async () => {
    for (const iv of [
      { from: 'fixed', value: 'sixteen bytes iv', format: 'utf8' },
      { from: 'prefix' },
      { from: 'key' },
    ] as const) {
      for (const output of ['hex', 'hex-upper', 'base64'] as const) {
        const accounts = { tconnect: { cipher: { iv, output } } };
        await withSession({ sandbox: { accounts } }, async ({ session, sandbox }) => {
          assert.equal(session.status.phase, 'valid');
          assert.deepEqual(sandbox.profiles.tconnect.cipher.iv, iv);
        });
      }
    }
  });
});

describe('login at bizmail', () => {
  it('sends multipart according to its settings', () =>
    withSession({ partner: 'bizmail', session: { bodyForm: 'multipart' } }, async ({ session, sandbox }) => {
      await session.refresh();
      for (const entry of sandbox.journal) assert.match(entry.headers['content-type'] ?? '', /^multipart\/form-data/);
      assert.equal(session.status.phase, 'valid');
    }));
});

describe('login at cloudreve', () => {
  it('continues with a one-time code', () =>
    withSession({ partner: 'cloudreve', signedIn: false, sandbox: { twoFactor: true } }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      await assert.rejects(session.login(credentials), { code: 'oneTimeCodeRequired' });
      assert.equal(session.status.phase, 'signedOut');
      await assert.rejects(session.login({ otp: '000000' }), { code: 'invalidOneTimeCode' });
      await session.login({ otp: sandbox.oneTimeCode() });
      assert.equal(session.status.phase, 'valid');
      assert.equal(session.status.account, credentials.email);
    }));

  it('completes both steps in one call if the credentials contain the code', () =>
    withSession({ partner: 'cloudreve', signedIn: false, sandbox: { twoFactor: true } }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      await session.login({ ...credentials, otp: sandbox.oneTimeCode() });
      assert.equal(session.status.phase, 'valid');
    }));

  it('refuses a one-time code that was not requested or has expired', () =>
    withSession({ partner: 'cloudreve', signedIn: false, sandbox: { twoFactor: true } }, async (fixture) => {
      const { session, sandbox, credentials, clock } = fixture;
      await assert.rejects(session.login({ otp: '123456' }), { code: 'invalidOneTimeCode' });
      await assert.rejects(session.login(credentials), { code: 'oneTimeCodeRequired' });
      clock.advance(600_000);
      await assert.rejects(session.login({ otp: sandbox.oneTimeCode() }), { code: 'invalidOneTimeCode' });
    }));

  it('provides the captcha and accepts its solution', () =>
    withSession({ partner: 'cloudreve', signedIn: false, sandbox: { captcha: true } }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      const error = await catchError(session.login(credentials));
      assert.ok(error instanceof PartnerAuthError);
      assert.equal(error.code, 'captchaRequired');
      assert.match(error.challenge?.image ?? '', /^data:image\//);
      const ticket = error.challenge?.ticket ?? '';
      await session.login({ ...credentials, captcha: sandbox.captchaText(ticket) ?? '', ticket });
      assert.equal(session.status.phase, 'valid');
    }));

  it('distinguishes a blocked account from a wrong password', () =>
    withSession({ partner: 'cloudreve', signedIn: false, sandbox: { accountState: 'blocked' } }, async (fixture) => {
      await assert.rejects(fixture.session.login(fixture.credentials), { code: 'accountUnavailable' });
    }));
});

describe('signOut at cloudreve', () => {
  it('revokes the refresh token at the partner', () =>
    withSession({ partner: 'cloudreve' }, async ({ session, sandbox, store }) => {
      const record = await readSession(store);
      assert.deepEqual(await session.signOut(), { revoked: true });
      assert.equal(session.status.phase, 'signedOut');
      assert.ok(!('tokens' in ((await store.read()) ?? {})));
      const logout = sandbox.journal.find(({ call }) => call === 'logout');
      assert.deepEqual(logout?.payload, { refresh_token: record.tokens.refreshToken });
    }));
});
