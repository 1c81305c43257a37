import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, detectCipher } from '../../../core/index.ts';
import { family, rowNamed } from '../cipher/family-vectors.ts';
import { best, bestSettings, canonical, sampleOf } from './samples.ts';

const anyIv = 'its bytes could be fixed, or travel in a field of their own';
/** Rows that one pair does not decide, and why. */
const undecided: Readonly<Record<string, string>> = {
  'TCONNECT, one way to fill its gaps': anyIv,
  Paramount: anyIv,
  'Checkout.vn and PayKun, the inner part': anyIv,
  ZENGI: anyIv,
  '0xCard': anyIv,
  'fixed IV in base64, text before the ciphertext': anyIv,
};
/** Nobody can guess a salt that is in no message. */
const outOfReach = ['PBKDF2 with a fixed salt'];
const rows = family.filter(({ row }) => !outOfReach.includes(row));

describe('detectCipher', () => {
  for (const row of rows) {
    const why = undecided[row.row];
    it(`finds ${row.row} from one pair${why === undefined ? '' : `, among equals: ${why}`}`, () => {
      const { verdict, candidates, advice } = detectCipher(sampleOf(row, row.messages[0]));
      const equals = bestSettings(sampleOf(row, row.messages[0]));
      assert.ok(equals.includes(canonical(row.settings)), equals.join('\n'));
      assert.equal(verdict, why === undefined ? 'found' : 'ambiguous');
      assert.equal(equals.length, why === undefined ? 1 : 2);
      assert.equal(advice === undefined, why === undefined);
      if (why !== undefined) assert.match(advice ?? '', /fixed IV.*its own field/);
      const [first] = candidates;
      assert.equal(first?.payload, row.payload ?? 'json');
      assert.ok(first.reasons.includes('whole known text'), first.reasons.join());
    });

    it(`finds ${row.row} with every message of its vectors that has two blocks and more`, () => {
      for (const message of row.messages.filter(({ plaintext }) => Buffer.byteLength(plaintext) > 16)) {
        const equals = bestSettings(sampleOf(row, message));
        assert.ok(equals.includes(canonical(row.settings)), `${message.plaintext}\n${equals.join('\n')}`);
      }
    });

    it(`gives settings for ${row.row} that read its other messages`, () => {
      const rule = row.settings.iv;
      // A field has the same name in each message.
      const field = rule.from === 'field' ? { ivField: rule.name } : {};
      const [candidate, ...others] = best({ ...sampleOf(row, row.messages[0]), ...field });
      assert.ok(candidate);
      assert.ok(rule.from !== 'field' || others.length === 0);
      const cipher = createCipher({ ...candidate.settings, key: row.key });
      for (const { ciphertext, plaintext, iv } of row.messages) assert.equal(cipher.decrypt(ciphertext, iv), plaintext);
    });
  }

  for (const row of rows.filter(({ settings }) => settings.iv.from === 'fixed')) {
    it(`finds ${row.row} when its IV is handed over as the partner wrote it`, () => {
      const { iv } = row.settings;
      assert.ok(iv.from === 'fixed');
      const sample = { ...sampleOf(row, row.messages[0]), iv: iv.value };
      const found = best(sample).filter(({ settings }) => canonical(settings) === canonical(row.settings));
      assert.equal(found.length, 1);
      // As it was written, not only the same bytes.
      assert.deepEqual(found[0]?.settings.iv, iv);
      assert.ok(!found[0].reasons.includes('IV was computed'));
    });
  }

  for (const row of rows.filter(({ settings }) => settings.iv.from === 'field')) {
    it(`finds ${row.row} alone when the field of its IV is named`, () => {
      const { iv } = row.settings;
      assert.ok(iv.from === 'field');
      const { verdict, candidates } = detectCipher({ ...sampleOf(row, row.messages[0]), ivField: 'x_iv' });
      assert.equal(verdict, 'found');
      assert.deepEqual(candidates[0]?.settings.iv, { ...iv, name: 'x_iv' });
    });
  }

  for (const row of rows) {
    // Without the plain text a fixed IV that nobody gives can not be known, unless it is a published one.
    const handed = row.settings.iv.from === 'fixed' ? { iv: row.settings.iv.value } : {};
    it(`finds ${row.row} from the ciphertext and the key${'iv' in handed ? ' and the IV' : ''} alone`, () => {
      const { plaintext: _, ...sample } = sampleOf(row, row.messages[0]);
      const equals = bestSettings({ ...sample, ...handed });
      assert.ok(equals.includes(canonical(row.settings)), equals.join('\n'));
      assert.ok(equals.length <= 2);
    });
  }

  it('needs no IV where the partner published it', () => {
    for (const name of ['CCAvenue', 'SafexPay']) {
      const row = rowNamed(name);
      const { key, ciphertext } = sampleOf(row, row.messages[0]);
      const { verdict, candidates } = detectCipher({ key, ciphertext });
      assert.equal(verdict, 'found');
      assert.equal(canonical(candidates[0]?.settings ?? row.settings), canonical(row.settings));
    }
  });

  it('says of a PBKDF2 whose salt is in no message that nothing fits', () => {
    const row = rowNamed('PBKDF2 with a fixed salt');
    assert.equal(detectCipher(sampleOf(row, row.messages[0])).verdict, 'none');
  });
});
