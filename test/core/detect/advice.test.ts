import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, detectCipher } from '../../../core/index.ts';
import { findRow } from '../cipher/family-vectors.ts';
import { bestSettings, canonicalize, sampleOf } from './samples.ts';

const key = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const unknownIv = { from: 'fixed', value: 'b7e1d90233f84c6a5810ee7f9ac4d265', format: 'hex' } as const;
const plaintext = '{"tên":"Nguyễn Thị Ánh","số tiền":1500000,"ghi chú":"cảm ơn"}';
const { ciphertext } = createCipher({ key, iv: unknownIv }).encryptWithIv(plaintext);

describe('detectCipher with a known plaintext', () => {
  it('accepts any part of it, even from the middle', () => {
    const row = findRow('Feishu and Lark');
    const sample = sampleOf(row, row.messages[0]);
    for (const part of ['Thị Ánh', '"orderId"', '}', sample.plaintext?.slice(3) ?? '']) {
      const { verdict, candidates } = detectCipher({ ...sample, plaintext: part });
      assert.equal(verdict, 'found');
      assert.equal(canonicalize(candidates[0]?.settings ?? row.settings), canonicalize(row.settings));
      assert.ok(candidates[0]?.reasons.includes('known text was found'));
    }
  });

  it('computes an unknown fixed IV from the whole plaintext', () => {
    const { candidates } = detectCipher({ key, ciphertext, plaintext });
    const [fixed] = candidates;
    assert.deepEqual(fixed?.settings.iv, unknownIv);
    assert.ok(fixed.reasons.includes('IV was computed'));
    const other = createCipher({ key, iv: unknownIv }).encrypt('{"another":"message"}');
    assert.equal(createCipher({ ...fixed.settings, key }).decrypt(other), '{"another":"message"}');
  });

  it('computes the IV when a multi-byte character crosses the end of the first block', () => {
    for (const start of ['x', 'xx', 'đ', 'xđ', '₫', 'x₫', '👋', 'x👋', 'xx👋', 'xxx👋']) {
      const whole = `${start.padStart(14, 'y')}👋₫đ và phần còn lại`;
      const encrypted = createCipher({ key, iv: unknownIv }).encrypt(whole);
      const [fixed] = detectCipher({ key, ciphertext: encrypted, plaintext: whole }).candidates;
      assert.deepEqual(fixed?.settings.iv, unknownIv, whole);
    }
  });

  it('writes a printable computed IV as utf8, and then considers it fixed', () => {
    const iv = { from: 'fixed', value: 'Vn8Hs0Gd5Yp1Ce6J' } as const;
    const encrypted = createCipher({ key, iv }).encrypt(plaintext);
    const { verdict, candidates } = detectCipher({ key, ciphertext: encrypted, plaintext });
    assert.equal(verdict, 'found');
    assert.deepEqual(candidates[0]?.settings.iv, iv);
  });

  it('finds a plaintext that is neither JSON nor a query string, and reports it as text', () => {
    const encrypted = createCipher({ key, iv: { from: 'key' } }).encrypt('Xin chào, đã nhận được đơn hàng.');
    const { verdict, candidates } = detectCipher({ key, ciphertext: encrypted });
    assert.equal(verdict, 'found');
    assert.equal(candidates[0]?.payload, 'text');
  });

  it('finds binary payloads by their padding, but not their IV', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, index) => 128 + index * 3);
    const encrypted = createCipher({ key, iv: { from: 'zero' } }).encrypt(bytes);
    const { verdict, candidates } = detectCipher({ key, ciphertext: encrypted });
    assert.equal(verdict, 'ambiguous');
    assert.ok(candidates.every(({ payload }) => payload === 'binary'));
    assert.ok(candidates.some(({ settings }) => settings.iv.from === 'zero'));
  });

  it('accepts a key of bytes', () => {
    const bytes = Buffer.from('q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA', 'base64');
    const row = findRow('Tencent Meeting');
    const [found] = bestSettings({ ...sampleOf(row, row.messages[0]), key: new Uint8Array(bytes) });
    assert.equal(found, canonicalize({ ...row.settings, keyFormat: 'utf8' }));
  });
});

describe('detectCipher without a match', () => {
  const adviceFor = (sample: Parameters<typeof detectCipher>[0]): string => {
    const { verdict, candidates, advice } = detectCipher(sample);
    assert.deepEqual([verdict, candidates], ['none', []]);
    return advice ?? '';
  };

  it('reports that the key fits but the IV does not', () => {
    assert.match(adviceFor({ key, ciphertext }), /^The key fits, .*Give the IV, or the whole plaintext/);
    assert.match(adviceFor({ key, ciphertext, iv: '1'.repeat(16) }), /^The key fits/);
    assert.match(adviceFor({ key, ciphertext, plaintext: 'cảm ơn' }), /^The key fits, .*from its first character/);
  });

  it('reports that the plaintext does not match', () => {
    const encrypted = createCipher({ key, iv: { from: 'key' } }).encrypt(plaintext);
    const spaced = JSON.stringify(JSON.parse(plaintext), undefined, 2);
    assert.match(adviceFor({ key, ciphertext: encrypted, plaintext: spaced }), /your plaintext is not in it/);
    assert.equal(detectCipher({ key, ciphertext: encrypted }).verdict, 'found');
  });

  it('advises checking key and ciphertext if another key was used', () => {
    for (const other of [`${key.slice(0, -1)}X`, 'k'.repeat(32), 'a pass phrase', '5a'.repeat(32)]) {
      for (const more of [{}, { plaintext }, { iv: unknownIv.value }]) {
        assert.match(adviceFor({ key: other, ciphertext, ...more }), /^No known cipher settings fit\./);
      }
    }
  });

  it('asks for a longer message if the sample is short', () => {
    const short = createCipher({ key, iv: unknownIv }).encrypt('{"n":1}');
    assert.match(adviceFor({ key, ciphertext: short }), /short: one of 48 bytes/);
    assert.doesNotMatch(adviceFor({ key: 'another', ciphertext }), /short/);
  });

  it('does not take a message encrypted with another key for a binary payload', () => {
    let wrong = 0;
    for (let index = 0; index < 400; index++) {
      const encrypted = createCipher({ key, iv: unknownIv }).encrypt(
        `{"n":${index},"pad":"${'x'.repeat(index % 50)}"}`,
      );
      if (detectCipher({ key: `wrong key ${index}`, ciphertext: encrypted }).verdict !== 'none') wrong++;
    }
    assert.equal(wrong, 0);
  });
});
