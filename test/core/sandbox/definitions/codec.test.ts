import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../../helpers/platform.ts';
import { inspect } from 'node:util';
import type { CipherSettings } from '../../../../core/cipher/settings.ts';
import { createCodec } from '../../../../core/sandbox/codec/codec.ts';
import type { SandboxCipherSettings } from '../../../../core/sandbox/index.ts';
import { assertDefined } from '../clients.ts';
import { aes, deriveKey, openssl } from './openssl.ts';

// The sandbox declares its own settings type, which must be assignable to the library's and the reverse.
const fromLibrary: (settings: CipherSettings) => SandboxCipherSettings = (settings) => settings;
const toLibrary: (settings: SandboxCipherSettings) => CipherSettings = (settings) => settings;

const plaintext = '{"tên":"Nguyễn Thị Ánh 😀","amount":150000}';
const password = 'mật khẩu';
const keyHex = '00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const ivHex = 'a0b1c2d3e4f5061728394a5b6c7d8e9f';
const keyBytes = { 'aes-128-cbc': 16, 'aes-192-cbc': 24, 'aes-256-cbc': 32 } as const;
const algorithms = Object.keys(keyBytes) as (keyof typeof keyBytes)[];
const fixedIv = { from: 'fixed', value: ivHex, format: 'hex' } as const;

/** Asserts that the codec decrypts what OpenSSL encrypts, and encrypts to the same bytes. */
function assertMatchesOpenssl(
  settings: SandboxCipherSettings,
  key: string,
  iv: string,
  algorithm = 'aes-256-cbc',
): void {
  const codec = createCodec(toLibrary(fromLibrary(settings)));
  const hex = aes('-e', key, iv, plaintext, algorithm).toString('hex');
  assert.equal(codec.decrypt({ ciphertext: hex }), plaintext);
  assert.equal(codec.encrypt(plaintext).ciphertext, hex);
}

