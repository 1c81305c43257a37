import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createCipher } from '../../../core/index.ts';
import { createCipherWithEngine } from '../../../core/cipher/cipher.ts';
import { engines, fromHex, paddedEngine } from './vectors.ts';

const sizes = Array.from({ length: 601 }, (_, size) => size);

/** Node's CBC with Node's padding, independent of this library. */
function reference(key: Buffer, iv: Buffer, plain: Buffer): string {
  const aes = createCipheriv(`aes-${key.length * 8}-cbc`, key, iv);
  return Buffer.concat([aes.update(plain), aes.final()]).toString('hex');
}

describe('cipher engines', () => {
  for (const bits of [128, 192, 256]) {
    it(`produce equal ciphertexts for every size from 0 to 600 with a ${bits}-bit key`, () => {
      for (const size of sizes) {
        const [key, iv, plain] = [randomBytes(bits / 8), randomBytes(16), randomBytes(size)];
        const expected = reference(key, iv, plain);
        for (const [name, create] of engines) {
          const { encrypt, decrypt } = paddedEngine(create, key, iv);
          assert.equal(encrypt(plain), expected, `${name} encrypts ${size} bytes`);
          assert.ok(decrypt(fromHex(expected))?.equals(plain), `${name} decrypts ${size} bytes`);
        }
      }
    });
  }

  it('createCipher produces the same ciphertexts below and above the size at which it switches engines', () => {
    const key = randomBytes(32);
    const iv = randomBytes(16);
    const settings = { key, iv: { from: 'fixed', value: iv } } as const;
    const ciphers = [createCipher(settings), ...engines.map(([, create]) => createCipherWithEngine(settings, create))];
    for (const size of [...sizes, 4095, 4096, 4097, 65_536, 1_048_577]) {
      const plain = randomBytes(size);
      const expected = reference(key, iv, plain);
      for (const cipher of ciphers) {
        assert.equal(cipher.encrypt(plain), expected);
        assert.ok(plain.equals(cipher.decryptBytes(expected)));
      }
    }
  });

  for (const [name, create] of engines) {
    it(`${name} keeps no state between messages`, () => {
      const [key, iv] = [randomBytes(32), randomBytes(16)];
      const settings = { key, iv: { from: 'fixed', value: iv } } as const;
      const cipher = createCipherWithEngine(settings, create);
      const [first, second] = [cipher.encrypt('một'), cipher.encrypt('hai')];
      assert.equal(cipher.encrypt('một'), first);
      assert.equal(cipher.decrypt(second), 'hai');
      assert.throws(() => cipher.decrypt(first.slice(2)), { code: 'cipher' });
      assert.equal(cipher.decrypt(first), 'một');
    });

    it(`${name} does not modify the caller's key, IV and payload`, () => {
      const [key, iv, plain] = [randomBytes(32), randomBytes(16), randomBytes(48)];
      const before = [key, iv, plain].map((bytes) => bytes.toString('hex'));
      const cipher = createCipherWithEngine({ key, iv: { from: 'fixed', value: iv } }, create);
      const ciphertext = cipher.encrypt(plain);
      cipher.decryptBytes(ciphertext);
      assert.deepEqual(
        [key, iv, plain].map((bytes) => bytes.toString('hex')),
        before,
      );
      // A caller that wipes its key after use must not change the cipher.
      key.fill(0);
      iv.fill(0);
      assert.ok(plain.equals(cipher.decryptBytes(ciphertext)));
    });
  }

  it('createCipher encrypts messages that node:crypto decrypts with the same key and IV', () => {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const cipher = createCipher({ key, iv: { from: 'fixed', value: iv } });
    const aes = createDecipheriv('aes-256-cbc', key, iv);
    const ciphertext = fromHex(cipher.encrypt('Xin chào 👋'));
    assert.equal(Buffer.concat([aes.update(ciphertext), aes.final()]).toString('utf8'), 'Xin chào 👋');
  });

  it('decryptBytes returns bytes with a buffer of their own', () => {
    const key = randomBytes(32);
    const cipher = createCipher({ key, iv: { from: 'key' } });
    const bytes = cipher.decryptBytes(cipher.encrypt('payload'));
    // A Buffer from Node's pool would carry neighbouring data, such as key material, into a worker or a clone.
    assert.equal(bytes.buffer.byteLength, 7);
    assert.equal(structuredClone(bytes).buffer.byteLength, 7);
  });
});
