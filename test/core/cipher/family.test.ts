import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createCipher } from '../../../core/index.ts';
import { rows } from '../../vectors/cipher-family-rows.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { family, preamble, findRow, settingsOf, type FamilyRow } from './family-vectors.ts';

const onPosix = notOnWindows('requires bash, openssl and xxd');

/** Decrypts a message of this library with the program of the row. */
function decryptWithProgram({ key, read = '' }: FamilyRow, ciphertext: string, iv: string): string {
  const env = { PATH: process.env.PATH, KEY: key, IV: iv };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${preamble} ${read}`], { input: ciphertext, env });
  assert.equal(status, 0, `This test requires bash, openssl and xxd: ${stderr.toString()}`);
  return stdout.toString('utf8');
}

function toHexIv(iv: string | undefined): string {
  if (iv === undefined) return '';
  return iv.length === 32 ? iv : Buffer.from(iv, 'base64').toString('hex');
}

describe('the cipher family', () => {
  it('has ten vectors for each row in its current form', () => {
    const listed = family.map(({ messages: _, ...row }) => row);
    assert.deepEqual(listed, JSON.parse(JSON.stringify(rows)));
    assert.ok(family.every(({ messages }) => messages.length === 10));
  });

  for (const row of family) {
    const { settings, messages, read } = row;
    const cipher = createCipher(settingsOf(row));
    const program = row.make.includes('java') ? 'Java' : 'OpenSSL';

    it(`${row.row}: decrypts what ${program} encrypted`, () => {
      for (const { plaintext, ciphertext, iv } of messages) {
        assert.equal(cipher.decrypt(ciphertext, iv), plaintext);
        assert.ok(Buffer.from(cipher.decryptBytes(ciphertext, iv)).equals(Buffer.from(plaintext)));
      }
    });

    if (read === undefined) {
      it(`${row.row}: encrypts to the same bytes`, () => {
        for (const { plaintext, ciphertext } of messages) {
          assert.deepEqual(cipher.encryptWithIv(plaintext), { ciphertext });
          assert.equal(cipher.encrypt(plaintext), ciphertext);
          assert.equal(cipher.encrypt(Buffer.from(plaintext)), ciphertext);
        }
      });
    } else {
      it(`${row.row}: encrypts to a different ciphertext each time, which OpenSSL decrypts`, onPosix, () => {
        for (const { plaintext, ciphertext: theirs } of messages.slice(0, 3)) {
          const { ciphertext, iv } = cipher.encryptWithIv(plaintext);
          assert.equal(iv !== undefined, settings.iv.from === 'field');
          assert.equal(ciphertext.length, theirs.length);
          assert.notEqual(cipher.encryptWithIv(plaintext).ciphertext, ciphertext);
          assert.equal(decryptWithProgram(row, ciphertext, toHexIv(iv)), plaintext);
        }
      });
    }

    it(`${row.row}: refuses a message encrypted with another key`, () => {
      const other = createCipher({ ...settingsOf(row), key: otherKey(row.key) });
      const first = messages[0];
      assert.throws(() => other.decrypt(first.ciphertext, first.iv), { name: 'PartnerAuthError', code: 'cipher' });
    });
  }

  const mismatches: readonly (readonly [string, string, string])[] = [
    ['a padding to 32 bytes where the settings say 16', 'Tencent Meeting', 'WeCom'],
    ['a padding to 16 bytes where the settings say 32', 'WeCom', 'Tencent Meeting'],
    [
      'a message without a salt where the settings require one',
      'EVP with SHA-256, salted',
      'EVP with SHA-256, no salt',
    ],
    ['a salted message where the settings have no salt', 'EVP with SHA-256, no salt', 'EVP with SHA-256, salted'],
    ['another digest of the same password', 'Rocketfuel', 'PBKDF2 as openssl enc -pbkdf2'],
  ];
  for (const [what, reader, writer] of mismatches) {
    it(`refuses ${what}`, () => {
      const { settings } = findRow(reader);
      const { key, messages } = findRow(writer);
      const { ciphertext, iv } = messages[0];
      const cipher = createCipher({ ...settings, key });
      assert.throws(() => cipher.decrypt(ciphertext, iv), { name: 'PartnerAuthError', code: 'cipher' });
    });
  }

  it('refuses a message without its salt marker, prefix or IV', () => {
    const broken: readonly (readonly [string, (ciphertext: string) => string])[] = [
      ['Rocketfuel', (ciphertext) => Buffer.from(ciphertext, 'base64').fill('salted__', 0, 8).toString('base64')],
      ['Opayo', (ciphertext) => ciphertext.slice(1)],
      ['Paramount', (ciphertext) => ciphertext],
    ];
    for (const [name, change] of broken) {
      const row = findRow(name);
      const cipher = createCipher(settingsOf(row));
      assert.throws(() => cipher.decrypt(change(row.messages[0].ciphertext)), { code: 'cipher' }, name);
    }
  });

  it('writes ciphertext and IV in the encoding of the row, including the letter case', () => {
    for (const row of family) {
      const { output = 'hex', ciphertextPrefix: prefix = '' } = row.settings;
      const { ciphertext, iv } = createCipher(settingsOf(row)).encryptWithIv('x'.repeat(200));
      assert.ok(ciphertext.startsWith(prefix));
      const form: Readonly<Record<string, RegExp>> = {
        hex: /^[\da-f]+$/,
        'hex-upper': /^[\dA-F]+$/,
        base64: /^[\w+/]+={0,2}$/,
      };
      assert.match(ciphertext.slice(prefix.length), form[String(output)] ?? /^$/, row.row);
      if (row.settings.iv.from === 'field')
        assert.match(iv ?? '', form[row.settings.iv.format ?? 'hex'] ?? /^$/, row.row);
    }
  });
});

/** A key of the same format and length with one character changed. */
function otherKey(key: string): string {
  return (key.startsWith('a') ? 'b' : 'a') + key.slice(1);
}
