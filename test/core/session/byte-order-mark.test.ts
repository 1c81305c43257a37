import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, definePartner } from '../../../core/index.ts';
import { catchError, readSession } from '../../helpers/with-session.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';

const mark = '\ufeff';
const tokens = JSON.stringify({ access: 'access-9', refresh: 'refresh-9', expires: 3600 });
const utf16 = (text: string): Buffer => Buffer.from(mark + text, 'utf16le');

const responses: readonly (readonly [string, string | Buffer])[] = [
  ['a byte order mark', mark + tokens],
  ['two byte order marks', mark + mark + tokens],
  ['a line break and a byte order mark', `\r\n${mark}${tokens}`],
  ['UTF-16 with its byte order mark', utf16(tokens)],
  ['UTF-16 in big-endian order with its byte order mark', utf16(tokens).swap16()],
];

describe('a response that starts with a byte order mark', () => {
  for (const [title, body] of responses) {
    it(`renews the tokens once in a refresh, and signs in, with ${title}`, () =>
      withPartner({}, async ({ session, store, calls, reply }) => {
        await session.login(plainCredentials);
        reply('/refresh', { body });
        await session.refresh();
        assert.equal(await session.accessToken(), 'access-9');
        assert.equal((await readSession(store)).tokens.refreshToken, 'refresh-9');
        assert.deepEqual(calls, ['/login', '/refresh']);
        reply('/login', { body });
        await session.login(plainCredentials);
      }));
  }

  it('states an error of the partner', () =>
    withPartner({}, async ({ session, reply }) => {
      reply('/login', { status: 400, body: `${mark}{"code":"BAD_LOGIN","message":"no"}` });
      const error = await catchError(session.login(plainCredentials));
      assert.equal((error as { code?: unknown }).code, 'invalidCredentials');
    }));

  it('has a JSON body in a protected call', () =>
    withPartner({}, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/orders', { body: `${mark}{"id":7}` });
      assert.deepEqual((await session.request('/orders')).body, { id: 7 });
    }));

  it('may have it before the envelope, and inside of the ciphertext', () => {
    const settings = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
    const cipher = createCipher(settings);
    const response = { ...plainPartner.response, encryptedIn: 'data' };
    const body = mark + JSON.stringify({ data: cipher.encrypt(mark + tokens) });
    return withPartner(
      { definition: definePartner({ ...plainPartner, response }), cipher: settings },
      async ({ session, reply }) => {
        reply('/login', { body });
        await session.login(plainCredentials);
        assert.equal(await session.accessToken(), 'access-9');
      },
    );
  });
});
