import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectionSteps, sampleFrom } from '../../../extension/model/detection-steps.ts';
import { findIv, queryFields, readEnvelope } from '../../../core/detect/envelope.ts';
import { english } from '../../helpers/fake-app.ts';

const hex = '9f2c'.repeat(24);
const iv = '0123456789abcdef0123456789abcdef';
const base64Iv = 'x4mGb3iVTtqnFRD1e0rNYw==';

describe('readEnvelope', () => {
  const inputs: readonly (readonly [string, string, string])[] = [
    ['a ciphertext', hex, hex],
    ['a ciphertext with white space around it', `  ${hex}\r\n`, hex],
    ['a quoted ciphertext', `"${hex}"`, hex],
    ['base64 with padding', 'Qx/z+w==', 'Qx/z+w=='],
    ['a ciphertext with a prefix', `@${hex}`, `@${hex}`],
    ['a JSON envelope', JSON.stringify({ id: 'M-1', data: hex }), hex],
    ['a nested JSON envelope', JSON.stringify({ code: 0, data: { text: hex, at: 7, list: ['x'] } }), hex],
    ['form fields', `MerchantID=M-1&TradeInfo=${hex}&TradeSha=ABC`, hex],
    ['form fields with escapes', `Crypt=%40${hex}&Vendor=x`, `@${hex}`],
    ['form fields whose "+" were not encoded', 'id=M-1&data=Qx/z+w+/', 'Qx/z+w+/'],
    ['a percent-encoded ciphertext', 'Qx%2Fz%2Bw%3D%3D', 'Qx/z+w=='],
    ['a ciphertext with the escapes of JSON', '"Qx\\/z+w=="', 'Qx/z+w=='],
    [
      'an envelope of Laravel',
      Buffer.from(
        JSON.stringify({ iv: base64Iv, value: 'Qx/z+w=='.repeat(9), mac: hex.slice(0, 64), tag: '' }),
      ).toString('base64'),
      'Qx/z+w=='.repeat(9),
    ],
    ['a truncated envelope as ciphertext', '{"data":"9f', '{"data":"9f'],
    ['an envelope without strings as ciphertext', '{"data":7}', '{"data":7}'],
    ['an envelope that is nested too deeply', `{"a":${'{"a":'.repeat(30_000)}"x"${'}'.repeat(30_001)}`, ''],
  ];
  for (const [title, text, ciphertext] of inputs) {
    it(`reads ${title}`, () => {
      const read = readEnvelope(text);
      if (ciphertext !== '') assert.equal(read.ciphertext, ciphertext);
    });
  }
});

describe('findIv', () => {
  it('returns the only other field that holds 16 bytes', () => {
    const ivOf = (fields: object) => findIv(readEnvelope(JSON.stringify({ data: hex, ...fields })));
    assert.deepEqual(ivOf({ iv }), { iv, ivField: 'iv' });
    assert.deepEqual(ivOf({ v: iv.toUpperCase(), id: 'M-1' }), { iv: iv.toUpperCase(), ivField: 'v' });
    assert.deepEqual(ivOf({ vector: base64Iv }), { iv: base64Iv, ivField: 'vector' });
    assert.equal(ivOf({ id: 'M-1' }), undefined);
    assert.equal(ivOf({ iv, hash: iv }), undefined);
  });
});

describe('queryFields', () => {
  it('parses names and values, and nothing else', () => {
    assert.deepEqual(queryFields('a=1&b=xin%20ch%C3%A0o'), { a: '1', b: 'xin chào' });
    for (const text of ['', 'abc', 'Qx/z+w==', 'Qx=', 'a=1&b', 'a = 1', hex])
      assert.equal(queryFields(text), undefined, text);
  });
});

describe('sampleFrom', () => {
  const answers = { ciphertext: JSON.stringify({ data: hex, iv }), plaintext: '', iv: '', key: ' typed ' };
  const secrets = { version: 1, origin: 'https://acme.example', key: 'stored' } as const;

  it('contains the given answers without empty ones', () => {
    assert.deepEqual(sampleFrom(answers, undefined), { key: 'typed', ciphertext: hex, iv, ivField: 'iv' });
    assert.deepEqual(sampleFrom({ ciphertext: hex, plaintext: ' {} ', iv: ` ${iv} ` }, secrets), {
      key: 'stored',
      ciphertext: hex,
      plaintext: ' {} ',
      iv,
    });
  });

  it('uses the stored key when the user went back to choose it', () => {
    assert.equal(sampleFrom({ ...answers, whichKey: 'stored' }, secrets).key, 'stored');
    assert.equal(sampleFrom({ ...answers, whichKey: 'other' }, secrets).key, 'typed');
  });
});

describe('detectionSteps', () => {
  it('requires a ciphertext and a key', () => {
    const steps = detectionSteps({}, false, english);
    for (const id of ['ciphertext', 'key']) {
      const step = steps.find((candidate) => candidate.id === id);
      assert.ok(step?.kind === 'input');
      assert.equal(step.validate?.('  '), 'This is required.');
      assert.equal(step.validate('x'), undefined);
    }
  });
});
