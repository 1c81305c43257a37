import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { definePartner, openSession, isPartnerAuthError, type BodyForm } from '../../../core/index.ts';
import { withRawPartner, type RawPartner, type ReceivedCall } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';

const key = '0123456789abcdef0123456789abcdef';
const forms = {
  JSON: { form: 'json' },
  'encrypted JSON': { form: 'encrypted', field: 'data' },
  multipart: { form: 'multipart' },
  'an encrypted query string': { form: 'encrypted', field: 'data', payload: 'query', envelope: 'form' },
} as const satisfies Readonly<Record<string, BodyForm>>;
type FormName = keyof typeof forms;
const names = Object.keys(forms) as FormName[];

function withForm(form: FormName, test: (partner: RawPartner) => Promise<void>): Promise<void> {
  const partner = { ...plainPartner, requestBody: forms[form] };
  const cipher = { key, iv: { from: 'key' } } as const;
  return withRawPartner({ partner, ...(form.includes('encrypted') && { cipher }) }, test);
}

function decrypt(hex: string): string {
  const cipher = createDecipheriv('aes-256-cbc', key, key.slice(0, 16));
  return cipher.update(hex, 'hex', 'utf8') + cipher.final('utf8');
}

/** The fields as a server reads them; files as their bytes. */
async function readFields(form: FormName, { body, headers }: ReceivedCall): Promise<Record<string, unknown>> {
  const text = body.toString();
  switch (form) {
    case 'JSON':
      return JSON.parse(text) as Record<string, unknown>;
    case 'encrypted JSON':
      return JSON.parse(decrypt((JSON.parse(text) as { data: string }).data)) as Record<string, unknown>;
    case 'an encrypted query string':
      return Object.fromEntries(new URLSearchParams(decrypt(new URLSearchParams(text).get('data') ?? '')));
    case 'multipart': {
      const reader: { formData(): Promise<FormData> } = new Response(new Uint8Array(body), {
        headers: { 'content-type': headers['content-type'] ?? '' },
      });
      const fields: Record<string, unknown> = {};
      for (const [name, value] of await reader.formData())
        fields[name] = typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer());
      return fields;
    }
  }
}

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

/** Values that no form carries. */
const nowhere: readonly (readonly [title: string, value: unknown, message: RegExp])[] = [
  ['a Date', new Date(0), /is a Date; pass a string/],
  ['a Date of another realm', runInNewContext('new Date(0)'), /is a Date; pass a string/],
  ['undefined', undefined, /is undefined; leave the field out/],
  ['a bigint', 9007199254740993n, /is a bigint; pass a string/],
  ['NaN', NaN, /is NaN; a number must be finite/],
  ['Infinity', -Infinity, /is -Infinity; a number must be finite/],
  ['a function', () => 1, /is a function/],
  ['a symbol', Symbol('x'), /is a symbol/],
  ['a Map', new Map([['a', 1]]), /is a Map/],
  ['a Set', new Set([1]), /is a Set/],
  ['a regular expression', /x/, /is a RegExp/],
  ['a URL', new URL('https://h'), /has a toJSON\(\)/],
  ['an error', new Error('x'), /is an Error/],
  ['a promise', Promise.resolve(1), /is a Promise/],
  ['an object with its own toJSON()', { toJSON: () => '1.50' }, /has a toJSON\(\)/],
  ['a boxed string', Object('x'), /is a String/],
  ['an object that contains itself', cyclic, /contains itself/],
];
const files: readonly (readonly [title: string, value: unknown])[] = [
  ['a Buffer', Buffer.from([0, 255, 13, 10])],
  ['a Uint8Array', new Uint8Array(Buffer.from([9, 0, 255, 13, 10, 9])).subarray(1, 5)],
  ['an ArrayBuffer', new Uint8Array([0, 255, 13, 10]).buffer],
  ['a Blob', new Blob([new Uint8Array([0, 255, 13, 10])])],
  ['a File', new File([new Uint8Array([0, 255, 13, 10])], 'a.bin')],
];

async function assertRefused({ session, received }: RawPartner, payload: object, message: RegExp): Promise<void> {
  const before = received.length;
  await assert.rejects(session.request('/orders', { payload: payload }), (error: Error) => {
    assert.equal(error.name, 'TypeError');
    assert.match(error.message, message);
    return true;
  });
  assert.equal(received.length, before);
}

