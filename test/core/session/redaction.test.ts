import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, isPartnerAuthError, partners } from '../../../core/index.ts';
import { catchError, withSession, type Fixture } from '../../helpers/with-session.ts';

/** Asserts that the partner's message is not shown with these secrets if it contains them, in several forms. */
async function assertHidden(
  { sandbox, session }: Fixture,
  secrets: readonly string[],
  field = 'message',
): Promise<void> {
  const messages: unknown[] = [];
  session.on('exchange', ({ response }) => void messages.push((response as Record<string, unknown>)[field]));
  for (const secret of secrets) {
    const lowerCaseCodes = encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase());
    const forms = [secret, lowerCaseCodes, Buffer.from(`user:${secret}`).toString('base64')];
    for (const form of forms) {
      const text = JSON.stringify({ code: 1, success: false, [field]: `no: ${form} :end` });
      messages.length = 0;
      sandbox.fail({ text }, { call: 'refresh' });
      const error = await catchError(session.refresh());
      assert.ok(isPartnerAuthError(error) && !error.message.includes(form));
      assert.match(String(messages[0]), /^no: .*\[hidden\].* :end$/);
      assert.ok(messages.every((message) => !String(message).includes(form)));
    }
  }
}

describe('a message of the partner', () => {
  it('hides the password and the client secret after 200 refreshes', () =>
    withSession({}, async (fixture) => {
      const { session, credentials } = fixture;
      for (let refresh = 0; refresh < 200; refresh++) await session.refresh();
      await assertHidden(fixture, [credentials.password ?? '', credentials.client_secret ?? '']);
    }));

  it('hides a one-time code', () =>
    withSession({ partner: 'cloudreve', sandbox: { twoFactor: true }, signedIn: false }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      await assert.rejects(session.login(credentials), { code: 'oneTimeCodeRequired' });
      const otp = sandbox.oneTimeCode();
      await session.login({ otp });
      await assertHidden(fixture, [otp], 'msg');
    }));

  it('hides a one-time code that is sent together with the credentials, and a refused one', () =>
    withSession({ partner: 'cloudreve', sandbox: { twoFactor: true }, signedIn: false }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      await assert.rejects(session.login({ ...credentials, otp: 'wrong-code' }), { code: 'invalidOneTimeCode' });
      await session.login({ otp: sandbox.oneTimeCode() });
      await assertHidden(fixture, ['wrong-code'], 'msg');
    }));

  it('hides the ticket and the text of a captcha', () =>
    withSession({ partner: 'cloudreve', sandbox: { captcha: true }, signedIn: false }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      const error = await catchError(session.login(credentials));
      assert.ok(isPartnerAuthError(error) && error.challenge !== undefined);
      const { ticket } = error.challenge;
      const captcha = sandbox.captchaText(ticket) ?? '';
      await session.login({ ...credentials, ticket, captcha });
      await assertHidden(fixture, [ticket, captcha], 'msg');
    }));

  it('hides credentials that the definition does not name, but not the grant type', () =>
    withSession({ signedIn: false }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      await session.login({ ...credentials, device: 'undeclared/value', grant_type: 'password' });
      await assertHidden(fixture, ['undeclared/value']);
      const messages: unknown[] = [];
      session.on('exchange', ({ response }) => void messages.push(response));
      sandbox.fail({ text: '{"message":"bad password"}' }, { call: 'refresh' });
      await catchError(session.refresh());
      assert.deepEqual(messages[0], { message: 'bad password' });
    }));

  it('hides the key, the IV, and the secrets among the options and the constants of the definition', () =>
    withSession(
      {
        session: {
          extraFields: { login: { api_key: 'option/secret' } },
          partner: definePartner({
            ...partners.tconnect,
            headers: { ...partners.tconnect.headers, 'X-Api-Key': 'header/secret' },
          }),
        },
      },
      async (fixture) => {
        const { cipher } = fixture.sandbox.profiles.tconnect;
        assert.ok(cipher.iv.from === 'fixed');
        await assertHidden(fixture, [cipher.key, cipher.iv.value, 'option/secret', 'header/secret']);
      },
    ));
});
