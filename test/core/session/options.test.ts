import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  definePartner,
  memoryStore,
  openSession,
  PartnerAuthError,
  partners,
  type SessionOptions,
} from '../../../core/index.ts';
import { resolveOptions } from '../../../core/session/options.ts';
import { catchError } from '../../helpers/with-session.ts';

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
  ['a base URL without a scheme', { baseUrl: 'partner.example' }, 'baseUrl'],
  ['http for a host other than loopback', { baseUrl: 'http://partner.example' }, 'baseUrl'],
  ['http for a host that resembles loopback', { baseUrl: 'http://127.0.0.1.partner.example' }, 'baseUrl'],
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
  ['a timeout that is not a number', { timeout: '5s' }, 'timeout'],
  ['a CA that is not PEM', { ca: 'not a certificate' }, 'ca'],
  ['a body form for an encrypted partner', { bodyForm: 'multipart' }, 'bodyForm'],
  ['extra fields that are not an object', { extraFields: { login: 'grant' } }, 'extraFields.login'],
  ['an invalid response path', { response: { tokensIn: 'a..b' } }, 'partner.login.tokensIn'],
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
    it(`throws a TypeError for an unknown option in ${JSON.stringify(Object.keys(change))}`, async () => {
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

describe('control and direction-changing characters', () => {
  const evil = '\u001b[2J\u202e\r\nevil';
  const unknown: object = { [evil]: 1 };

  it('are not shown by an error about the partner and origin of a stored session', async () => {
    const store = memoryStore();
    await store.write({
      version: 1,
      sessionId: 'x',
      generation: 1,
      partner: '\u001b[2Jbizmail\u202e',
      origin: 'https://h\r\nFake: line',
      tokens: { accessToken: 'a', issuedAt: 1 },
    });
    const error = await catchError(openSession({ partner: 'bizmail', baseUrl: 'https://h', store }));
    assert.doesNotMatch(String(error), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  const calls: Readonly<Record<string, () => unknown>> = {
    definition: () => definePartner({ ...partners.bizmail, ...unknown }),
    'nested definition': () => definePartner({ ...partners.bizmail, login: { ...partners.bizmail.login, ...unknown } }),
    'nested option': () => resolveOptions({ partner: 'bizmail', baseUrl: 'https://h', response: unknown }),
    option: () => resolveOptions({ partner: 'bizmail', baseUrl: 'https://h', ...unknown }),
  };
  for (const [where, call] of Object.entries(calls)) {
    it(`are not shown by an error about an unknown field in a ${where}`, () => {
      assert.throws(call, (error: Error) => {
        assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
        assert.match(error.message, /evil/);
        return true;
      });
    });
  }
});
