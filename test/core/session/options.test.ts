import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { openSession, PartnerAuthError, partners, type SessionOptions } from '../../../core/index.ts';

const key = '0123456789abcdef0123456789abcdef';
const good: SessionOptions = {
  partner: 'tconnect',
  baseUrl: 'https://partner.example',
  partnerCode: 'ACME-01',
  cipher: { key, iv: { from: 'prefix' } },
};

const wrong: readonly (readonly [string, object, string])[] = [
  ['an unknown partner', { partner: 'acme' }, 'partner'],
  ['a missing partner', { partner: undefined }, 'partner'],
  ['a broken definition', { partner: { ...partners.tconnect, login: { path: 'login' } } }, 'partner.login.path'],
  ['a missing base URL', { baseUrl: undefined }, 'baseUrl'],
  ['a base URL that is none', { baseUrl: 'partner.example' }, 'baseUrl'],
  ['http away from loopback', { baseUrl: 'http://partner.example' }, 'baseUrl'],
  ['a look-alike of loopback', { baseUrl: 'http://127.0.0.1.partner.example' }, 'baseUrl'],
  ['another scheme', { baseUrl: 'ftp://partner.example' }, 'baseUrl'],
  ['credentials in the base URL', { baseUrl: 'https://user:secret-word@partner.example' }, 'baseUrl'],
  ['a query in the base URL', { baseUrl: 'https://partner.example?a=b' }, 'baseUrl'],
  ['a missing partner code', { partnerCode: undefined }, 'partnerCode'],
  ['a partner code with a line break', { partnerCode: 'ACME\r\nX-Evil: 1' }, 'partnerCode'],
  ['a partner code with a control character', { partnerCode: 'ACME\u0007' }, 'partnerCode'],
  ['a missing cipher', { cipher: undefined }, 'cipher'],
  ['a key that is too short', { cipher: { key: key.slice(1), iv: { from: 'prefix' } } }, 'cipher.key'],
  ['a missing IV rule', { cipher: { key } }, 'cipher.iv'],
  ['an IV that is too long', { cipher: { key, iv: { from: 'fixed', value: key } } }, 'cipher.iv.value'],
  ['a negative refresh margin', { refreshMargin: -1 }, 'refreshMargin'],
  ['a timeout that is no number', { timeout: '5s' }, 'timeout'],
  ['a CA that is no PEM', { ca: 'not a certificate' }, 'ca'],
  ['a body form for an encrypted partner', { bodyForm: 'multipart' }, 'bodyForm'],
  ['extra fields that are no object', { extraFields: { login: 'grant' } }, 'extraFields.login'],
  ['an answer path that is none', { response: { tokensIn: 'a..b' } }, 'partner.login.tokensIn'],
];

describe('openSession', () => {
  for (const [title, change, setting] of wrong) {
    it(`refuses ${title} and names ${setting}`, async () => {
      await assert.rejects(openSession({ ...good, ...change }), (error: Error) => {
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual([error.code, error.setting], ['configuration', setting]);
        assert.ok(error.message.startsWith(setting.split('.')[0] ?? ''), error.message);
        for (const secret of [key, key.slice(1), 'secret-word']) assert.ok(!inspect(error).includes(secret));
        return true;
      });
    });
  }

  for (const change of [
    { baseURL: 'https://partner.example' },
    { cipher: { ...good.cipher, mode: 'cbc' } },
    { response: { in: 'data' } },
  ]) {
    it(`refuses the unknown option in ${JSON.stringify(Object.keys(change))} as a mistake in the program`, async () => {
      await assert.rejects(openSession({ ...good, ...change } as SessionOptions), TypeError);
    });
  }

  it('accepts http on loopback addresses', async () => {
    for (const baseUrl of ['http://localhost:1', 'http://127.0.0.1:1', 'http://[::1]:1']) {
      const session = await openSession({ ...good, baseUrl });
      assert.deepEqual(session.status, { phase: 'signedOut', refreshing: false });
      await session.close();
    }
  });
});
