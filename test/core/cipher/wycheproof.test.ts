import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createCipher } from '../../../core/index.ts';
import { createCipherWithEngine, type Cipher } from '../../../core/cipher/cipher.ts';
import type { CipherSettings } from '../../../core/cipher/settings.ts';
import { announced, engines, hex, padding, readVectors, wycheproof, type Vector } from './vectors.ts';

interface Tally {
  readonly decrypted: number;
  readonly refused: number;
  /** What went otherwise than the vector says. */
  readonly wrong: readonly string[];
}

/** Plays every vector; undefined from `open` is a refusal. */
function play(
  vectors: readonly Vector[],
  open: (vector: Vector) => Uint8Array | undefined,
  seal: (vector: Vector) => string,
): Tally {
  let [decrypted, refused] = [0, 0];
  const wrong: string[] = [];
  for (const vector of vectors) {
    const plain = open(vector);
    if (vector.result === 'invalid') {
      if (plain === undefined) refused++;
      else wrong.push(`${vector.tcId} was accepted`);
    } else if (plain === undefined || !hex(vector.msg).equals(plain)) wrong.push(`${vector.tcId} did not decrypt`);
    else if (seal(vector) !== vector.ct) wrong.push(`${vector.tcId} did not encrypt to its ciphertext`);
    else decrypted++;
  }
  return { decrypted, refused, wrong };
}

// The counts stand in the title, so that the report of a run says how much was proven.
function report(name: string, vectors: readonly Vector[], total: number, tally: Tally): void {
  const { decrypted, refused, wrong } = tally;
  it(`Wycheproof with ${name}: ${vectors.length} vectors, ${decrypted} valid decrypted, ${refused} invalid refused`, () => {
    assert.deepEqual(wrong, []);
    assert.equal(vectors.length, total);
    assert.equal(decrypted, vectors.filter(({ result }) => result === 'valid').length);
    assert.equal(refused, vectors.filter(({ result }) => result === 'invalid').length);
    assert.equal(decrypted + refused, total);
  });
}

function atCipher(create: (settings: CipherSettings) => Cipher): Tally {
  const cipher = ({ key, iv }: Vector): Cipher =>
    create({ key, keyFormat: 'hex', iv: { from: 'fixed', value: iv, format: 'hex' } });
  return play(
    wide,
    (vector) => {
      try {
        return cipher(vector).decryptBytes(vector.ct);
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'cipher');
        return undefined;
      }
    },
    (vector) => cipher(vector).encrypt(hex(vector.msg)),
  );
}

const wide = wycheproof.filter(({ keySize }) => keySize === 256);

describe('cipher against known answers', () => {
  for (const [name, create] of engines) {
    const tally = play(
      wycheproof,
      ({ key, iv, ct }) => padding(create, hex(key), hex(iv)).open(hex(ct)),
      ({ key, iv, msg }) => padding(create, hex(key), hex(iv)).seal(hex(msg)),
    );
    report(name, wycheproof, 216, tally);
    report(
      `a cipher over ${name}`,
      wide,
      72,
      atCipher((settings) => createCipherWithEngine(settings, create)),
    );
  }
  report('createCipher', wide, 72, atCipher(createCipher));

  it('plays the whole file, with all key sizes and the 3 empty ciphertexts', () => {
    assert.equal(announced, wycheproof.length);
    assert.equal(new Set(wycheproof.map(({ tcId }) => tcId)).size, 216);
    assert.deepEqual([...new Set(wycheproof.map(({ keySize }) => keySize))], [128, 192, 256]);
    const empty = wycheproof.filter(({ ct }) => ct === '');
    assert.equal(empty.length, 3);
    assert.ok(empty.every(({ result }) => result === 'invalid'));
    assert.ok(wycheproof.every(({ ct }) => ct.length % 32 === 0));
  });

  for (const [name, create] of engines) {
    it(`SP 800-38A F.2.5 and F.2.6 hold with ${name}`, () => {
      const sample = readVectors('nist-sp800-38a-cbc-aes256.json') as Record<string, string>;
      const { key = '', iv = '', plaintext = '', ciphertext = '' } = sample;
      const engine = create(hex(key));
      assert.equal(hex(plaintext).length, 64);
      assert.equal(engine.encrypt(hex(plaintext), hex(iv)).toString('hex'), ciphertext);
      assert.equal(engine.decrypt(hex(ciphertext), hex(iv)).toString('hex'), plaintext);
    });
  }

  it('vector files are those that their README describes', () => {
    const folder = new URL('../../vectors/', import.meta.url);
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
      const sum = createHash('sha256')
        .update(readFileSync(new URL(file, folder)))
        .digest('hex');
      assert.ok(readme.includes(`${sum}  ${file}`), `${file} has another checksum than the README says`);
    }
  });
});
