import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, detectCipher } from '../../../core/index.ts';
import { family, findRow } from '../cipher/family-vectors.ts';
import { bestCandidates, bestSettings, canonicalize, sampleOf } from './samples.ts';

const anyIv = 'its IV could be fixed or sent in its own field';
/** Rows that are ambiguous from one pair of plaintext and ciphertext, and why. */
const ambiguous: Readonly<Record<string, string>> = {
  'TCONNECT, one way to fill its gaps': anyIv,
  Paramount: anyIv,
  'Checkout.vn and PayKun, the inner part': anyIv,
  ZENGI: anyIv,
  '0xCard': anyIv,
  'fixed IV in base64, text before the ciphertext': anyIv,
};
/** Rows with a salt that is not part of the message and therefore cannot be found. */
const undetectable = ['PBKDF2 with a fixed salt'];
const rows = family.filter(({ row }) => !undetectable.includes(row));

describe('detectCipher', () => {
  for (const row of rows) {
    const reason = ambiguous[row.row];
    it(`finds ${row.row} from one pair${reason === undefined ? '' : `, but not alone: ${reason}`}`, () => {
      const { verdict, candidates, advice } = detectCipher(sampleOf(row, row.messages[0]));
      const equals = bestSettings(sampleOf(row, row.messages[0]));
      assert.ok(equals.includes(canonicalize(row.settings)), equals.join('\n'));
      assert.equal(verdict, reason === undefined ? 'found' : 'ambiguous');
      assert.equal(equals.length, reason === undefined ? 1 : 2);
      assert.equal(advice === undefined, reason === undefined);
      if (reason !== undefined) assert.match(advice ?? '', /fixed IV.*its own field/);
      const [first] = candidates;
      assert.equal(first?.payload, row.payload ?? 'json');
      assert.ok(first.reasons.includes('whole known text'), first.reasons.join());
    });

    it(`finds ${row.row} with every message of its vectors of more than one block`, () => {
      for (const message of row.messages.filter(({ plaintext }) => Buffer.byteLength(plaintext) > 16)) {
        const equals = bestSettings(sampleOf(row, message));
        assert.ok(equals.includes(canonicalize(row.settings)), `${message.plaintext}\n${equals.join('\n')}`);
      }
    });

    it(`returns settings for ${row.row} that decrypt its other messages`, () => {
      const rule = row.settings.iv;
      // The field has the same name in every message.
      const field = rule.from === 'field' ? { ivField: rule.name } : {};
      const [candidate, ...others] = bestCandidates({ ...sampleOf(row, row.messages[0]), ...field });
      assert.ok(candidate);
      assert.ok(rule.from !== 'field' || others.length === 0);
      const cipher = createCipher({ ...candidate.settings, key: row.key });
      for (const { ciphertext, plaintext, iv } of row.messages) assert.equal(cipher.decrypt(ciphertext, iv), plaintext);
    });
  }

  for (const row of rows.filter(({ settings }) => settings.iv.from === 'fixed')) {
    it(`finds ${row.row} if its IV is given in the partner's format`, () => {
      const { iv } = row.settings;
      assert.ok(iv.from === 'fixed');
      const sample = { ...sampleOf(row, row.messages[0]), iv: iv.value };
      const found = bestCandidates(sample).filter(
        ({ settings }) => canonicalize(settings) === canonicalize(row.settings),
      );
      assert.equal(found.length, 1);
      // The same format, not only the same bytes.
      assert.deepEqual(found[0]?.settings.iv, iv);
      assert.ok(!found[0].reasons.includes('IV was computed'));
    });
  }

  for (const row of rows.filter(({ settings }) => settings.iv.from === 'field')) {
    it(`finds only ${row.row} if the field of its IV is named`, () => {
      const { iv } = row.settings;
      assert.ok(iv.from === 'field');
      const { verdict, candidates } = detectCipher({ ...sampleOf(row, row.messages[0]), ivField: 'x_iv' });
      assert.equal(verdict, 'found');
      assert.deepEqual(candidates[0]?.settings.iv, { ...iv, name: 'x_iv' });
    });
  }

  for (const row of rows) {
    // Without the plaintext, a fixed IV must be given, unless it is a published one.
    const givenIv = row.settings.iv.from === 'fixed' ? { iv: row.settings.iv.value } : {};
    it(`finds ${row.row} from ciphertext${'iv' in givenIv ? ', key and IV' : ' and key'} alone`, () => {
      const { plaintext: _, ...sample } = sampleOf(row, row.messages[0]);
      const equals = bestSettings({ ...sample, ...givenIv });
      assert.ok(equals.includes(canonicalize(row.settings)), equals.join('\n'));
      assert.ok(equals.length <= 2);
    });
  }

  it('requires no IV that a partner has published', () => {
    for (const name of ['CCAvenue', 'SafexPay']) {
      const row = findRow(name);
      const { key, ciphertext } = sampleOf(row, row.messages[0]);
      const { verdict, candidates } = detectCipher({ key, ciphertext });
      assert.equal(verdict, 'found');
      assert.equal(canonicalize(candidates[0]?.settings ?? row.settings), canonicalize(row.settings));
    }
  });

  it('finds nothing for a PBKDF2 salt that is not part of the message', () => {
    const row = findRow('PBKDF2 with a fixed salt');
    assert.equal(detectCipher(sampleOf(row, row.messages[0])).verdict, 'none');
  });
});
