import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, detectCipher, isPartnerAuthError, type CipherSample } from '../../../core/index.ts';
import { createCodec } from '../../../core/sandbox/codec/codec.ts';
import type { PhpRow, UnsupportedPhpRow } from '../../vectors/php-rows.ts';
import { readVectors } from '../cipher/vectors.ts';
import { canonicalize } from './samples.ts';

interface Message {
  readonly plaintext: string;
  readonly ciphertext: string;
}

type WithMessages<Row> = Row & { readonly messages: readonly Message[] };

const { rows, unsupported } = readVectors('php.json') as {
  readonly rows: readonly WithMessages<PhpRow>[];
  readonly unsupported: readonly WithMessages<UnsupportedPhpRow>[];
};

const sampleOf = ({ key, iv }: PhpRow | UnsupportedPhpRow, message: Message): CipherSample => ({
  key,
  ...message,
  ...(iv !== undefined && { iv }),
});

/** Advice, or the error for a ciphertext that is not one. */
function adviceFor(sample: CipherSample): string {
  try {
    const { verdict, candidates, advice = '' } = detectCipher(sample);
    assert.deepEqual([verdict, candidates], ['none', []], JSON.stringify(candidates));
    return advice;
  } catch (error) {
    assert.ok(isPartnerAuthError(error) && error.setting === 'sample.ciphertext', String(error));
    assert.ok(error.message.length < 250, error.message);
    return error.message;
  }
}

describe('a ciphertext of PHP', () => {
  for (const row of rows) {
    const { key, settings, messages } = row;
    // One character or more separates a fixed IV from one in a field; base64 and hex also fit a field.
    const isAmbiguous = /^[\da-f]{32}$/i.test(row.iv ?? '');

    it(`with ${row.row} is decrypted and encrypted with its settings`, () => {
      const cipher = createCipher({ key, ...settings });
      const codec = createCodec({ key, ...settings });
      for (const { plaintext, ciphertext } of messages) {
        assert.equal(cipher.decrypt(ciphertext), plaintext);
        assert.equal(codec.decrypt({ ciphertext }), plaintext);
        // Both write in the same form, apart from separators, which are not written, and "=", which base64url omits.
        const normalize = (text: string): string =>
          [settings.output].flat().at(-1) === 'base64url' ? text.replace(/=+$/, '') : text.replace(/[\s-]+/g, '');
        if (settings.iv.from === 'prefix') {
          assert.equal(codec.decrypt(cipher.encryptWithIv(plaintext)), plaintext);
        } else if (!Array.isArray(settings.output) || settings.ignoreSeparators !== true) {
          assert.equal(cipher.encrypt(plaintext), normalize(ciphertext));
          assert.equal(codec.encrypt(plaintext).ciphertext, normalize(ciphertext));
        }
      }
    });

    it(`with ${row.row} is found from its plaintext, and what is reported decrypts it`, () => {
      for (const message of messages) {
        const { verdict, candidates } = detectCipher(sampleOf(row, message));
        assert.equal(verdict, isAmbiguous ? 'ambiguous' : 'found', row.row);
        assert.equal(canonicalize(candidates[0]?.settings ?? settings), canonicalize(settings));
        for (const { settings: reported } of candidates) {
          assert.equal(createCipher({ key, ...reported }).decrypt(message.ciphertext), message.plaintext);
        }
      }
    });

    it(`with ${row.row} is found without its plaintext if that is JSON, and no other settings are reported as found`, () => {
      for (const message of messages) {
        const { plaintext: _, ...sample } = sampleOf(row, message);
        const { verdict, candidates } = detectCipher(sample);
        const [best] = candidates;
        if (message.plaintext.startsWith('{') || verdict === 'found') {
          assert.equal(canonicalize(best?.settings ?? { iv: { from: 'zero' } }), canonicalize(settings));
        }
        for (const { settings: reported } of candidates)
          createCipher({ key, ...reported }).decryptBytes(message.ciphertext);
      }
    });
  }

  for (const row of unsupported) {
    it(`with ${row.row} is not found, and the advice names it`, () => {
      const changed = row.messages.filter(
        ({ ciphertext }) => !/lost its|escapes of/.test(row.row) || /[ \\]/.test(ciphertext),
      );
      assert.ok(changed.length > 0);
      for (const message of changed) {
        for (const sample of [sampleOf(row, message), { ...sampleOf(row, message), plaintext: undefined }]) {
          const { plaintext, ...rest } = sample;
          const advice = adviceFor(plaintext === undefined ? rest : { ...rest, plaintext });
          assert.ok(advice.includes(row.advice), advice);
        }
      }
    });
  }
});
