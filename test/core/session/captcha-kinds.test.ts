import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isPartnerAuthError,
  openSession,
  partners,
  type PartnerAuthError,
  type PartnerDefinition,
} from '../../../core/index.ts';
import type { SandboxOptions } from '../../../core/sandbox/index.ts';
import { withPartner } from '../../helpers/with-partner.ts';
import { catchError, withSession, type Fixture } from '../../helpers/with-session.ts';

const response = 'SANDBOX-CAPTCHA-RESPONSE';
const login = '/api/v4/session/token';
const config = '/api/v4/site/config/basic';

function withCaptcha(
  captchaKind: NonNullable<SandboxOptions['captchaKind']>,
  test: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  return withSession({ partner: 'cloudreve', signedIn: false, sandbox: { captcha: true, captchaKind } }, test);
}

async function refusal(call: Promise<unknown>): Promise<PartnerAuthError> {
  const error = await catchError(call);
  assert.ok(isPartnerAuthError(error), String(error));
  return error;
}

function pictures({ sandbox }: Fixture): number {
  return sandbox.journal.filter(({ call }) => call === 'captcha').length;
}

describe('a captcha of Cloudreve', () => {
  for (const kind of ['normal', 'tcaptcha'] as const) {
    it(`is a picture if its kind is ${kind}, whatever the letter case of its text`, () =>
      withCaptcha(kind, async (fixture) => {
        const { session, sandbox, credentials } = fixture;
        const error = await refusal(session.login(credentials));
        assert.equal(error.code, 'captchaRequired');
        const { image = '', ticket = '' } = error.challenge ?? {};
        assert.match(image, /^data:image\/png/);
        const text = sandbox.captchaText(ticket) ?? '';
        await session.login({ ...credentials, ticket, captcha: text.toLowerCase() });
        assert.equal(session.status.phase, 'valid');
        assert.ok(!sandbox.journal.some(({ path }) => path === config), 'the message says it');
      }));
  }

  it('is known by the message of a login whose responses differ from others', () =>
    withCaptcha('normal', async ({ session, sandbox, credentials }) => {
      const { response, login: call }: PartnerDefinition = partners.cloudreve;
      const { message = '' } = response;
      const own = { ...call, response: { message } };
      const partner: PartnerDefinition = {
        ...partners.cloudreve,
        response: { ...response, message: 'said' },
        login: own,
      };
      const baseUrl = sandbox.profiles.cloudreve.baseUrl;
      await using other = await openSession({ partner, baseUrl });
      const error = await refusal(other.login(credentials));
      assert.equal(error.message, (await refusal(session.login(credentials))).message);
      assert.ok(!sandbox.journal.some(({ path }) => path === config), 'the message says it');
    }));

  for (const [kind, label, field, siteKey] of [
    ['recaptcha', 'reCAPTCHA', 'captcha', 'sandbox-recaptcha-key'],
    ['turnstile', 'Turnstile', 'ticket', 'sandbox-turnstile-key'],
    ['cap', 'Cap', 'ticket', 'sandbox-cap-key'],
  ] as const) {
    it(`is named if it is ${label}, with the credential for the response of its widget, and no picture`, () =>
      withCaptcha(kind, async (fixture) => {
        const { session, credentials } = fixture;
        const error = await refusal(session.login(credentials));
        assert.equal(error.code, 'captchaRequired');
        assert.equal(error.setting, field);
        assert.equal(error.challenge, undefined);
        for (const part of [label, `"${field}"`, siteKey]) assert.ok(error.message.includes(part), error.message);
        assert.ok(!/image|picture/.test(error.message), error.message);
        assert.equal(pictures(fixture), 0);
        await session.login({ ...credentials, [field]: response });
        assert.equal(session.status.phase, 'valid');
      }));
  }

  it('has no secret if the login has no body: the administrator must set it', () =>
    withCaptcha('recaptchaWithoutSecret', async (fixture) => {
      const error = await refusal(fixture.session.login(fixture.credentials));
      assert.deepEqual([error.code, error.retryable, error.status], ['invalidResponse', false, 200]);
      assert.match(error.message, /reCAPTCHA.*secret.*administrator/);
      assert.equal(pictures(fixture), 0);
    }));

  it('cannot be passed if Cap has no secret: the administrator must set it', () =>
    withCaptcha('capWithoutSecret', async (fixture) => {
      const error = await refusal(fixture.session.login(fixture.credentials));
      assert.deepEqual([error.code, error.retryable, error.setting], ['captchaRequired', false, 'ticket']);
      assert.match(error.message, /Cap captcha.*"Captcha configuration error"\..*not complete: ask its administrator/);
      fixture.sandbox.set({ captchaKind: 'cap' });
      assert.doesNotMatch((await refusal(fixture.session.login(fixture.credentials))).message, /administrator/);
    }));

  for (const [title, reply] of [
    ['is missing', { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' }],
    ['is the page of a proxy', { headers: { 'content-type': 'text/html' }, body: '<html></html>' }],
    ['names no kind', { body: { code: 0, data: {}, msg: '' } }],
    ['names an unknown kind', { body: { code: 0, data: { captcha_type: 'puzzle' }, msg: '' } }],
    ['names a kind that every object has', { body: { code: 0, data: { captcha_type: 'constructor' }, msg: '' } }],
  ] as const) {
    it(`shows no picture if the site's configuration ${title}, unless the message says that it is one`, () =>
      withPartner({ definition: partners.cloudreve }, async ({ session, reply: setReply, calls }) => {
        const credentials = { email: 'ann@example.com', password: 'S3cret-of-ann' };
        setReply(config, reply);
        const captcha = { code: 0, data: { image: 'data:image/png;base64,AAAA', ticket: 'one' }, msg: '' };
        setReply('/api/v4/site/captcha', { body: captcha });
        setReply(login, { body: { code: 40026, msg: 'Captcha validation failed' } });
        const error = await refusal(session.login(credentials));
        assert.equal(error.code, 'captchaRequired');
        assert.equal(error.challenge, undefined);
        assert.match(error.message, /reCAPTCHA as "captcha", Turnstile as "ticket", Cap as "ticket"/);
        assert.ok(!calls.includes('/api/v4/site/captcha'));
        setReply(login, { body: { code: 40026, msg: 'CAPTCHA not match.' } });
        assert.equal((await refusal(session.login(credentials))).challenge?.ticket, 'one');
      }));
  }

  it('leaves an empty response to a login as it is, but mentions the captcha, if the configuration cannot be read', () =>
    withPartner({ definition: partners.cloudreve }, async ({ session, reply }) => {
      reply(login, {});
      const error = await refusal(session.login({ email: 'ann@example.com', password: 'S3cret-of-ann' }));
      assert.deepEqual([error.code, error.retryable], ['invalidResponse', true]);
      assert.match(error.message, /captcha.*administrator/);
      reply(config, { body: { code: 0, data: { captcha_type: 'normal' }, msg: '' } });
      const other = await refusal(session.login({ email: 'ann@example.com', password: 'S3cret-of-ann' }));
      assert.ok(!other.message.includes('captcha '), other.message);
    }));
});
