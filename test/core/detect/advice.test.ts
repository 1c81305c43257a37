import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, detectCipher } from '../../../core/index.ts';
import { rowNamed } from '../cipher/family-vectors.ts';
import { bestSettings, canonical, sampleOf } from './samples.ts';

const key = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const hidden = { from: 'fixed', value: 'b7e1d90233f84c6a5810ee7f9ac4d265', format: 'hex' } as const;
const plaintext = '{"tên":"Nguyễn Thị Ánh","số tiền":1500000,"ghi chú":"cảm ơn"}';
const { ciphertext } = createCipher({ key, iv: hidden }).encryptWithIv(plaintext);

describe('detectCipher and what is known of the plain text', () => {
  it('takes any part of it, from the middle too', () => {
    const row = rowNamed('Feishu and Lark');
    const sample = sampleOf(row, row.messages[0]);
    for (const part of ['Thị Ánh', '"orderId"', '}', sample.plaintext?.slice(3) ?? '']) {
      const { verdict, candidates } = detectCipher({ ...sample, plaintext: part });
      assert.equal(verdict, 'found');
      assert.equal(canonical(candidates[0]?.settings ?? row.settings), canonical(row.settings));
      assert.ok(candidates[0]?.reasons.includes('known text was found'));
    }
  });

  it('computes a fixed IV that nobody knows from the whole text', () => {
    const { candidates } = detectCipher({ key, ciphertext, plaintext });
    const [fixed] = candidates;
    assert.deepEqual(fixed?.settings.iv, hidden);
    assert.ok(fixed.reasons.includes('IV was computed'));
    const other = createCipher({ key, iv: hidden }).encrypt('{"another":"message"}');
    assert.equal(createCipher({ ...fixed.settings, key }).decrypt(other), '{"another":"message"}');
  });

  it('computes it whichever letters stand at the edge of the first block', () => {
    for (const start of ['x', 'xx', 'đ', 'xđ', '₫', 'x₫', '👋', 'x👋', 'xx👋', 'xxx👋']) {
      const whole = `${start.padStart(14, 'y')}👋₫đ và phần còn lại`;
      const sealed = createCipher({ key, iv: hidden }).encrypt(whole);
      const [fixed] = detectCipher({ key, ciphertext: sealed, plaintext: whole }).candidates;
      assert.deepEqual(fixed?.settings.iv, hidden, whole);
    }
  });

  it('writes a computed IV as text where it is one, and then takes it for fixed', () => {
    const iv = { from: 'fixed', value: 'Vn8Hs0Gd5Yp1Ce6J' } as const;
    const sealed = createCipher({ key, iv }).encrypt(plaintext);
    const { verdict, candidates } = detectCipher({ key, ciphertext: sealed, plaintext });
    assert.equal(verdict, 'found');
    assert.deepEqual(candidates[0]?.settings.iv, iv);
  });

  it('finds text that is neither JSON nor a query string, and says so', () => {
    const sealed = createCipher({ key, iv: { from: 'key' } }).encrypt('Xin chào, đã nhận được đơn hàng.');
    const { verdict, candidates } = detectCipher({ key, ciphertext: sealed });
    assert.equal(verdict, 'found');
    assert.equal(candidates[0]?.payload, 'text');
  });

  it('finds bytes that are no text by their padding, and leaves the IV open', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, index) => 128 + index * 3);
    const sealed = createCipher({ key, iv: { from: 'zero' } }).encrypt(bytes);
    const { verdict, candidates } = detectCipher({ key, ciphertext: sealed });
    assert.equal(verdict, 'ambiguous');
    assert.ok(candidates.every(({ payload }) => payload === 'binary'));
    assert.ok(candidates.some(({ settings }) => settings.iv.from === 'zero'));
  });

  it('takes a key of bytes', () => {
    const bytes = Buffer.from('q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA', 'base64');
    const row = rowNamed('Tencent Meeting');
    const [found] = bestSettings({ ...sampleOf(row, row.messages[0]), key: new Uint8Array(bytes) });
    assert.equal(found, canonical({ ...row.settings, keyFormat: 'utf8' }));
  });
});

describe('detectCipher, when nothing fits', () => {
  const none = (sample: Parameters<typeof detectCipher>[0]): string => {
    const { verdict, candidates, advice } = detectCipher(sample);
    assert.deepEqual([verdict, candidates], ['none', []]);
    return advice ?? '';
  };

  it('says that the key fits and the IV does not', () => {
    assert.match(none({ key, ciphertext }), /^The key fits, .*Give the IV, or the whole plaintext/);
    assert.match(none({ key, ciphertext, iv: '1'.repeat(16) }), /^The key fits/);
    assert.match(none({ key, ciphertext, plaintext: 'cảm ơn' }), /^The key fits, .*from its first character/);
  });

  it('says that the plain text is another one', () => {
    const sealed = createCipher({ key, iv: { from: 'key' } }).encrypt(plaintext);
    const spaced = JSON.stringify(JSON.parse(plaintext), undefined, 2);
    assert.match(none({ key, ciphertext: sealed, plaintext: spaced }), /your plaintext is not in it/);
    assert.equal(detectCipher({ key, ciphertext: sealed }).verdict, 'found');
  });

  it('says to check key and ciphertext where another key was used', () => {
    for (const other of [`${key.slice(0, -1)}X`, 'k'.repeat(32), 'a pass phrase', '5a'.repeat(32)]) {
      for (const more of [{}, { plaintext }, { iv: hidden.value }]) {
        assert.match(none({ key: other, ciphertext, ...more }), /^No known cipher settings fit\./);
      }
    }
  });

  it('asks for a longer message where this one is short', () => {
    const short = createCipher({ key, iv: hidden }).encrypt('{"n":1}');
    assert.match(none({ key, ciphertext: short }), /short: one of 48 bytes/);
    assert.doesNotMatch(none({ key: 'another', ciphertext }), /short/);
  });

  it('hardly ever takes a message under another key for one of bytes', () => {
    let wrong = 0;
    for (let index = 0; index < 400; index++) {
      const sealed = createCipher({ key, iv: hidden }).encrypt(`{"n":${index},"pad":"${'x'.repeat(index % 50)}"}`);
      if (detectCipher({ key: `wrong key ${index}`, ciphertext: sealed }).verdict !== 'none') wrong++;
    }
    assert.equal(wrong, 0);
  });
});
