import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createCipher, isPartnerAuthError, type CipherSettings } from '../../../core/index.ts';
import { createCodec } from '../../../core/sandbox/codec/codec.ts';

const key = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const iv = { from: 'fixed', value: 'Vn8Hs0Gd5Yp1Ce6J' } as const;
const base: CipherSettings = { key, iv };

describe('cipher settings for other programs', () => {
  it('resize cuts a key off, or pads it with zero bytes', () => {
    const encrypt = (settings: Partial<CipherSettings>): string => createCipher({ ...base, ...settings }).encrypt('{}');
    for (const [algorithm, length] of [
      ['aes-128-cbc', 16],
      ['aes-192-cbc', 24],
      ['aes-256-cbc', 32],
    ] as const) {
      for (const size of [1, 15, 16, 24, 31, 32, 33, 64]) {
        const given = Buffer.alloc(size, 'k');
        const expected = Buffer.concat([given, Buffer.alloc(32)]).subarray(0, length);
        assert.equal(encrypt({ algorithm, key: given, derivation: 'resize' }), encrypt({ algorithm, key: expected }));
      }
    }
    assert.equal(
      encrypt({ key: '00ff', keyFormat: 'hex', derivation: 'resize' }),
      encrypt({ key: `00ff${'00'.repeat(30)}`, keyFormat: 'hex' }),
    );
  });

  it('hash uses the digest, or its digits as text, as a key of the required length', () => {
    for (const hash of ['md5', 'sha1', 'sha256', 'sha512'] as const) {
      const digest = createHash(hash).update('secret').digest();
      for (const [text, bytes] of [
        [undefined, digest],
        ['hex', Buffer.from(digest.toString('hex'))],
        ['hex-upper', Buffer.from(digest.toString('hex').toUpperCase())],
        ['base64', Buffer.from(digest.toString('base64'))],
      ] as const) {
        const derivation = { hash, ...(text !== undefined && { text }) };
        assert.equal(
          createCipher({ ...base, key: 'secret', derivation }).encrypt('{}'),
          createCipher({ ...base, key: bytes, derivation: 'resize' }).encrypt('{}'),
        );
      }
    }
  });

  it('every combination of padding, output and separators decrypts what it and the sandbox encrypt', () => {
    const format = fc.constantFrom('hex' as const, 'hex-upper' as const, 'base64' as const, 'base64url' as const);
    const settings = fc.record({
      padding: fc.constantFrom(16 as const, 32 as const, 'zero' as const, 'space' as const),
      output: fc.oneof(format, fc.array(format, { minLength: 1, maxLength: 3 })),
      ignoreSeparators: fc.boolean(),
      iv: fc.constantFrom(iv, { from: 'prefix' } as const, { from: 'key' } as const),
      ciphertextPrefix: fc.constantFrom('', '@', 'v1: '),
    });
    fc.assert(
      fc.property(settings, fc.string({ unit: 'grapheme', maxLength: 70 }), (chosen, text) => {
        const plaintext = text.replace(/[ \0]+$/, '');
        const cipher = createCipher({ key, ...chosen });
        const codec = createCodec({ key, ...chosen });
        assert.equal(cipher.decrypt(cipher.encrypt(plaintext)), plaintext);
        assert.equal(codec.decrypt({ ciphertext: cipher.encrypt(plaintext) }), plaintext);
        assert.equal(cipher.decrypt(codec.encrypt(plaintext).ciphertext), plaintext);
      }),
      { numRuns: 300 },
    );
  });

  it('ignoreSeparators accepts white space anywhere, and in hex ":" and "-"', () => {
    const hex = createCipher({ ...base, ignoreSeparators: true, ciphertextPrefix: 'v1: ' });
    const encrypted = hex.encrypt('xin chào');
    const digits = encrypted.slice(4);
    for (const separator of [' ', '\r\n', ':', '-', '\t']) {
      const spaced = (digits.match(/../g) ?? []).join(separator);
      for (const text of [`v1: ${spaced}`, `\n v1:${spaced}\n`]) assert.equal(hex.decrypt(text), 'xin chào');
    }
    const base64 = createCipher({ ...base, output: 'base64', ignoreSeparators: true });
    const text = base64.encrypt('xin chào');
    assert.equal(base64.decrypt(` ${text.slice(0, 5)}\r\n${text.slice(5)}\n`), 'xin chào');
    for (const wrong of [text.replace(/^../, '$&-'), `${text}:`, `${text}\u0000`]) {
      assert.throws(() => base64.decrypt(wrong), { code: 'cipher' });
    }
    const field = createCipher({ key, iv: { from: 'field', name: 'iv' }, ignoreSeparators: true });
    const message = field.encryptWithIv('xin chào');
    assert.equal(field.decrypt(message.ciphertext, `${message.iv ?? ''}\n`), 'xin chào');
  });

  it('base64url is read with and without "=", and base64 with "+" and "/" is not', () => {
    const cipher = createCipher({ ...base, output: 'base64url' });
    const messages = Array.from({ length: 20 }, (_, index) => cipher.encrypt(`message ${index}`));
    assert.ok(messages.some((text) => /[-_]/.test(text)));
    for (const [index, text] of messages.entries()) {
      assert.doesNotMatch(text, /[+/=]/);
      assert.equal(cipher.decrypt(text), `message ${index}`);
      assert.equal(cipher.decrypt(`${text}==`.slice(0, Math.ceil(text.length / 4) * 4)), `message ${index}`);
      const standard = text.replaceAll('-', '+').replaceAll('_', '/');
      if (standard !== text) assert.throws(() => cipher.decrypt(standard), { code: 'cipher' });
      assert.throws(() => cipher.decrypt(`${text}\n`), { code: 'cipher' });
    }
  });

  it('refuses a plaintext that its padding cannot represent', () => {
    const refused: readonly (readonly [CipherSettings['padding'], string, RegExp])[] = [
      ['zero', 'ends with \0', /"zero".*zero byte/],
      ['space', 'ends with ', /"space".*blank/],
      ['none', 'of 15 bytes ...', /"none".*multiple of 16 bytes, but has 15/],
      ['none', '', /"none".*multiple of 16/],
    ];
    for (const [padding = 16, text, message] of refused) {
      const cipher = createCipher({ ...base, padding });
      assert.throws(() => cipher.encrypt(text), { name: 'TypeError', message });
      assert.throws(() => cipher.encrypt(Buffer.from(text)), { name: 'TypeError', message });
    }
    for (const padding of ['zero', 'space'] as const) {
      const cipher = createCipher({ ...base, padding });
      for (const text of ['', 'x', 'of 16 bytes ....', 'x'.repeat(1000)])
        assert.equal(cipher.decrypt(cipher.encrypt(text)), text);
    }
    const none = createCipher({ ...base, padding: 'none' });
    assert.equal(none.decrypt(none.encrypt('of 16 bytes ....')), 'of 16 bytes ....');
  });

  const wrong: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
    [{ padding: 'zeros' }, 'cipher.padding', /16 or 32 \(PKCS#7\), "zero", "space" or "none"/],
    [{ output: [] }, 'cipher.output', /list of up to three/],
    [{ output: ['hex', 'hex', 'hex', 'hex'] }, 'cipher.output', /list of up to three/],
    [{ output: ['hex', 'utf8'] }, 'cipher.output', /hex, hex-upper, base64, base64url/],
    [{ output: 7 }, 'cipher.output', /hex/],
    [{ ignoreSeparators: 'yes' }, 'cipher.ignoreSeparators', /true or false/],
    [{ derivation: { hash: 'sha3' } }, 'cipher.derivation', /md5.*sha512/],
    [{ derivation: { hash: 'md5', text: 'utf8' } }, 'cipher.derivation', /hex-upper/],
    [{ derivation: 'resize', key: '' }, 'cipher.key', /at least 1 byte/],
    [{ derivation: { hash: 'md5' }, iv: { from: 'derived' } }, 'cipher.derivation', /evp.*pbkdf2/],
    [{ iv: { from: 'field', name: 'iv', format: ['hex'] } }, 'cipher.iv.format', /base64url/],
  ];
  for (const [change, setting, message] of wrong) {
    it(`refuses ${JSON.stringify(change)}`, () => {
      assert.throws(
        () => createCipher({ ...base, ...change }),
        (error: unknown) => isPartnerAuthError(error) && error.setting === setting && message.test(error.message),
      );
    });
  }
});
