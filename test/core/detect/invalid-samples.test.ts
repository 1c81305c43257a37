import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  createCipher,
  detectCipher,
  isPartnerAuthError,
  type CipherSample,
  type CipherSettings,
} from '../../../core/index.ts';
import { deepFreeze } from '../../../core/lib/validation.ts';
import { bestSettings, canonicalize } from './samples.ts';

const key = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const ciphertext = createCipher({ key, iv: { from: 'prefix' } }).encrypt('{"note":"xin chào"}');
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

/** Milliseconds of processor time until the call returned or threw: that of the clock depends on what else is running. */
function measureTime(call: () => unknown): number {
  const start = process.cpuUsage();
  try {
    call();
  } catch (error) {
    assert.ok(isPartnerAuthError(error) || error instanceof TypeError, String(error));
  }
  return process.cpuUsage(start).user / 1000;
}

describe('an invalid sample', () => {
  const bad: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['no key', { key: undefined }, 'sample.key'],
    ['an empty key', { key: '' }, 'sample.key'],
    ['a number as key', { key: 42 }, 'sample.key'],
    ['a key of 50 MB', { key: 'k'.repeat(50_000_000) }, 'sample.key'],
    ['a cyclic object as key', { key: cyclic }, 'sample.key'],
    ['no ciphertext', { ciphertext: undefined }, 'sample.ciphertext'],
    ['an empty ciphertext', { ciphertext: '' }, 'sample.ciphertext'],
    ['a blank ciphertext', { ciphertext: ' \n ' }, 'sample.ciphertext'],
    ['a ciphertext of 50 MB', { ciphertext: 'ab'.repeat(25_000_000) }, 'sample.ciphertext'],
    ['a ciphertext of bytes', { ciphertext: new Uint8Array(32) }, 'sample.ciphertext'],
    ['a cyclic object as ciphertext', { ciphertext: cyclic }, 'sample.ciphertext'],
    ['a sentence as ciphertext', { ciphertext: 'This is not a ciphertext.' }, 'sample.ciphertext'],
    ['a whole envelope as ciphertext', { ciphertext: `{"data":"${ciphertext}"}` }, 'sample.ciphertext'],
    ['half a block as ciphertext', { ciphertext: ciphertext.slice(0, 16) }, 'sample.ciphertext'],
    ['an empty plaintext', { plaintext: '' }, 'sample.plaintext'],
    ['an object as plaintext', { plaintext: { note: 1 } }, 'sample.plaintext'],
    ['a plaintext of 50 MB', { plaintext: 'x'.repeat(50_000_000) }, 'sample.plaintext'],
    ['an empty IV', { iv: '' }, 'sample.iv'],
    ['a number as IV', { iv: 16 }, 'sample.iv'],
    ['an IV of 50 MB', { iv: 'a'.repeat(50_000_000) }, 'sample.iv'],
    ['an IV field without an IV', { ivField: 'iv' }, 'sample.ivField'],
    ['an IV field without a name', { iv: '1'.repeat(32), ivField: '' }, 'sample.ivField'],
  ];
  for (const [title, change, setting] of bad) {
    it(`with ${title} is refused within a second of work, and the error names ${setting}`, () => {
      const sample = { key, ciphertext, ...change } as unknown as CipherSample;
      let seen: unknown;
      const took = measureTime(() => {
        try {
          detectCipher(sample);
        } catch (error) {
          seen = error;
        }
      });
      assert.ok(isPartnerAuthError(seen), String(seen));
      assert.deepEqual([seen.code, seen.setting], ['configuration', setting]);
      assert.match(seen.message, /^sample\..*\.$/);
      assert.ok(seen.message.length < 250 && !seen.message.includes(key));
      assert.ok(took < 1000);
    });
  }

  it('throws a TypeError if it is not an object or has an unknown field', () => {
    for (const value of [undefined, null, 'sample', 7]) {
      assert.throws(() => detectCipher(value as unknown as CipherSample), TypeError);
    }
    const misspelt = { key, ciphertext, plainText: 'x' } as CipherSample;
    assert.throws(() => detectCipher(misspelt), { name: 'TypeError', message: /"plainText".*plaintext/ });
  });
});

