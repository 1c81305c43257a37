import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createCipher, isPartnerAuthError, type CipherSettings } from '../../../core/index.ts';

const keyBytes = Buffer.from('0123456789abcdefghijklmnopqrstuv');
const ivBytes = Buffer.from('ABCDEFGHIJKLMNOP');
const fixed = { from: 'fixed', value: ivBytes } as const;
const plain = '{"tên":"Nguyễn Văn Ánh 👋"}';
// Made with openssl enc -aes-256-cbc with the key and IV above.
const ciphertext = '76c778ebbfe9b485bc20e22137b02a1975f86e7882fb8fb7e9573d6afd94026b04cf3f09f35c8a9af5fc68e7d7d201ab';

describe('cipher settings', () => {
  const base64Key = keyBytes.toString('base64');
  const base64Iv = ivBytes.toString('base64');
  const forms: readonly (readonly [string, CipherSettings])[] = [
    ['key as utf8 by default', { key: keyBytes.toString(), iv: fixed }],
    ['key as utf8', { key: keyBytes.toString(), keyFormat: 'utf8', iv: fixed }],
    ['key as hex', { key: keyBytes.toString('hex'), keyFormat: 'hex', iv: fixed }],
    ['key as upper-case hex', { key: keyBytes.toString('hex').toUpperCase(), keyFormat: 'hex', iv: fixed }],
    ['key as base64', { key: base64Key, keyFormat: 'base64', iv: fixed }],
    ['key as base64 without its padding', { key: base64Key.replace(/=+$/, ''), keyFormat: 'base64', iv: fixed }],
    ['key as a Buffer', { key: keyBytes, iv: fixed }],
    ['key as a Uint8Array', { key: new Uint8Array(keyBytes), iv: fixed }],
    ['key as bytes regardless of keyFormat', { key: keyBytes, keyFormat: 'hex', iv: fixed }],
    ['iv as utf8 by default', { key: keyBytes, iv: { from: 'fixed', value: ivBytes.toString() } }],
    ['iv as hex', { key: keyBytes, iv: { from: 'fixed', value: ivBytes.toString('hex'), format: 'hex' } }],
    ['iv as base64', { key: keyBytes, iv: { from: 'fixed', value: base64Iv, format: 'base64' } }],
    [
      'iv as base64 without its padding',
      { key: keyBytes, iv: { from: 'fixed', value: base64Iv.replace(/=+$/, ''), format: 'base64' } },
    ],
  ];
  for (const [title, settings] of forms) {
    it(`accepts the ${title}`, () => {
      const cipher = createCipher(settings);
      assert.equal(cipher.encrypt(plain), ciphertext);
      assert.equal(cipher.decrypt(ciphertext), plain);
    });
  }

  it('counts the bytes of a utf8 key, not its characters', () => {
    const iv = fixed;
    assert.doesNotThrow(() => createCipher({ key: 'é'.repeat(16), iv }));
    assert.throws(() => createCipher({ key: 'é'.repeat(32), iv }), { setting: 'cipher.key', message: /\b64\b/ });
  });

  it("uses the first 16 key bytes as IV for from: 'key'", () => {
    const byKey = createCipher({ key: keyBytes, iv: { from: 'key' } });
    const byValue = createCipher({ key: keyBytes, iv: { from: 'fixed', value: keyBytes.subarray(0, 16) } });
    assert.equal(byKey.encrypt(plain), byValue.encrypt(plain));
    assert.equal(byKey.decrypt(byValue.encrypt(plain)), plain);
  });

  it("prepends a new random IV to each message for from: 'prefix'", () => {
    const cipher = createCipher({ key: keyBytes, iv: { from: 'prefix' } });
    const messages = Array.from({ length: 50 }, () => cipher.encrypt(plain));
    assert.equal(new Set(messages.map((message) => message.slice(0, 32))).size, 50);
    for (const message of messages) {
      assert.equal(message.length, 32 + ciphertext.length);
      assert.equal(cipher.decrypt(message), plain);
      const value = Buffer.from(message.slice(0, 32), 'hex');
      assert.equal(createCipher({ key: keyBytes, iv: { from: 'fixed', value } }).decrypt(message.slice(32)), plain);
    }
  });

  it('writes hex in lower case, upper case, or base64', () => {
    const write = (output?: CipherSettings['output']): string =>
      createCipher({ key: keyBytes, iv: fixed, ...(output && { output }) }).encrypt(plain);
    assert.equal(write(), ciphertext);
    assert.equal(write('hex'), ciphertext);
    assert.equal(write('hex-upper'), ciphertext.toUpperCase());
    assert.equal(write('base64'), Buffer.from(ciphertext, 'hex').toString('base64'));
  });

  it('decrypts hex in lower, upper and mixed case', () => {
    const mixed = ciphertext.replace(/[a-f]/g, (digit, at: number) => (at % 2 === 0 ? digit.toUpperCase() : digit));
    for (const output of ['hex', 'hex-upper'] as const) {
      const cipher = createCipher({ key: keyBytes, iv: fixed, output });
      for (const text of [ciphertext, ciphertext.toUpperCase(), mixed]) assert.equal(cipher.decrypt(text), plain);
    }
  });

  it('decrypts base64 with and without padding', () => {
    const cipher = createCipher({ key: keyBytes, iv: fixed, output: 'base64' });
    const text = cipher.encrypt('xin chào');
    assert.ok(text.endsWith('=='));
    assert.equal(cipher.decrypt(text), 'xin chào');
    assert.equal(cipher.decrypt(text.replace(/=+$/, '')), 'xin chào');
  });

  it('encrypts bytes unchanged', () => {
    const cipher = createCipher({ key: keyBytes, iv: fixed });
    const bytes = randomBytes(300);
    assert.ok(bytes.equals(cipher.decryptBytes(cipher.encrypt(new Uint8Array(bytes)))));
    assert.equal(cipher.encrypt(Buffer.from(plain)), ciphertext);
  });

  it('shows no key and no IV in inspect() and JSON', () => {
    const cipher = createCipher({ key: keyBytes, iv: fixed });
    const shown = [inspect(cipher, { depth: 9, showHidden: true, getters: true }), JSON.stringify(cipher)].join();
    for (const secret of [keyBytes, ivBytes]) {
      for (const form of ['utf8', 'hex', 'base64'] as const) assert.ok(!shown.includes(secret.toString(form)));
    }
    assert.doesNotMatch(shown, /Buffer|Uint8Array|[0-9a-f]{8}/);
  });

  it('refuses unknown settings with a TypeError that lists the known ones', () => {
    const wrong = { key: keyBytes, iv: fixed, mode: 'cbc' } as unknown as CipherSettings;
    assert.throws(() => createCipher(wrong), { name: 'TypeError', message: /"mode".*key, keyFormat, derivation, iv/ });
    const inIv = { key: keyBytes, iv: { ...fixed, lenght: 16 } } as unknown as CipherSettings;
    assert.throws(() => createCipher(inIv), { name: 'TypeError', message: /"lenght".*from, value, format/ });
    for (const value of [undefined, null, 'settings', 7]) {
      assert.throws(() => createCipher(value as unknown as CipherSettings), TypeError);
    }
  });

  it('refuses to encrypt values that have no UTF-8 form', () => {
    const cipher = createCipher({ key: keyBytes, iv: fixed });
    const strings = ['\ud83d', '\udc4b', 'a\ud83d', '\ud83dz', '\udc4b\ud83d'];
    for (const text of strings)
      assert.throws(() => cipher.encrypt(text), { name: 'TypeError', message: /well-formed/ });
    for (const value of [undefined, null, 7, {}, [1], new ArrayBuffer(4)]) {
      assert.throws(() => cipher.encrypt(value as string), TypeError);
    }
  });
});