describe('payload values that a body cannot carry', () => {
  for (const form of names) {
    for (const [title, value, message] of nowhere) {
      it(`refuses ${title} in ${form}, and names the field`, () =>
        withForm(form, async (partner) => {
          await assertRefused(partner, { amount: value }, new RegExp(`^payload\\.amount\\S* (?:${message.source})`));
          const nested = { order: { lines: [1, { price: value }] } };
          await assertRefused(
            partner,
            nested,
            new RegExp(`^payload\\.order\\.lines\\.1\\.price\\S* (?:${message.source})`),
          );
        }));
    }

    if (form !== 'multipart') {
      for (const [title, value] of files) {
        it(`refuses ${title} in ${form}, and names the field`, () =>
          withForm(form, (partner) => assertRefused(partner, { scan: value }, /^payload\.scan is .*base64/)));
      }
    }

    if (form === 'multipart' || form === 'an encrypted query string') {
      it(`refuses null and an unpaired surrogate in ${form}`, () =>
        withForm(form, async (partner) => {
          await assertRefused(partner, { note: null }, /^payload\.note is null, which a form cannot carry/);
          await assertRefused(partner, { note: 'a\ud800' }, /^payload\.note has an unpaired surrogate/);
        }));
    }
  }

  it('refuses an empty slot of a list instead of sending null', () =>
    withForm('JSON', (partner) => assertRefused(partner, { list: [1, , 3] }, /^payload\.list\.1 is undefined/)));

  it('refuses a value in extraFields and names the option', async () => {
    for (const [value, body] of [
      [new Date(0), { form: 'json' }],
      [null, { form: 'multipart' }],
    ] as const) {
      const extraFields = { login: { since: value } } as never;
      await assert.rejects(
        openSession({ partner: { ...plainPartner, body }, baseUrl: 'https://h', extraFields }),
        (error: unknown) => isPartnerAuthError(error) && error.setting === 'extraFields.login.since',
      );
    }
  });
});

describe('payload values that a body carries', () => {
  const text = 'Xin chào "👋"\nsecond line\r\nthird\rfourth & = %20 + ';
  for (const form of names) {
    it(`sends text in ${form} unchanged, with its line breaks`, () =>
      withForm(form, async ({ session, received }) => {
        await session.request('/orders', { payload: { text, empty: '' } });
        const last = received.at(-1);
        assert.ok(last);
        assert.deepEqual({ ...(await readFields(form, last)) }, { text, empty: '' });
      }));

    it(`sends the payload in ${form} as it was when the call was made`, () =>
      withForm(form, async ({ session, received }) => {
        const payload = { id: 1 };
        const calls = [1, 2, 3].map((id) => {
          payload.id = id;
          return session.request('/orders', { payload });
        });
        await Promise.all(calls);
        const sent = received.filter(({ call }) => call === 'POST /orders');
        const ids = await Promise.all(sent.map(async (call) => Number((await readFields(form, call)).id)));
        assert.deepEqual(ids.sort(), [1, 2, 3]);
      }));
  }

  for (const [title, value] of files) {
    it(`sends ${title} in multipart as a file, byte for byte`, () =>
      withForm('multipart', async ({ session, received }) => {
        await session.request('/orders', { payload: { scan: value, name: 'a' } });
        const last = received.at(-1);
        assert.ok(last);
        assert.deepEqual(await readFields('multipart', last), { scan: Buffer.from([0, 255, 13, 10]), name: 'a' });
      }));
  }

  it('sends null, numbers, booleans, lists and objects in JSON as they are', () =>
    withForm('JSON', async ({ session, received }) => {
      class OrderLine {
        readonly price = 1.5;
      }
      await session.request('/orders', { payload: { a: null, b: [true, 1e21, [], {}], c: new OrderLine() } });
      const last = received.at(-1);
      assert.ok(last);
      assert.deepEqual(await readFields('JSON', last), { a: null, b: [true, 1e21, [], {}], c: { price: 1.5 } });
    }));

  it('accepts a definition whose constant fields its body can carry, and refuses others', () => {
    const login = { path: '/login', extraFields: { scope: null } };
    assert.ok(definePartner({ ...plainPartner, login }));
    assert.throws(
      () => definePartner({ ...plainPartner, body: { form: 'multipart' }, login }),
      (error: unknown) => isPartnerAuthError(error) && error.setting === 'partner.login.extraFields.scope',
    );
  });
});
