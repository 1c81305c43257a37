import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createCipher, definePartner, isPartnerAuthError } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner, type Reply } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

type Response = Awaited<ReturnType<Parameters<Parameters<typeof withPartner>[1]>[0]['session']['request']>>;

/** Runs a test with the response to a protected call. */
const withResponse = (reply: Reply, test: (response: Response) => void): Promise<void> =>
  withPartner({}, async ({ session, reply: setReply }) => {
    await session.login(plainCredentials);
    setReply('/orders', reply);
    test(await session.request('/orders'));
  });

const typed = (contentType: string, body: string | Buffer): Reply => ({
  headers: { 'content-type': contentType },
  body,
});

describe('the content of a response', () => {
  it('has integers above 2^53 unchanged in its text', () => {
    const text = '{"id":9007199254740993,"amount":12345678901234567890}';
    return withResponse({ body: text }, (response) => {
      assert.equal(response.text, text);
      assert.equal((response.body as { id: number }).id, 9007199254740992);
    });
  });

  const binary = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x2d, 0, 0xff, 0xfe, 0x80, 0xc3, 0x28, 0xef, 0xbb, 0xbf, 0x0a]);
  for (const type of ['application/pdf', 'image/png', 'application/octet-stream', 'text/plain; charset=utf-8']) {
    it(`has the bytes of ${type} unchanged`, () =>
      withResponse(typed(type, binary), (response) => {
        assert.equal(response.ok, true);
        assert.deepEqual(Buffer.from(response.bytes), binary);
      }));
  }

  it('keeps a byte order mark in its bytes only', () =>
    withResponse(typed('text/csv', '\ufeffid;name'), ({ bytes, text, body }) => {
      assert.deepEqual([text, body], ['id;name', 'id;name']);
      assert.deepEqual(Buffer.from(bytes), Buffer.from('\ufeffid;name'));
    }));

  const json = '{"name":"Crème brûlée"}';
  for (const [type, body] of [
    ['application/json; charset=iso-8859-1', Buffer.from(json, 'latin1')],
    ['application/json;charset="latin1"', Buffer.from(json, 'latin1')],
    ['application/json; Charset=WINDOWS-1252', Buffer.from(json, 'latin1')],
    ['application/json; charset=utf-16le', Buffer.from(json, 'utf16le')],
    ['application/json; charset=utf-16be', Buffer.from(json, 'utf16le').swap16()],
    ['application/json; charset=utf-16', Buffer.from(`\ufeff${json}`, 'utf16le').swap16()],
    ['application/json; charset=utf-16', Buffer.from(json, 'utf16le')],
    ['application/json; charset=iso-8859-1', Buffer.from(`\ufeff${json}`)],
    ['application/json; profile=x; charset=utf-8', Buffer.from(json)],
    ['application/json; charset=unknown-8', Buffer.from(json)],
    ['application/json', Buffer.from(json)],
  ] as const) {
    it(`is decoded as ${type}, sent as ${body.toString('hex', 0, 4)}…`, () =>
      withResponse(typed(type, body), (response) => {
        assert.equal(response.text, json);
        assert.deepEqual(response.body, { name: 'Crème brûlée' });
        assert.deepEqual(Buffer.from(response.bytes), body);
      }));
  }

  it('is decoded as its charset states in a login too', () =>
    withPartner({}, async ({ session, reply }) => {
      const body = Buffer.from('{"code":"X","message":"Accès refusé"}', 'latin1');
      reply('/login', { status: 400, ...{ headers: { 'content-type': 'application/json; charset=latin1' } }, body });
      assert.match(((await catchError(session.login(plainCredentials))) as Error).message, /"Accès refusé"/);
    }));

  it('makes its text and its bytes on first use, once, and does not show them in a log', () =>
    withResponse({ body: { id: 7 } }, (response) => {
      for (const name of ['text', 'bytes'] as const) {
        assert.equal(typeof Object.getOwnPropertyDescriptor(response, name)?.get, 'function');
        assert.equal(response[name], response[name]);
      }
      assert.deepEqual(Object.keys(response), ['status', 'ok', 'headers', 'body']);
      assert.doesNotMatch(inspect(response) + JSON.stringify(response), /text:|bytes|"text"/);
    }));

  it('has bytes of their own, which are not a view of a larger buffer', () =>
    withResponse({ body: { id: 7 } }, ({ bytes }) => {
      assert.equal(bytes.buffer.byteLength, bytes.length);
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    }));

  it('is empty without a body', () =>
    withResponse({ status: 204 }, ({ ok, body, text, bytes }) =>
      assert.deepEqual([ok, body, text, bytes.length], [true, '', '', 0]),
    ));

  it('has the code and message that the definition names, whatever the status', async () => {
    const body = { code: 'LIMIT', message: 'Too many rows' };
    for (const status of [200, 400, 500])
      await withResponse({ status, body }, ({ code, message }) => assert.deepEqual({ code, message }, body));
    await withResponse({ body: { code: 0, message: '' } }, (response) => {
      assert.equal(response.code, 0);
      assert.ok(!('message' in response));
    });
    await withResponse({ body: { code: ['LIMIT'], message: 5 } }, (response) => {
      assert.ok(!('code' in response) && !('message' in response));
    });
    const file = typed('application/octet-stream', JSON.stringify(body));
    await withResponse(file, (response) => assert.ok(!('code' in response) && !('message' in response)));
  });

  it('has a code and a message from headers and from a stream', () => {
    const response = { ...plainPartner.response, code: 'header:X-Code', message: 'error.0.text' };
    return withPartner({ definition: { ...plainPartner, response } }, async ({ session, reply }) => {
      await session.login(plainCredentials);
      reply('/orders', { status: 409, headers: { 'x-code': 'E-7' }, body: { error: [{ text: 'Taken' }] } });
      const { code, message } = await session.request('/orders');
      assert.deepEqual({ code, message }, { code: 'E-7', message: 'Taken' });
      const streamed = await session.stream('/orders');
      assert.deepEqual([streamed.code, streamed.message], ['E-7', 'Taken']);
      await streamed.body.cancel();
    });
  });

  it('lists each cookie, and joins other repeated headers', () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2; Path=/'];
    const headers = { 'content-type': 'application/json', 'Set-Cookie': cookies, 'X-Twice': ['a', 'b'] };
    return withResponse({ headers, body: '{}' }, (response) => {
      assert.deepEqual(response.headers['set-cookie'], cookies);
      assert.equal(response.headers['x-twice'], 'a, b');
      assert.equal(response.headers['content-type'], 'application/json');
    });
  });

  it('lists a single cookie too', () =>
    withResponse({ headers: { 'set-cookie': 'a=1, 2' }, body: '{}' }, ({ headers }) =>
      assert.deepEqual(headers['set-cookie'], ['a=1, 2']),
    ));
});

