import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createCipher } from '../../../core/index.ts';
import { createCipherWithEngine } from '../../../core/cipher/cipher.ts';
import { engines, hex, padding } from './vectors.ts';

const sizes = Array.from({ length: 601 }, (_, size) => size);

/** Node's own CBC with its own padding, which none of our code touches. */
function reference(key: Buffer, iv: Buffer, plain: Buffer): string {
  const aes = createCipheriv(`aes-${key.length * 8}-cbc`, key, iv);
  return Buffer.concat([aes.update(plain), aes.final()]).toString('hex');
}

describe('cipher engines', () => {
  for (const bits of [128, 192, 256]) {
    it(`give equal bytes for every size from 0 to 600 with a ${bits}-bit key`, () => {
      for (const size of sizes) {
        const [key, iv, plain] = [randomBytes(bits / 8), randomBytes(16), randomBytes(size)];
        const expected = reference(key, iv, plain);
        for (const [name, create] of engines) {
          const { seal, open } = padding(create, key, iv);
          assert.equal(seal(plain), expected, `${name} encrypts ${size} bytes`);
          assert.ok(open(hex(expected))?.equals(plain), `${name} decrypts ${size} bytes`);
        }
      }
    });
  }

  it('createCipher gives the bytes of both on either side of its switch', () => {
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
    it(`${name} carries nothing over from one message to the next`, () => {
      const [key, iv] = [randomBytes(32), randomBytes(16)];
      const settings = { key, iv: { from: 'fixed', value: iv } } as const;
      const cipher = createCipherWithEngine(settings, create);
      const [first, second] = [cipher.encrypt('một'), cipher.encrypt('hai')];
      assert.equal(cipher.encrypt('một'), first);
      assert.equal(cipher.decrypt(second), 'hai');
      assert.throws(() => cipher.decrypt(first.slice(2)), { code: 'cipher' });
      assert.equal(cipher.decrypt(first), 'một');
    });

    it(`${name} leaves the caller's key, IV and payload as they were`, () => {
      const [key, iv, plain] = [randomBytes(32), randomBytes(16), randomBytes(48)];
      const before = [key, iv, plain].map((bytes) => bytes.toString('hex'));
      const cipher = createCipherWithEngine({ key, iv: { from: 'fixed', value: iv } }, create);
      const sealed = cipher.encrypt(plain);
      cipher.decryptBytes(sealed);
      assert.deepEqual(
        [key, iv, plain].map((bytes) => bytes.toString('hex')),
        before,
      );
      // A caller that wipes its key after use must not change the cipher.
      key.fill(0);
      iv.fill(0);
      assert.ok(plain.equals(cipher.decryptBytes(sealed)));
    });
  }

  it('decrypt what another program made from the same key', () => {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const cipher = createCipher({ key, iv: { from: 'fixed', value: iv } });
    const aes = createDecipheriv('aes-256-cbc', key, iv);
    const sealed = hex(cipher.encrypt('Xin chào 👋'));
    assert.equal(Buffer.concat([aes.update(sealed), aes.final()]).toString('utf8'), 'Xin chào 👋');
  });

  it('decryptBytes hands out bytes of their own', () => {
    const key = randomBytes(32);
    const cipher = createCipher({ key, iv: { from: 'key' } });
    const bytes = cipher.decryptBytes(cipher.encrypt('payload'));
    // A Buffer cut from Node's pool would take its neighbours, key material among them, along into a worker or a clone.
    assert.equal(bytes.buffer.byteLength, 7);
    assert.equal(structuredClone(bytes).buffer.byteLength, 7);
  });
});
