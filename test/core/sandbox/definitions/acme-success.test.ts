import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sandbox } from '../../../../core/sandbox/index.ts';
import { must, jwtPart, lastOutcome, stoppedClock, type Json } from '../clients.ts';
import { call, loginPayload, refresh, shapes, signIn, useToken } from './acme.ts';
import { formShape } from './form-shape.ts';
import { jsonShape } from './json-shape.ts';
import { saltedShape } from './salted-shape.ts';
import { credentials } from './shape.ts';

const last = (sandbox: Sandbox) => must(sandbox.journal.at(-1));
const day = 86_400_000;

describe('sandbox partners by definition', () => {
  it('Acme Pay puts its tokens and lifetimes where the definition says, beside the mark of success', async () => {
    await using sandbox = await jsonShape.start();
    const { status, json } = await call(jsonShape, sandbox, 'login', loginPayload(jsonShape));
    const { accessToken, refreshToken } = must(sandbox.tokens('acme-pay'));
    assert.equal(status, 200);
    assert.deepEqual(json, {
      status: 'OK',
      result: {
        tokens: { access: { token: accessToken, ttl: 3600 }, renewal: { token: refreshToken, ttl: 2_592_000 } },
      },
    });
    const renewed = await refresh(jsonShape, sandbox, refreshToken);
    const next = must(sandbox.tokens('acme-pay'));
    assert.notEqual(next.refreshToken, refreshToken);
    assert.deepEqual(renewed.json, {
      status: 'OK',
      result: {
        access: { token: next.accessToken, ttl: 3600 },
        renewal: { token: next.refreshToken, ttl: 2_592_000 },
      },
    });
  });

  it('Acme Forms encrypts its answers with an IV beside them, and leaves lifetimes out', async () => {
    await using sandbox = await formShape.start();
    const { json, plain } = await call(formShape, sandbox, 'login', loginPayload(formShape));
    const { accessToken, refreshToken } = must(sandbox.tokens('acme-forms'));
    assert.deepEqual(plain, { access: accessToken, refresh: refreshToken, ok: true });
    const { details, iv, ...rest } = json.reply as Json;
    assert.match(String(details), /^[0-9A-F]+$/);
    assert.match(String(iv), /^[0-9A-F]{32}$/);
    assert.deepEqual([Object.keys(json), rest], [['reply'], {}]);
    assert.ok(Number(jwtPart(accessToken, 1).exp) > 0);
  });

  it('Acme Cloud encrypts its answers behind Salted__, with moments in a zone', async () => {
    const clock = stoppedClock();
    await using sandbox = await saltedShape.start({ clock: clock.read });
    const { json, plain } = await call(saltedShape, sandbox, 'login', loginPayload(saltedShape));
    assert.match(String(json.sealed), /^U2FsdGVkX1/);
    assert.deepEqual(Object.keys(json), ['sealed']);
    const { code, data } = plain as { code: number; data: Record<string, string> };
    assert.equal(code, 0);
    assert.match(must(data.access_expires), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+07:00$/);
    assert.equal(Date.parse(must(data.access_expires)), clock.now + 3_600_000);
    assert.equal(Date.parse(must(data.refresh_expires)), clock.now + 30 * day);
  });

  it('Acme Cloud asks for a one-time code where the scenario wants one', async () => {
    await using sandbox = await saltedShape.start({ twoFactor: true });
    const first = await call(saltedShape, sandbox, 'login', loginPayload(saltedShape));
    const { ticket } = first.json.data as { ticket: string };
    assert.deepEqual([first.status, first.json.code, lastOutcome(sandbox)], [200, 203, 'twoFactorRequired']);
    assert.equal(sandbox.tokens('acme-cloud'), undefined);

    const code = sandbox.oneTimeCode('acme-cloud');
    const enter = (otp: string, of = ticket) => call(saltedShape, sandbox, 'oneTimeCode', { otp, ticket: of });
    for (const reply of [await enter(code === '000000' ? '1' : '000000'), await enter(code, 'unknown')]) {
      assert.deepEqual([reply.status, reply.json.code, lastOutcome(sandbox)], [200, 4012, 'badCode']);
    }
    const { plain } = await enter(code);
    const { session } = plain.data as { session: Json };
    assert.equal(session.access_token, must(sandbox.tokens('acme-cloud')).accessToken);
    assert.equal(last(sandbox).call, 'twoFactor');
    assert.equal((await enter(code)).json.code, 4012);

    const late = await call(saltedShape, sandbox, 'login', loginPayload(saltedShape));
    sandbox.advance(300);
    const again = await enter(sandbox.oneTimeCode('acme-cloud'), (late.json.data as { ticket: string }).ticket);
    assert.equal(again.json.code, 4012);
  });

  it('Acme Cloud asks for a captcha where the scenario wants one', async () => {
    await using sandbox = await saltedShape.start({ captcha: true });
    const refused = await call(saltedShape, sandbox, 'login', loginPayload(saltedShape));
    assert.deepEqual([refused.status, refused.json.code, refused.json.msg], [200, 4011, 'captcha!']);
    assert.equal(lastOutcome(sandbox), 'badCaptcha');
    const response = await fetch(`${sandbox.url}/cloud/captcha`);
    const json = (await response.json()) as Json;
    const { data } = saltedShape.open({ status: 200, headers: response.headers, text: '', json });
    const { picture, id } = data as { picture: string; id: string };
    assert.match(picture, /^data:image\/png;base64,/);
    assert.equal(last(sandbox).call, 'captcha');
    const more = { captcha_text: must(sandbox.captchaText(id)), captcha_id: id };
    const { plain } = await call(saltedShape, sandbox, 'login', loginPayload(saltedShape, more));
    assert.equal(plain.code, 0);
    assert.equal((await call(saltedShape, sandbox, 'login', loginPayload(saltedShape, more))).json.code, 4011);
  });

  for (const shape of shapes) {
    const { id, label, example } = shape.definition;

    it(`${label}: the journal holds what was sent, decrypted`, async () => {
      await using sandbox = await shape.start();
      await call(shape, sandbox, 'login', loginPayload(shape));
      const entry = last(sandbox);
      const remember = shape === formShape ? { remember: 'true' } : shape.definition.login.extraFields;
      assert.deepEqual([entry.partner, entry.call, entry.outcome], [id, 'login', 'ok']);
      assert.deepEqual(entry.payload, { ...credentials, ...remember });
      assert.equal(entry.body.includes(credentials.merchant_email), false);
    });

    it(`${label}: the example call takes a bearer and gives back its payload`, async () => {
      await using sandbox = await shape.start();
      const { access } = await signIn(shape, sandbox);
      const { status, plain } = await useToken(shape, sandbox, access);
      assert.equal(status, 200);
      assert.deepEqual(plain.received, example?.payload);
      assert.deepEqual([last(sandbox).call, last(sandbox).path], ['protected', example?.path.split('?')[0]]);
    });

    it(`${label}: a profile opens the definition and hides the credentials`, async () => {
      await using sandbox = await shape.start();
      const profile = must(sandbox.profiles[id]);
      assert.equal(profile.partner, shape.definition);
      assert.equal(profile.baseUrl, sandbox.url);
      assert.equal(profile.partnerCode, 'ACME-7');
      assert.ok(profile.cipher);
      assert.deepEqual(profile.credentials, credentials);
      assert.equal(JSON.stringify({ ...profile }).includes(credentials.api_secret), false);
    });
  }

  it('signs out: the whole session ends', async () => {
    for (const shape of [jsonShape, formShape]) {
      await using sandbox = await shape.start();
      const { access, refresh: token } = await signIn(shape, sandbox);
      const other = await signIn(shape, sandbox);
      const field = must(shape.definition.logout).tokenField;
      assert.equal((await call(shape, sandbox, 'logout', { [field]: token })).status, 200);
      assert.deepEqual([last(sandbox).call, last(sandbox).outcome], ['logout', 'ok']);
      await useToken(shape, sandbox, access);
      assert.equal(lastOutcome(sandbox), 'revoked');
      await refresh(shape, sandbox, token);
      assert.equal(lastOutcome(sandbox), 'revoked');
      await useToken(shape, sandbox, other.access);
      assert.equal(lastOutcome(sandbox), 'ok');
      for (const wrong of ['x', other.access]) {
        const { json } = await call(shape, sandbox, 'logout', { [field]: wrong });
        assert.equal(lastOutcome(sandbox), 'badToken');
        if (shape === formShape) assert.equal(json.why, 'start again');
      }
    }
  });
});
