import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createCipher, detectCipher, type CipherSettings } from '../../../core/index.ts';
import { bestSettings, canonicalize } from './samples.ts';

const key = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const iv = { from: 'fixed', value: 'Vn8Hs0Gd5Yp1Ce6J' } as const;

/** White space as it comes with copying, or from a program that writes lines. */
const spaced = (text: string, spacing: string): string =>
  spacing === 'end' ? `${text}\r\n` : spacing === 'lines' ? text.replace(/.{20}/g, '$&\n') : text;

describe('detectCipher', () => {
  it('reports only settings that find the known plaintext, and the right ones among the best', () => {
    const format = fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const);
    const hashes = fc.constantFrom('md5' as const, 'sha1' as const, 'sha256' as const, 'sha512' as const);
    const settings = fc.record({
      algorithm: fc.constantFrom('aes-128-cbc' as const, 'aes-256-cbc' as const),
      derivation: fc.oneof(
        fc.constantFrom('resize' as const, 'sha256' as const),
        fc.record({ hash: hashes, text: fc.constantFrom('hex' as const, 'hex-upper' as const, 'base64' as const) }),
      ),
      padding: fc.constantFrom(16 as const, 'zero' as const, 'space' as const),
      output: fc.oneof(format, fc.tuple(format, format)),
      iv: fc.constantFrom(iv, { from: 'prefix' } as const, { from: 'key' } as const, { from: 'zero' } as const),
    });
    const secrets = fc.constantFrom('secret', 'mật khẩu của cửa hàng', `${key} and more`);
    fc.assert(
      fc.property(
        settings,
        secrets,
        fc.constantFrom('', 'end', 'lines'),
        fc.nat(40),
        (chosen, secret, spacing, size) => {
          const plaintext = JSON.stringify({ note: 'Nguyễn Thị Ánh', pad: 'x'.repeat(size) });
          const ciphertext = spaced(createCipher({ key: secret, ...chosen }).encrypt(plaintext), spacing);
          const given = chosen.iv.from === 'fixed' ? { iv: chosen.iv.value } : {};
          const { candidates } = detectCipher({ key: secret, ciphertext, plaintext, ...given });
          const best = candidates.filter(({ reasons }) => reasons.includes('whole known text'));
          // What a wrong IV leaves of a first block is text once in some 100,000 messages.
          for (const candidate of candidates) {
            const decrypted = createCipher({ key: secret, ...candidate.settings }).decrypt(ciphertext);
            if (best.includes(candidate)) assert.equal(decrypted, plaintext);
            else assert.ok(decrypted.endsWith(plaintext) && candidate.score < (best[0]?.score ?? 0) - 10);
          }
          // base64url without a character of its own is base64, and hex may have no letters.
          const withoutOutput = (found: Omit<CipherSettings, 'key'>): string =>
            canonicalize({ ...found, output: 'hex', ignoreSeparators: false, padding: 16 });
          assert.ok(best.some(({ settings: found }) => withoutOutput(found) === withoutOutput(chosen)));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('does not report an IV that leaves control characters in front of the known plaintext', () => {
    const plaintext = '{"n":1,"note":"xin chào, lần này"}';
    // A random IV in front of a message that happens to decrypt to UTF-8 with the wrong IV of zeros.
    const value = createCipher({ key, iv: { from: 'zero' } })
      .encrypt('k\t\u0019 is UTF-8, s')
      .slice(0, 32);
    const ciphertext = value + createCipher({ key, iv: { from: 'fixed', value, format: 'hex' } }).encrypt(plaintext);
    const { candidates } = detectCipher({ key, ciphertext, plaintext });
    assert.deepEqual(
      candidates.map(({ settings }) => settings.iv),
      [{ from: 'prefix' }],
    );
  });

  it('finds a plaintext that was copied with a line break', () => {
    const ciphertext = createCipher({ key, iv }).encrypt('{"n":1,"note":"xin chào, lần này"}');
    const { verdict, candidates } = detectCipher({
      key,
      ciphertext,
      iv: iv.value,
      plaintext: '{"n":1,"note":"xin chào, lần này"}\n',
    });
    assert.equal(verdict, 'found');
    assert.deepEqual(candidates[0]?.settings.iv, iv);
    const other = createCipher({ key, iv }).encrypt('{"n":1,"note":"xin chào, lần này"}\n');
    assert.equal(
      detectCipher({ key, ciphertext: other, iv: iv.value, plaintext: '{"n":1,"note":"xin chào, lần này"}' }).verdict,
      'found',
    );
  });

  it('cannot tell how a message is padded that fills its blocks, and says so', () => {
    const none = { iv, padding: 'none' } as const;
    const ciphertext = createCipher({ key, ...none }).encrypt('{"note":"of thirty-two bytes ."}');
    const { verdict, candidates, advice } = detectCipher({ key, ciphertext, iv: iv.value });
    assert.equal(verdict, 'ambiguous');
    assert.deepEqual(candidates.map(({ settings }) => settings.padding).sort(), ['none', 'space', 'zero']);
    assert.match(advice ?? '', /no padding: it fills its blocks, or its end is missing/);
    for (const { settings } of candidates) {
      assert.equal(createCipher({ key, ...settings }).decrypt(ciphertext), '{"note":"of thirty-two bytes ."}');
    }
    const shorter = createCipher({ key, iv, padding: 'zero' }).encrypt('{"note":"shorter"}');
    assert.ok(bestSettings({ key, ciphertext: shorter, iv: iv.value }).includes(canonicalize({ iv, padding: 'zero' })));
    assert.equal(detectCipher({ key, ciphertext: shorter, iv: iv.value }).verdict, 'found');
  });

  it('does not take a guessed IV for found if the first block is merely printable', () => {
    const digits = { from: 'fixed', value: '0d4f1b7a93c2e865' } as const;
    const ciphertext = createCipher({ key, iv: digits }).encrypt('merchant=M-4711&orderId=DH-42&note=paid&amount=15');
    const { verdict, candidates, advice } = detectCipher({ key, ciphertext });
    assert.equal(verdict, 'ambiguous');
    assert.notEqual(candidates[0]?.settings.iv.from, 'fixed');
    assert.match(advice ?? '', /first block/);
  });
});