describe('invalid cipher settings', () => {
  type Loose = Record<string, unknown>;
  const secret = 'Sup3r-S3cret';
  const good: Loose = { key: keyBytes, iv: fixed };
  const cases: readonly (readonly [string, Loose, string, RegExp])[] = [
    ['a utf8 key of 31 bytes', { key: secret.padEnd(31, 'k') }, 'cipher.key', /32 bytes.*31.*cipher\.keyFormat/],
    ['a utf8 key of 33 bytes', { key: secret.padEnd(33, 'k') }, 'cipher.key', /32 bytes.*33.*cipher\.keyFormat/],
    ['a key of 31 bytes', { key: keyBytes.subarray(1) }, 'cipher.key', /32 bytes.*31 bytes/],
    ['an empty key', { key: '' }, 'cipher.key', /32 bytes.*\b0\b.*cipher\.keyFormat/],
    ['an empty key of bytes', { key: new Uint8Array() }, 'cipher.key', /32 bytes.*\b0 bytes/],
    ['a key of 16 hex bytes', { key: 'ab'.repeat(16), keyFormat: 'hex' }, 'cipher.key', /32 bytes.*16.*keyFormat/],
    [
      'a hex key with an odd number of digits',
      { key: 'a'.repeat(63), keyFormat: 'hex' },
      'cipher.key',
      /hex.*cipher\.keyFormat/,
    ],
    [
      'a hex key with a letter beyond f',
      { key: 'x'.repeat(64), keyFormat: 'hex' },
      'cipher.key',
      /hex.*cipher\.keyFormat/,
    ],
    ['a hex key with a space', { key: `${'a'.repeat(63)} `, keyFormat: 'hex' }, 'cipher.key', /hex.*cipher\.keyFormat/],
    ['a base64 key of 33 bytes', { key: 'Q'.repeat(44), keyFormat: 'base64' }, 'cipher.key', /32 bytes.*33/],
    ['a base64url key', { key: '-_'.repeat(22), keyFormat: 'base64' }, 'cipher.key', /base64.*cipher\.keyFormat/],
    ['a hex key read as utf8', { key: 'ab'.repeat(32) }, 'cipher.key', /32 bytes.*64.*set cipher\.keyFormat to "hex"/],
    [
      'a base64 key read as utf8',
      { key: randomBytes(32).toString('base64') },
      'cipher.key',
      /32 bytes.*44.*set cipher\.keyFormat to "base64"/,
    ],
    ['an unknown keyFormat', { key: 'k'.repeat(32), keyFormat: 'base32' }, 'cipher.keyFormat', /utf8, hex, base64/],
    ['no key', { key: undefined }, 'cipher.key', /string or a Uint8Array of 32 bytes/],
    ['a number as key', { key: 42 }, 'cipher.key', /string or a Uint8Array of 32 bytes/],
    ['a list as key', { key: [...keyBytes] }, 'cipher.key', /string or a Uint8Array of 32 bytes/],
    ['no iv', { iv: undefined }, 'cipher.iv', /fixed.*prefix.*key.*Ask the partner/],
    ['null as iv', { iv: null }, 'cipher.iv', /missing/],
    ['a string as iv', { iv: secret }, 'cipher.iv', /from/],
    ['an iv without a rule', { iv: {} }, 'cipher.iv.from', /fixed, prefix, field, key/],
    ['an unknown iv rule', { iv: { from: 'nowhere' } }, 'cipher.iv.from', /fixed, prefix, field, key/],
    ['a padding of 8', { padding: 8 }, 'cipher.padding', /16 or 32/],
    ['an unknown algorithm', { algorithm: 'aes-256-gcm' }, 'cipher.algorithm', /aes-128-cbc/],
    ['an unknown derivation', { derivation: 'sha3' }, 'cipher.derivation', /sha256/],
    ['md5 for a key of 32 bytes', { derivation: 'md5' }, 'cipher.derivation', /16 bytes.*32/],
    ['a salted iv without a derivation', { iv: { from: 'salted' } }, 'cipher.derivation', /evp/],
    ['an iv field without a name', { iv: { from: 'field' } }, 'cipher.iv.name', /name of the field/],
    [
      'the format utf8 for an iv field',
      { iv: { from: 'field', name: 'iv', format: 'utf8' } },
      'cipher.iv.format',
      /hex/,
    ],
    [
      'too many iterations',
      { derivation: { pbkdf2: { iterations: 1e7, digest: 'sha256' } } },
      'cipher.derivation',
      /1,000,000/,
    ],
    ['a fixed iv without a value', { iv: { from: 'fixed' } }, 'cipher.iv.value', /16 bytes/],
    ['a fixed iv of 15 bytes', { iv: { from: 'fixed', value: secret.padEnd(15, 'i') } }, 'cipher.iv.value', /16.*15/],
    ['a fixed iv of 17 bytes', { iv: { from: 'fixed', value: new Uint8Array(17) } }, 'cipher.iv.value', /16.*17/],
    [
      'a hex iv read as utf8',
      { iv: { from: 'fixed', value: 'ab'.repeat(16) } },
      'cipher.iv.value',
      /16 bytes.*32.*set cipher\.iv\.format to "hex"/,
    ],
    [
      'a fixed iv that is not valid hex',
      { iv: { from: 'fixed', value: `${secret}!`, format: 'hex' } },
      'cipher.iv.value',
      /hex.*cipher\.iv\.format/,
    ],
    ['an unknown iv format', { iv: { from: 'fixed', value: secret, format: 'x' } }, 'cipher.iv.format', /utf8, hex/],
    ['an unknown output', { output: 'HEX' }, 'cipher.output', /hex, hex-upper, base64/],
  ];
  for (const [title, change, setting, message] of cases) {
    it(`refuses ${title} and names ${setting}`, () => {
      assert.throws(
        () => createCipher({ ...good, ...change } as unknown as CipherSettings),
        (error: unknown) => {
          assert.ok(isPartnerAuthError(error));
          assert.equal(error.code, 'configuration');
          assert.equal(error.retryable, false);
          assert.equal(error.setting, setting);
          assert.match(error.message, message);
          assert.ok(error.message.includes(setting));
          const shown = `${inspect(error)}${JSON.stringify(error)}`.replaceAll(import.meta.url, '');
          for (const value of [change.key, (change.iv as Loose | undefined)?.value, change.iv]) {
            if (typeof value === 'string' && value !== '') assert.ok(!error.message.includes(value.slice(0, 12)));
            if (value instanceof Uint8Array && value.length > 0) {
              assert.ok(!shown.includes(Buffer.from(value).toString('hex').slice(0, 16)));
            }
          }
          assert.ok(!shown.includes(secret));
          return true;
        },
      );
    });
  }
});