describe('sandbox codec (internal)', withOpenssl, () => {
  for (const algorithm of algorithms) {
    it(`${algorithm} matches openssl enc -K -iv`, () => {
      const key = keyHex.slice(0, keyBytes[algorithm] * 2);
      assertMatchesOpenssl({ algorithm, key, keyFormat: 'hex', iv: fixedIv }, key, ivHex, algorithm);
    });
  }

  it('accepts keys and IVs as utf8, hex, base64 with or without padding, and bytes', () => {
    const utf8 = '0123456789abcdefghijklmnopqrstuv';
    const hexOf = (value: string): string => Buffer.from(value).toString('hex');
    assertMatchesOpenssl(
      { key: utf8, iv: { from: 'fixed', value: 'mười sáu bit' } },
      hexOf(utf8),
      hexOf('mười sáu bit'),
    );
    const key = Buffer.from(keyHex, 'hex');
    const iv = Buffer.from(ivHex, 'hex');
    for (const drop of [/$/, /=+$/]) {
      const written = { key: key.toString('base64').replace(drop, ''), keyFormat: 'base64' } as const;
      const value = iv.toString('base64').replace(drop, '');
      assertMatchesOpenssl({ ...written, iv: { from: 'fixed', value, format: 'base64' } }, keyHex, ivHex);
    }
    assertMatchesOpenssl({ key: new Uint8Array(key), iv: { from: 'fixed', value: new Uint8Array(iv) } }, keyHex, ivHex);
  });

  for (const digest of ['sha256', 'md5'] as const) {
    it(`uses the ${digest} digest of the key`, () => {
      const key = openssl(['dgst', `-${digest}`, '-binary'], password)
        .toString('hex')
        .slice(0, 32);
      const settings = { key: password, derivation: digest, iv: fixedIv } as const;
      assertMatchesOpenssl({ ...settings, algorithm: 'aes-128-cbc' }, key, ivHex, 'aes-128-cbc');
      if (digest === 'sha256') {
        assertMatchesOpenssl(settings, openssl(['dgst', '-sha256', '-binary'], password).toString('hex'), ivHex);
      }
    });
  }

  for (const evp of ['md5', 'sha256'] as const) {
    for (const algorithm of algorithms) {
      const common = ['enc', `-${algorithm}`, '-md', evp, '-pass', `pass:${password}`];

      it(`evp ${evp} with ${algorithm} and a derived IV matches openssl enc -nosalt`, () => {
        const settings = { algorithm, key: password, derivation: { evp } } as const;
        const { key, iv } = deriveKey([...common, '-nosalt']);
        assertMatchesOpenssl({ ...settings, iv: { from: 'derived' } }, key, iv, algorithm);
        assertMatchesOpenssl({ ...settings, iv: fixedIv }, key, ivHex, algorithm);
        assertMatchesOpenssl({ ...settings, iv: { from: 'key' } }, key, key.slice(0, 32), algorithm);
      });

      it(`evp ${evp} with ${algorithm} and a salt matches openssl enc -salt`, () => {
        const codec = createCodec({
          algorithm,
          key: password,
          derivation: { evp },
          iv: { from: 'salted' },
          output: 'base64',
        });
        const theirs = openssl([...common, '-salt', '-base64', '-A'], plaintext).toString();
        assert.equal(codec.decrypt({ ciphertext: theirs }), plaintext);
        const ours = codec.encrypt(plaintext);
        assert.match(ours.ciphertext, /^U2FsdGVkX1/);
        assert.notEqual(codec.encrypt(plaintext).ciphertext, ours.ciphertext);
        assert.equal(openssl([...common, '-d', '-base64', '-A'], ours.ciphertext).toString(), plaintext);
      });
    }
  }

  for (const digest of ['sha1', 'sha256', 'sha512'] as const) {
    const pbkdf2 = { iterations: 1234, digest } as const;
    const common = ['enc', '-aes-256-cbc', '-pbkdf2', '-iter', '1234', '-md', digest, '-pass', `pass:${password}`];

    it(`pbkdf2 ${digest} matches openssl enc -pbkdf2 -iter with a random, no, or a fixed salt`, () => {
      const salted = createCodec({ key: password, derivation: { pbkdf2 }, iv: { from: 'salted' }, output: 'base64' });
      const theirs = openssl([...common, '-salt', '-base64', '-A'], plaintext).toString();
      assert.equal(salted.decrypt({ ciphertext: theirs }), plaintext);
      assert.equal(
        openssl([...common, '-d', '-base64', '-A'], salted.encrypt(plaintext).ciphertext).toString(),
        plaintext,
      );

      const bare = deriveKey([...common, '-nosalt']);
      assertMatchesOpenssl({ key: password, derivation: { pbkdf2 }, iv: { from: 'derived' } }, bare.key, bare.iv);
      const own = deriveKey([...common, '-S', '6d7561746d756f69']);
      for (const [salt, saltFormat] of [
        ['muatmuoi', undefined],
        ['6d7561746d756f69', 'hex'],
      ] as const) {
        const derivation = { pbkdf2: { ...pbkdf2, salt, ...(saltFormat && { saltFormat }) } };
        assertMatchesOpenssl({ key: password, derivation, iv: { from: 'derived' } }, own.key, own.iv);
        assertMatchesOpenssl({ key: password, derivation, iv: { from: 'zero' } }, own.key, '0'.repeat(32));
      }
    });
  }

  it('puts a random IV before the ciphertext, or in its own field', () => {
    const key = { key: keyHex, keyFormat: 'hex' } as const;
    const prefix = createCodec({ ...key, iv: { from: 'prefix' } });
    const sent = prefix.encrypt(plaintext).ciphertext;
    assert.equal(aes('-d', keyHex, sent.slice(0, 32), Buffer.from(sent.slice(32), 'hex')).toString(), plaintext);
    assert.equal(
      prefix.decrypt({ ciphertext: ivHex + aes('-e', keyHex, ivHex, plaintext).toString('hex') }),
      plaintext,
    );

    for (const format of ['hex', 'hex-upper', 'base64'] as const) {
      const field = createCodec({ ...key, iv: { from: 'field', name: 'iv', format } });
      assert.equal(field.ivField, 'iv');
      const encrypted = field.encrypt(plaintext);
      const iv = Buffer.from(assertDefined(encrypted.iv), format === 'base64' ? 'base64' : 'hex').toString('hex');
      if (format === 'hex-upper') assert.equal(encrypted.iv, iv.toUpperCase());
      assert.equal(aes('-d', keyHex, iv, Buffer.from(encrypted.ciphertext, 'hex')).toString(), plaintext);
      assert.equal(field.decrypt(encrypted), plaintext);
      for (const bad of [undefined, '', 'zz', ivHex.slice(2)]) {
        assert.equal(
          field.decrypt({ ciphertext: encrypted.ciphertext, ...(bad !== undefined && { iv: bad }) }),
          undefined,
        );
      }
    }
  });

  it('uses the first bytes of the key as IV, or zeros', () => {
    const key = { key: keyHex, keyFormat: 'hex' } as const;
    assertMatchesOpenssl({ ...key, iv: { from: 'key' } }, keyHex, keyHex.slice(0, 32));
    assertMatchesOpenssl({ ...key, iv: { from: 'zero' } }, keyHex, '0'.repeat(32));
    const short = keyHex.slice(0, 32);
    assertMatchesOpenssl(
      { algorithm: 'aes-128-cbc', ...key, key: short, iv: { from: 'key' } },
      short,
      short,
      'aes-128-cbc',
    );
  });

  it('pads to blocks of 32 bytes', () => {
    const codec = createCodec({ key: keyHex, keyFormat: 'hex', iv: fixedIv, padding: 32 });
    const raw = ['enc', '-nopad', '-aes-256-cbc', '-K', keyHex, '-iv', ivHex];
    for (const plain of ['', 'a', 'ă'.repeat(8), 'ă'.repeat(16), 'ă'.repeat(16) + 'b', plaintext]) {
      const length = Buffer.byteLength(plain);
      const count = 32 - (length % 32);
      const padded = Buffer.concat([Buffer.from(plain), Buffer.alloc(count, count)]);
      const theirs = openssl([...raw, '-e'], padded).toString('hex');
      assert.equal(codec.encrypt(plain).ciphertext, theirs);
      assert.equal(codec.decrypt({ ciphertext: theirs }), plain);
    }
    // Padded to 16: 48 bytes, which is not a multiple of 32.
    assert.equal(codec.decrypt({ ciphertext: aes('-e', keyHex, ivHex, 'x'.repeat(40)).toString('hex') }), undefined);
  });

  it('encodes as hex, upper-case hex or base64 after a prefix, and decodes hex in either case', () => {
    const bytes = aes('-e', keyHex, ivHex, plaintext);
    const forms = {
      hex: bytes.toString('hex'),
      'hex-upper': bytes.toString('hex').toUpperCase(),
      base64: bytes.toString('base64'),
    };
    for (const [output, written] of Object.entries(forms)) {
      const settings = {
        key: keyHex,
        keyFormat: 'hex',
        iv: fixedIv,
        output,
        ciphertextPrefix: '@',
      } as SandboxCipherSettings;
      const codec = createCodec(settings);
      assert.equal(codec.encrypt(plaintext).ciphertext, `@${written}`);
      assert.equal(codec.decrypt({ ciphertext: `@${written}` }), plaintext);
      assert.equal(codec.decrypt({ ciphertext: written }), undefined);
      const swapped = written === forms.hex ? forms['hex-upper'] : forms.hex;
      assert.equal(codec.decrypt({ ciphertext: `@${swapped}` }), output === 'base64' ? undefined : plaintext);
    }
  });

  it('does not decrypt an invalid ciphertext, with any IV rule', () => {
    const rules: SandboxCipherSettings['iv'][] = [fixedIv, { from: 'prefix' }, { from: 'salted' }, { from: 'zero' }];
    for (const iv of rules) {
      const codec = createCodec({ key: password, derivation: { evp: 'sha256' }, iv });
      const good = codec.encrypt(plaintext).ciphertext;
      const other = createCodec({ key: 'another', derivation: { evp: 'sha256' }, iv });
      assert.equal(codec.decrypt({ ciphertext: good }), plaintext);
      const bad = [good.slice(2), good.slice(0, -2), good.slice(0, -32), '', 'zz', `${good}0`, good.slice(0, 32)];
      bad.push(
        other.encrypt(plaintext).ciphertext,
        randomBytes(160).toString('hex'),
        Buffer.from('Salted__').toString('hex'),
      );
      for (const ciphertext of bad) assert.notEqual(codec.decrypt({ ciphertext }), plaintext);
    }
    const broken = createCodec({ key: keyHex, keyFormat: 'hex', iv: fixedIv });
    const invalid = aes('-e', keyHex, ivHex, Buffer.from('7b22c3287d', 'hex')).toString('hex');
    assert.equal(broken.decrypt({ ciphertext: invalid }), undefined);
  });

  const key32 = { key: 'k'.repeat(32) };
  const wrong: [object, RegExp][] = [
    [{ ...key32, iv: fixedIv, algorithm: 'aes-256-gcm' }, /algorithm/],
    [{ ...key32, iv: fixedIv, algorithm: 'toString' }, /algorithm/],
    [{ ...key32, iv: fixedIv, padding: 8 }, /padding/],
    [{ ...key32, iv: fixedIv, output: 'base32' }, /output/],
    [{ ...key32, iv: { from: 'nowhere' } }, /iv\.from/],
    [{ ...key32, iv: { from: 'derived' } }, /iv requires cipher\.derivation/],
    [{ ...key32, derivation: 'sha256', iv: { from: 'salted' } }, /iv requires cipher\.derivation/],
    [{ ...key32, derivation: 'md5', iv: fixedIv }, /md5 is too short/],
    [{ ...key32, derivation: 'sha1', iv: fixedIv }, /derivation/],
    [{ ...key32, derivation: { evp: 'sha1' }, iv: fixedIv }, /evp/],
    [{ ...key32, derivation: { pbkdf2: { iterations: 0, digest: 'sha1' } }, iv: fixedIv }, /iterations/],
    [{ ...key32, derivation: { pbkdf2: { iterations: 1, digest: 'md5' } }, iv: fixedIv }, /digest/],
    [{ key: '', derivation: 'sha256', iv: fixedIv }, /must not be empty/],
    [{ key: 7, iv: fixedIv }, /must be a string or bytes/],
    [{ key: `${keyHex.slice(0, 62)}zz`, keyFormat: 'hex', iv: fixedIv }, /key is not valid hex/],
    [{ key: 'not base64!', keyFormat: 'base64', iv: fixedIv }, /key is not valid base64/],
    [{ ...key32, iv: { from: 'fixed', value: 'short' } }, /iv must be 16 bytes, got 5/],
  ];
  for (const [settings, message] of wrong) {
    it(`refuses ${inspect(settings, { depth: 5, breakLength: Infinity, compact: 9 })}`, () => {
      assert.throws(() => createCodec(settings as SandboxCipherSettings), { name: 'TypeError', message });
    });
  }
});