describe('detectCipher', () => {
  it('finishes within a second for large samples', () => {
    const large: readonly (readonly [string, Partial<CipherSample>])[] = [
      ['hex of 1 MiB', { ciphertext: 'a1'.repeat(512 * 1024) }],
      ['hex of 1 MiB that ends with an invalid digit', { ciphertext: `${'a'.repeat(1024 * 1024 - 1)}z` }],
      [
        'hex of 1 MiB with an invalid character in the middle',
        { ciphertext: `${'a1'.repeat(300_000)}!${'b2'.repeat(200_000)}` },
      ],
      ['base64 of 1 MiB', { ciphertext: 'Qx/z'.repeat(256 * 1024) }],
      [
        'a real message of 700 KB',
        { ciphertext: createCipher({ key, iv: { from: 'key' }, output: 'base64' }).encrypt('x'.repeat(700_000)) },
      ],
      ['1 MiB of padding characters', { ciphertext: '='.repeat(1024 * 1024) }],
      ['a plaintext of 1 MiB', { plaintext: 'x'.repeat(1024 * 1024) }],
      ['a key of 4096 digits', { key: '1'.repeat(4096) }],
    ];
    for (const [title, change] of large) {
      const took = measureTime(() => detectCipher({ key, ciphertext, ...change }));
      assert.ok(took < 1000, `${title}: ${took.toFixed(0)} ms`);
    }
  });

  it('tries the whole family on a message of 1 KiB', () => {
    // This password is valid in every key format, and the salt makes detectCipher try the slow derivations.
    const password = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
    const salted = {
      derivation: { pbkdf2: { iterations: 10_000, digest: 'sha256' } },
      iv: { from: 'salted' },
    } as const;
    const encrypted = createCipher({ key: password, ...salted }).encrypt(JSON.stringify({ note: 'x'.repeat(990) }));
    const { verdict, candidates } = detectCipher({ key: password, ciphertext: encrypted });
    assert.equal(verdict, 'found');
    assert.equal(canonicalize(candidates[0]?.settings ?? { iv: { from: 'key' } }), canonicalize(salted));
    for (const [title, sample] of [
      ['salted', { key: password, ciphertext: encrypted }],
      ['nothing fits', { key: password, ciphertext: 'a1'.repeat(512), plaintext: 'x', iv: '0'.repeat(32) }],
    ] as const) {
      console.log(`The whole family on 1 KiB, ${title}: ${measureTime(() => detectCipher(sample)).toFixed(0)} ms`);
    }
  });

  it('does not modify its sample and returns the same result again', () => {
    const sample = deepFreeze({ key, ciphertext, plaintext: '{"note":"xin chào"}' });
    assert.deepEqual(detectCipher(sample), detectCipher(sample));
    const bytes = { key: Buffer.from(key), ciphertext, iv: Buffer.alloc(16) };
    detectCipher(bytes);
    assert.ok(bytes.key.equals(Buffer.from(key)) && bytes.iv.equals(Buffer.alloc(16)));
  });

  it('returns no key', () => {
    assert.ok(!JSON.stringify(detectCipher({ key, ciphertext })).includes(key));
  });

  it('imports nothing that could send or store data', () => {
    const folder = new URL('../../../core/detect/', import.meta.url);
    const imports = readdirSync(folder).flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^import .*from '([^']+)'/gm)].map(([, from]) => from),
    );
    assert.ok(imports.length > 10);
    for (const from of imports) assert.match(from ?? '', /^(?:node:buffer|\.\/|\.\.\/(?:cipher\/|lib\/))/);
  });

  it('returns a result or throws a configuration error for any input', () => {
    const anything = fc.record(
      {
        key: fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.uint8Array({ maxLength: 40 }),
          fc.base64String(),
          fc.anything(),
        ),
        ciphertext: fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.base64String({ minLength: 20 }),
          fc.uint8Array({ minLength: 32, maxLength: 96 }).map((bytes) => Buffer.from(bytes).toString('hex')),
          fc.uint8Array({ minLength: 48, maxLength: 48 }).map((bytes) => `@${Buffer.from(bytes).toString('base64')}`),
          fc
            .uint8Array({ minLength: 24, maxLength: 24 })
            .map((bytes) => `${Buffer.from('Salted__').toString('hex')}${Buffer.from(bytes).toString('hex')}`),
          fc.anything(),
        ),
        plaintext: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('}'), fc.anything()),
        iv: fc.oneof(fc.constant('0'.repeat(32)), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.anything()),
      },
      { requiredKeys: ['key', 'ciphertext'] },
    );
    fc.assert(
      fc.property(anything, (sample) => {
        try {
          const { verdict, candidates, advice, hints } = detectCipher(sample as CipherSample);
          assert.equal(verdict === 'none', candidates.length === 0);
          assert.equal(verdict === 'found', advice === undefined);
          assert.equal(advice ?? '', hints.join(' '));
        } catch (error) {
          assert.ok(isPartnerAuthError(error) && error.code === 'configuration', String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('finds arbitrary settings of the family from a plaintext and its ciphertext', () => {
    const bytes = (length: number) =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((list) => Buffer.from(list));
    const plain = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { minKeys: 4 });
    const settings: fc.Arbitrary<CipherSettings> = fc
      .record({
        algorithm: fc.constantFrom('aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'),
        form: fc.constantFrom('hex', 'base64'),
        secret: bytes(32),
        iv: fc.oneof(
          bytes(16).map((value) => ({ from: 'fixed' as const, value: value.toString('hex'), format: 'hex' as const })),
          fc.constantFrom({ from: 'prefix' as const }, { from: 'key' as const }, { from: 'zero' as const }),
        ),
        padding: fc.constantFrom(16, 32),
        output: fc.constantFrom('hex', 'hex-upper', 'base64'),
        ciphertextPrefix: fc.constantFrom('', '@', 'v1:'),
      })
      .map(({ algorithm, form, secret, ...rest }) => {
        const length = { 'aes-128-cbc': 16, 'aes-192-cbc': 24, 'aes-256-cbc': 32 }[algorithm];
        return { algorithm, key: secret.subarray(0, length).toString(form), keyFormat: form, ...rest };
      });
    fc.assert(
      fc.property(settings, plain, ({ key: own, ...rest }, fields) => {
        const plaintext = JSON.stringify(fields);
        const encrypted = createCipher({ key: own, ...rest }).encrypt(plaintext);
        fc.pre(Buffer.byteLength(plaintext) >= 32);
        assert.ok(bestSettings({ key: own, ciphertext: encrypted, plaintext }).includes(canonicalize(rest)));
      }),
      { numRuns: 300 },
    );
  });
});
