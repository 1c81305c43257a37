import assert from 'node:assert/strict';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createCipher, encryptedBody } from '../../../core/index.ts';
import { encodeBody, type EncodedBody, type Payload } from '../../../core/exchange/encode-body.ts';

const payload = { username: 'a@b.example', password: 'mật khẩu "x" 👋', amount: 100, none: null, list: ['a', 'b'] };

type FileLike = Pick<File, 'name' | 'type' | 'arrayBuffer' | 'text'>;

interface FormReader {
  formData(): Promise<FormData>;
}

/** Parses the form as a server would. */
function parseForm({ body, contentType }: EncodedBody): Promise<FormData> {
  // Typed here because Response.formData() is deprecated: it buffers the whole form, which is fine in a test.
  const reader: FormReader = new Response(new Uint8Array(Buffer.from(body)), {
    headers: { 'content-type': contentType },
  });
  return reader.formData();
}

const multipart = (fields: Payload): Promise<EncodedBody> => encodeBody({ form: 'multipart' }, fields, undefined);

describe('encodeBody', () => {
  it('writes the payload as JSON', async () => {
    const { body, contentType, secrets } = await encodeBody({ form: 'json' }, payload, undefined);
    assert.deepEqual(JSON.parse(body as string), payload);
    assert.equal(contentType, 'application/json');
    assert.deepEqual(secrets, []);
  });

  it('writes one encrypted field that node:crypto decrypts to the payload', async () => {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const cipher = createCipher({ key, iv: { from: 'fixed', value: iv } });
    const { body, contentType, secrets } = await encodeBody({ form: 'encrypted', field: 'data' }, payload, cipher);
    const envelope = JSON.parse(body as string) as Record<string, string>;
    assert.deepEqual(Object.keys(envelope), ['data']);
    const { data = '' } = envelope;
    assert.match(data, /^(?:[\da-f]{32})+$/);
    const aes = createDecipheriv('aes-256-cbc', key, iv);
    const plain = Buffer.concat([aes.update(data, 'hex'), aes.final()]).toString('utf8');
    assert.deepEqual(JSON.parse(plain), payload);
    assert.equal(contentType, 'application/json');
    assert.deepEqual(secrets, [data]);
  });

  for (const envelope of ['json', 'form'] as const) {
    it(`encrypts a long payload in a ${envelope} envelope as encryptedBody() does, without blocking the event loop`, async () => {
      const cipher = createCipher({
        key: randomBytes(32),
        iv: { from: 'zero' },
        output: 'base64',
        ciphertextPrefix: '"v 1+',
      });
      const form = { form: 'encrypted', field: 'data', envelope, fields: { merchant: '{partnerCode}' } } as const;
      const long = { note: 'Xin chào "👋" '.repeat(100_000) };
      let turns = 0;
      const count = setInterval(() => turns++, 0);
      const encoded = await encodeBody(form, long, cipher, 'M-1');
      clearInterval(count);
      const expected = encryptedBody(form, long, cipher, 'M-1');
      const read = (body: EncodedBody['body']): unknown =>
        envelope === 'json'
          ? JSON.parse(Buffer.from(body).toString())
          : Object.fromEntries(new URLSearchParams(Buffer.from(body).toString()));
      assert.deepEqual(read(encoded.body), read(expected.body));
      assert.deepEqual([encoded.contentType, encoded.secrets], [expected.contentType, expected.secrets]);
      assert.ok(turns >= 2, `${turns} turns`);
    });
  }

  it('requires a cipher for an encrypted body', async () => {
    await assert.rejects(encodeBody({ form: 'encrypted', field: 'data' }, payload, undefined), TypeError);
  });

  it('writes multipart that a server can parse', async () => {
    const { none: _, ...fields } = payload;
    const encoded = await multipart(fields);
    assert.match(encoded.contentType, /^multipart\/form-data; boundary=\S+$/);
    const form = await parseForm(encoded);
    assert.deepEqual(
      [...form],
      [
        ['username', 'a@b.example'],
        ['password', 'mật khẩu "x" 👋'],
        ['amount', '100'],
        ['list', 'a'],
        ['list', 'b'],
      ],
    );
  });

  it('writes objects as JSON in multipart', async () => {
    const form = await parseForm(await multipart({ b: { c: [1] }, d: true, e: '' }));
    assert.deepEqual(
      [...form],
      [
        ['b', '{"c":[1]}'],
        ['d', 'true'],
        ['e', ''],
      ],
    );
  });

  it('keeps files byte for byte in multipart', async () => {
    const bytes = randomBytes(5000);
    const file = new File([bytes], 'hoá đơn "1".pdf', { type: 'application/pdf' });
    const form = await parseForm(await multipart({ 'attachments[]': [file, new Blob(['x'])], subject: 'Chào' }));
    const [first, second] = form.getAll('attachments[]') as unknown as readonly FileLike[];
    assert.ok(bytes.equals(new Uint8Array((await first?.arrayBuffer()) ?? new ArrayBuffer())));
    assert.equal(first?.name, 'hoá đơn "1".pdf');
    assert.equal(first.type, 'application/pdf');
    assert.equal(await second?.text(), 'x');
    assert.equal(form.get('subject'), 'Chào');
  });

  it('lets no name or value break out of its multipart field', async () => {
    const hostile = { 'a"\r\nX-Evil: 1': 'b\r\n--boundary\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1' };
    const form = await parseForm(await multipart(hostile));
    assert.equal([...form].length, 1);
    assert.equal(form.has('admin'), false);
  });
});
