import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../../helpers/platform.ts';
import type { Sandbox } from '../../../../core/sandbox/index.ts';
import { assertDefined, frozenClock, jwtPart, lastOutcome, type Json } from '../clients.ts';
import { acmePartners, call, callProtected, loginPayload, refresh, signIn } from './acme-client.ts';
import { acmeForms } from './acme-forms.ts';
import { acmeJson } from './acme-json.ts';
import { acmeSalted } from './acme-salted.ts';
import { credentials } from './acme-partner.ts';

const lastEntry = (sandbox: Sandbox) => assertDefined(sandbox.journal.at(-1));
const day = 86_400_000;

describe('sandbox responses with definitions', withOpenssl, () => {
  it('Acme Pay returns tokens and lifetimes at the defined paths, with the success marker', async () => {
    await using sandbox = await acmeJson.start();
    const { status, json } = await call(acmeJson, sandbox, 'login', loginPayload(acmeJson));
    const { accessToken, refreshToken } = assertDefined(sandbox.tokens('acme-pay'));
    assert.equal(status, 200);
    assert.deepEqual(json, {
      status: 'OK',
      result: {
        tokens: { access: { token: accessToken, ttl: 3600 }, renewal: { token: refreshToken, ttl: 2_592_000 } },
      },
    });
    const renewed = await refresh(acmeJson, sandbox, refreshToken);
    const next = assertDefined(sandbox.tokens('acme-pay'));
    assert.notEqual(next.refreshToken, refreshToken);
    assert.deepEqual(renewed.json, {
      status: 'OK',
      result: {
        access: { token: next.accessToken, ttl: 3600 },
        renewal: { token: next.refreshToken, ttl: 2_592_000 },
      },
    });
  });

  it('Acme Forms encrypts responses with the IV in its own field, and omits lifetimes', async () => {
    await using sandbox = await acmeForms.start();
    const { json, plain } = await call(acmeForms, sandbox, 'login', loginPayload(acmeForms));
    const { accessToken, refreshToken } = assertDefined(sandbox.tokens('acme-forms'));
    assert.deepEqual(plain, { access: accessToken, refresh: refreshToken, ok: true });
    const { details, iv, ...rest } = json.reply as Json;
    assert.match(String(details), /^[0-9A-F]+$/);
    assert.match(String(iv), /^[0-9A-F]{32}$/);
    assert.deepEqual([Object.keys(json), rest], [['reply'], {}]);
    assert.ok(Number(jwtPart(accessToken, 1).exp) > 0);
  });

  it('Acme Cloud encrypts responses with the Salted__ header, and sends expiry times with a time zone', async () => {
    const clock = frozenClock();
    await using sandbox = await acmeSalted.start({ clock: clock.read });
    const { json, plain } = await call(acmeSalted, sandbox, 'login', loginPayload(acmeSalted));
    assert.match(String(json.encrypted), /^U2FsdGVkX1/);
    assert.deepEqual(Object.keys(json), ['encrypted']);
    const { code, data } = plain as { code: number; data: Record<string, string> };
    assert.equal(code, 0);
    assert.match(assertDefined(data.access_expires), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+07:00$/);
    assert.equal(Date.parse(assertDefined(data.access_expires)), clock.now + 3_600_000);
    assert.equal(Date.parse(assertDefined(data.refresh_expires)), clock.now + 30 * day);
  });

  it('Acme Cloud requires a one-time code with the scenario twoFactor', async () => {
    await using sandbox = await acmeSalted.start({ twoFactor: true });
    const first = await call(acmeSalted, sandbox, 'login', loginPayload(acmeSalted));
    const { ticket } = first.json.data as { ticket: string };
    assert.deepEqual([first.status, first.json.code, lastOutcome(sandbox)], [200, 203, 'twoFactorRequired']);
    assert.equal(sandbox.tokens('acme-cloud'), undefined);

    const code = sandbox.oneTimeCode('acme-cloud');
    const enter = (otp: string, of = ticket) => call(acmeSalted, sandbox, 'oneTimeCode', { otp, ticket: of });
    for (const reply of [await enter(code === '000000' ? '1' : '000000'), await enter(code, 'unknown')]) {
      assert.deepEqual([reply.status, reply.json.code, lastOutcome(sandbox)], [200, 4012, 'badCode']);
    }
    const { plain } = await enter(code);
    const { session } = plain.data as { session: Json };
    assert.equal(session.access_token, assertDefined(sandbox.tokens('acme-cloud')).accessToken);
    assert.equal(lastEntry(sandbox).call, 'twoFactor');
    assert.equal((await enter(code)).json.code, 4012);

    const late = await call(acmeSalted, sandbox, 'login', loginPayload(acmeSalted));
    sandbox.advance(300);
    const again = await enter(sandbox.oneTimeCode('acme-cloud'), (late.json.data as { ticket: string }).ticket);
    assert.equal(again.json.code, 4012);
  });

  it('Acme Cloud requires a captcha with the scenario captcha', async () => {
    await using sandbox = await acmeSalted.start({ captcha: true });
    const refused = await call(acmeSalted, sandbox, 'login', loginPayload(acmeSalted));
    assert.deepEqual([refused.status, refused.json.code, refused.json.msg], [200, 4011, 'captcha!']);
    assert.equal(lastOutcome(sandbox), 'badCaptcha');
    const response = await fetch(`${sandbox.url}/cloud/captcha`);
    const json = (await response.json()) as Json;
    const { data } = acmeSalted.decode({ status: 200, headers: response.headers, text: '', json });
    const { picture, id } = data as { picture: string; id: string };
    assert.match(picture, /^data:image\/png;base64,/);
    assert.equal(lastEntry(sandbox).call, 'captcha');
    const more = { captcha_text: assertDefined(sandbox.captchaText(id)), captcha_id: id };
    const { plain } = await call(acmeSalted, sandbox, 'login', loginPayload(acmeSalted, more));
    assert.equal(plain.code, 0);
    assert.equal((await call(acmeSalted, sandbox, 'login', loginPayload(acmeSalted, more))).json.code, 4011);
  });

  for (const partner of acmePartners) {
    const { id, label, example } = partner.definition;

    it(`${label}: the journal contains the decrypted payload`, async () => {
      await using sandbox = await partner.start();
      await call(partner, sandbox, 'login', loginPayload(partner));
      const entry = lastEntry(sandbox);
      const remember = partner === acmeForms ? { remember: 'true' } : partner.definition.login.extraFields;
      assert.deepEqual([entry.partner, entry.call, entry.outcome], [id, 'login', 'ok']);
      assert.deepEqual(entry.payload, { ...credentials, ...remember });
      assert.equal(entry.body.includes(credentials.merchant_email), false);
    });

    it(`${label}: the example call requires an access token and returns its payload`, async () => {
      await using sandbox = await partner.start();
      const { access } = await signIn(partner, sandbox);
      const { status, plain } = await callProtected(partner, sandbox, access);
      assert.equal(status, 200);
      assert.deepEqual(plain.received, example?.payload);
      assert.deepEqual([lastEntry(sandbox).call, lastEntry(sandbox).path], ['protected', example?.path.split('?')[0]]);
    });

    it(`${label}: the profile contains the definition and hides the credentials`, async () => {
      await using sandbox = await partner.start();
      const profile = assertDefined(sandbox.profiles[id]);
      assert.equal(profile.partner, partner.definition);
      assert.equal(profile.baseUrl, sandbox.url);
      assert.equal(profile.partnerCode, 'ACME-7');
      assert.ok(profile.cipher);
      assert.deepEqual(profile.credentials, credentials);
      assert.equal(JSON.stringify({ ...profile }).includes(credentials.api_secret), false);
    });
  }

  it('revokes the whole session on sign-out', async () => {
    for (const partner of [acmeJson, acmeForms]) {
      await using sandbox = await partner.start();
      const { access, refresh: token } = await signIn(partner, sandbox);
      const other = await signIn(partner, sandbox);
      const field = assertDefined(assertDefined(partner.definition.logout).tokenField);
      assert.equal((await call(partner, sandbox, 'logout', { [field]: token })).status, 200);
      assert.deepEqual([lastEntry(sandbox).call, lastEntry(sandbox).outcome], ['logout', 'ok']);
      await callProtected(partner, sandbox, access);
      assert.equal(lastOutcome(sandbox), 'revoked');
      await refresh(partner, sandbox, token);
      assert.equal(lastOutcome(sandbox), 'revoked');
      await callProtected(partner, sandbox, other.access);
      assert.equal(lastOutcome(sandbox), 'ok');
      for (const wrong of ['x', other.access]) {
        const { json } = await call(partner, sandbox, 'logout', { [field]: wrong });
        assert.equal(lastOutcome(sandbox), 'badToken');
        if (partner === acmeForms) assert.equal(json.why, 'start again');
      }
    }
  });
});
