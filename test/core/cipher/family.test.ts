import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createCipher } from '../../../core/index.ts';
import { rows } from '../../vectors/cipher-family-rows.ts';
import { family, preamble, rowNamed, settingsOf, type FamilyRow } from './family-vectors.ts';

/** The bytes that the row's own program reads out of a message of ours. */
function readByProgram({ key, read = '' }: FamilyRow, ciphertext: string, iv: string): string {
  const env = { PATH: process.env.PATH, KEY: key, IV: iv };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${preamble} ${read}`], { input: ciphertext, env });
  assert.equal(status, 0, `This test needs bash, openssl and xxd: ${stderr.toString()}`);
  return stdout.toString('utf8');
}

function ivAsHex(text: string | undefined): string {
  if (text === undefined) return '';
  return text.length === 32 ? text : Buffer.from(text, 'base64').toString('hex');
}

describe('the cipher family', () => {
  it('has vectors for each of its rows, as it stands', () => {
    const listed = family.map(({ messages: _, ...row }) => row);
    assert.deepEqual(listed, JSON.parse(JSON.stringify(rows)));
    assert.ok(family.every(({ messages }) => messages.length === 10));
  });

  for (const row of family) {
    const { settings, messages, read } = row;
    const cipher = createCipher(settingsOf(row));
    const program = row.make.includes('java') ? 'Java' : 'OpenSSL';

    it(`${row.row}: reads what ${program} wrote`, () => {
      for (const { plaintext, ciphertext, iv } of messages) {
        assert.equal(cipher.decrypt(ciphertext, iv), plaintext);
        assert.ok(Buffer.from(cipher.decryptBytes(ciphertext, iv)).equals(Buffer.from(plaintext)));
      }
    });

    if (read === undefined) {
      it(`${row.row}: writes the same bytes`, () => {
        for (const { plaintext, ciphertext } of messages) {
          assert.deepEqual(cipher.encryptWithIv(plaintext), { ciphertext });
          assert.equal(cipher.encrypt(plaintext), ciphertext);
          assert.equal(cipher.encrypt(Buffer.from(plaintext)), ciphertext);
        }
      });
    } else {
      it(`${row.row}: writes what OpenSSL reads, another text each time`, () => {
        for (const { plaintext, ciphertext: theirs } of messages.slice(0, 5)) {
          const { ciphertext, iv } = cipher.encryptWithIv(plaintext);
          assert.equal(iv !== undefined, settings.iv.from === 'field');
          assert.equal(ciphertext.length, theirs.length);
          assert.notEqual(cipher.encryptWithIv(plaintext).ciphertext, ciphertext);
          assert.equal(readByProgram(row, ciphertext, ivAsHex(iv)), plaintext);
        }
      });
    }

    it(`${row.row}: refuses another key's message in the one way`, () => {
      const other = createCipher({ ...settingsOf(row), key: otherKey(row.key) });
      const first = messages[0];
      assert.throws(() => other.decrypt(first.ciphertext, first.iv), { name: 'PartnerAuthError', code: 'cipher' });
    });
  }

  const mixed: readonly (readonly [string, string, string])[] = [
    ['a padding to 32 bytes where 16 is stated', 'Tencent Meeting', 'WeCom'],
    ['a padding to 16 bytes where 32 is stated', 'WeCom', 'Tencent Meeting'],
    ['a message without a salt where one is stated', 'EVP with SHA-256, salted', 'EVP with SHA-256, no salt'],
    ['a salted message where none is stated', 'EVP with SHA-256, no salt', 'EVP with SHA-256, salted'],
    ['another digest of the same password', 'Rocketfuel', 'PBKDF2 as openssl enc -pbkdf2'],
  ];
  for (const [what, reader, writer] of mixed) {
    it(`refuses ${what}`, () => {
      const { settings } = rowNamed(reader);
      const { key, messages } = rowNamed(writer);
      const { ciphertext, iv } = messages[0];
      const cipher = createCipher({ ...settings, key });
      assert.throws(() => cipher.decrypt(ciphertext, iv), { name: 'PartnerAuthError', code: 'cipher' });
    });
  }

  it('refuses a message without its salt mark, its prefix or its IV', () => {
    const without: readonly (readonly [string, (text: string) => string])[] = [
      ['Rocketfuel', (text) => Buffer.from(text, 'base64').fill('salted__', 0, 8).toString('base64')],
      ['Opayo', (text) => text.slice(1)],
      ['Paramount', (text) => text],
    ];
    for (const [name, change] of without) {
      const row = rowNamed(name);
      const cipher = createCipher(settingsOf(row));
      assert.throws(() => cipher.decrypt(change(row.messages[0].ciphertext)), { code: 'cipher' }, name);
    }
  });

  it('writes the text form that the partner uses, letter case included', () => {
    for (const row of family) {
      const { output = 'hex', ciphertextPrefix: prefix = '' } = row.settings;
      const { ciphertext, iv } = createCipher(settingsOf(row)).encryptWithIv('x'.repeat(200));
      assert.ok(ciphertext.startsWith(prefix));
      const form = { hex: /^[\da-f]+$/, 'hex-upper': /^[\dA-F]+$/, base64: /^[\w+/]+={0,2}$/ };
      assert.match(ciphertext.slice(prefix.length), form[output], row.row);
      if (row.settings.iv.from === 'field') assert.match(iv ?? '', form[row.settings.iv.format ?? 'hex'], row.row);
    }
  });
});

/** The same form and length with one character changed. */
function otherKey(key: string): string {
  return (key.startsWith('a') ? 'b' : 'a') + key.slice(1);
}
