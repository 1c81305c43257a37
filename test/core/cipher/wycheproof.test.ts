import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createCipher } from '../../../core/index.ts';
import { createCipherWithEngine, type Cipher } from '../../../core/cipher/cipher.ts';
import type { CipherSettings } from '../../../core/cipher/settings.ts';
import { statedCount, engines, fromHex, paddedEngine, readVectors, wycheproof, type Vector } from './vectors.ts';

interface Tally {
  readonly decrypted: number;
  readonly refused: number;
  /** A description of each vector with an unexpected result. */
  readonly wrong: readonly string[];
}

/** Runs every vector; `decrypt` returns undefined for a refusal. */
function runVectors(
  vectors: readonly Vector[],
  decrypt: (vector: Vector) => Uint8Array | undefined,
  encrypt: (vector: Vector) => string,
): Tally {
  let [decrypted, refused] = [0, 0];
  const wrong: string[] = [];
  for (const vector of vectors) {
    const plain = decrypt(vector);
    if (vector.result === 'invalid') {
      if (plain === undefined) refused++;
      else wrong.push(`${vector.tcId} was accepted`);
    } else if (plain === undefined || !fromHex(vector.msg).equals(plain)) wrong.push(`${vector.tcId} did not decrypt`);
    else if (encrypt(vector) !== vector.ct) wrong.push(`${vector.tcId} did not encrypt to its ciphertext`);
    else decrypted++;
  }
  return { decrypted, refused, wrong };
}

// The title states the counts, so that the test report shows how many vectors were checked.
function testTally(name: string, vectors: readonly Vector[], total: number, tally: Tally): void {
  const { decrypted, refused, wrong } = tally;
  it(`Wycheproof with ${name}: ${vectors.length} vectors, ${decrypted} valid decrypted, ${refused} invalid refused`, () => {
    assert.deepEqual(wrong, []);
    assert.equal(vectors.length, total);
    assert.equal(decrypted, vectors.filter(({ result }) => result === 'valid').length);
    assert.equal(refused, vectors.filter(({ result }) => result === 'invalid').length);
    assert.equal(decrypted + refused, total);
  });
}

function runWithCipher(create: (settings: CipherSettings) => Cipher): Tally {
  const cipher = ({ key, iv }: Vector): Cipher =>
    create({ key, keyFormat: 'hex', iv: { from: 'fixed', value: iv, format: 'hex' } });
  return runVectors(
    vectors256,
    (vector) => {
      try {
        return cipher(vector).decryptBytes(vector.ct);
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'cipher');
        return undefined;
      }
    },
    (vector) => cipher(vector).encrypt(fromHex(vector.msg)),
  );
}

const vectors256 = wycheproof.filter(({ keySize }) => keySize === 256);

describe('cipher against published vectors', () => {
  for (const [name, create] of engines) {
    const tally = runVectors(
      wycheproof,
      ({ key, iv, ct }) => paddedEngine(create, fromHex(key), fromHex(iv)).decrypt(fromHex(ct)),
      ({ key, iv, msg }) => paddedEngine(create, fromHex(key), fromHex(iv)).encrypt(fromHex(msg)),
    );
    testTally(name, wycheproof, 216, tally);
    testTally(
      `a cipher over ${name}`,
      vectors256,
      72,
      runWithCipher((settings) => createCipherWithEngine(settings, create)),
    );
  }
  testTally('createCipher', vectors256, 72, runWithCipher(createCipher));

  it('runs the whole Wycheproof file, with all key sizes and the 3 empty ciphertexts', () => {
    assert.equal(statedCount, wycheproof.length);
    assert.equal(new Set(wycheproof.map(({ tcId }) => tcId)).size, 216);
    assert.deepEqual([...new Set(wycheproof.map(({ keySize }) => keySize))], [128, 192, 256]);
    const empty = wycheproof.filter(({ ct }) => ct === '');
    assert.equal(empty.length, 3);
    assert.ok(empty.every(({ result }) => result === 'invalid'));
    assert.ok(wycheproof.every(({ ct }) => ct.length % 32 === 0));
  });

  for (const [name, create] of engines) {
    it(`${name} passes SP 800-38A F.2.5 and F.2.6`, () => {
      const sample = readVectors('nist-sp800-38a-cbc-aes256.json') as Record<string, string>;
      const { key = '', iv = '', plaintext = '', ciphertext = '' } = sample;
      const engine = create(fromHex(key));
      assert.equal(fromHex(plaintext).length, 64);
      assert.equal(engine.encrypt(fromHex(plaintext), fromHex(iv)).toString('hex'), ciphertext);
      assert.equal(engine.decrypt(fromHex(ciphertext), fromHex(iv)).toString('hex'), plaintext);
    });
  }

  it('the vector files have the checksums that their README states', () => {
    const folder = new URL('../../vectors/', import.meta.url);
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
      const sum = createHash('sha256')
        .update(readFileSync(new URL(file, folder)))
        .digest('hex');
      assert.ok(readme.includes(`${sum}  ${file}`), `${file} does not have the checksum that the README states`);
    }
  });
});