describe('an encrypted response to a protected call', () => {
  const settings = { key: 'k'.repeat(32), iv: { from: 'key' } } as const;
  const cipher = createCipher(settings);
  const definition = definePartner({
    ...plainPartner,
    response: { ...plainPartner.response, encryptedIn: 'data' },
  });
  const envelope = (plain: string) => ({ data: cipher.encrypt(plain) });
  const login = { body: envelope('{"access":"access-1","refresh":"refresh-1","expires":3600}') };
  const request = (reply: Reply, test: (call: () => Promise<Response>) => Promise<void>): Promise<void> =>
    withPartner({ definition, cipher: settings }, async ({ session, reply: setReply }) => {
      setReply('/login', login);
      await session.login(plainCredentials);
      setReply('/orders', reply);
      await test(() => session.request('/orders'));
    });

  it('has decrypted JSON, text and bytes', () => {
    const text = '{"id":9007199254740993,"note":"chào"}';
    return request({ body: envelope(text) }, async (call) => {
      const response = await call();
      assert.equal(response.ok, true);
      assert.deepEqual(response.body, { id: 9007199254740992, note: 'chào' });
      assert.equal(response.text, text);
      assert.deepEqual(Buffer.from(response.bytes), Buffer.from(text));
    });
  });

  it('has decrypted text as its body if that is not JSON', () =>
    request({ body: envelope('paid') }, async (call) => {
      const { ok, body, text } = await call();
      assert.deepEqual([ok, body, text], [true, 'paid', 'paid']);
    }));

  const otherKey = createCipher({ key: 'x'.repeat(32), iv: { from: 'key' } }).encrypt('{"id":1,"note":"other key"}');
  for (const [title, data] of [
    ['another key', otherKey],
    ['a truncated ciphertext', cipher.encrypt('{"id":1,"note":"some longer text"}').slice(0, -2)],
    ['a string that is not a ciphertext', 'OK'],
  ] as const) {
    for (const status of [200, 201]) {
      it(`is a cipher error with status ${status} for ${title}, not a success with the envelope`, () =>
        request({ status, body: { data } }, async (call) => {
          const error = await catchError(call());
          assert.ok(isPartnerAuthError(error));
          assert.deepEqual([error.code, error.setting, error.status], ['cipher', 'cipher', status]);
          assert.match(error.message, /could not be decrypted.*cipher\.key/);
          assert.ok(!JSON.stringify(error).includes(data.slice(0, 16)) || data === 'OK');
        }));
    }

    it(`is returned as not ok with status 400 for ${title}`, () =>
      request({ status: 400, body: { data } }, async (call) => {
        const { ok, status } = await call();
        assert.deepEqual([ok, status], [false, 400]);
      }));
  }

  it('may be plain', () =>
    request({ body: { id: 7, data: '' } }, async (call) => {
      const { ok, body } = await call();
      assert.deepEqual([ok, body], [true, { id: 7, data: '' }]);
    }));
});
