import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, detectCipher, type CipherSettings } from '../../../core/index.ts';
import { family, findRow } from '../cipher/family-vectors.ts';
import { bestSettings, canonicalize, sampleOf } from './samples.ts';

const key = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const sampleFor = (settings: CipherSettings, plaintext: string) => ({
  key: settings.key,
  ciphertext: createCipher(settings).encrypt(plaintext),
  plaintext,
});
const text = (bytes: number): string => `{"note":"${'x'.repeat(bytes - 11)}"}`;

describe('detectCipher when one message is not enough', () => {
  const both: readonly (readonly [string, readonly string[]])[] = [
    ['Hesabe', ['Hesabe', 'Hesabe, as its library pads']],
    ['Hesabe, as its library pads', ['Hesabe', 'Hesabe, as its library pads']],
    ['Tencent Meeting', ['Tencent Meeting', 'WeCom']],
    ['WeCom', ['Tencent Meeting', 'WeCom']],
  ];
  for (const [name, equals] of both) {
    it(`cannot determine the padding of ${name} from 48 bytes, reports it, and determines it from another message`, () => {
      const row = findRow(name);
      // 48 bytes and 16 bytes of padding are a multiple of both 16 and 32.
      const long = row.messages.find(({ plaintext }) => Buffer.byteLength(plaintext) === 48);
      assert.ok(long);
      const { verdict, advice } = detectCipher(sampleOf(row, long));
      assert.equal(verdict, 'ambiguous');
      assert.match(advice ?? '', /shorter or longer by 16 bytes/);
      const found = bestSettings(sampleOf(row, long));
      assert.deepEqual([...found].sort(), equals.map((other) => canonicalize(findRow(other).settings)).sort());

      const second = bestSettings(sampleOf(row, row.messages[0]));
      assert.deepEqual(
        found.filter((settings) => second.includes(settings)),
        [canonicalize(row.settings)],
      );
    });
  }

  for (const row of family.filter(({ settings }) => settings.iv.from === 'field')) {
    it(`distinguishes the IV field of ${row.row} from a fixed IV with a second message`, () => {
      const [first, second] = [0, 5].map((index) =>
        bestSettings(sampleOf(row, row.messages[index] ?? row.messages[0])),
      );
      assert.deepEqual(
        first?.filter((settings) => second?.includes(settings)),
        [canonicalize(row.settings)],
      );
    });
  }

  it('cannot determine the case of hex without letters, reports it, and determines it from another message', () => {
    const settings = { key: 'k'.repeat(32), iv: { from: 'fixed', value: 'i'.repeat(16) } } as const;
    // This plaintext was searched for: its ciphertext has no letter.
    const digits = { ...sampleFor(settings, '{"n":3368718}'), iv: settings.iv.value };
    assert.match(digits.ciphertext, /^\d{32}$/);
    const { verdict, candidates, advice } = detectCipher(digits);
    assert.equal(verdict, 'ambiguous');
    assert.deepEqual(
      candidates.map(({ settings: { output = 'hex' } }) => output),
      ['hex', 'hex-upper'],
    );
    assert.match(advice ?? '', /letter/);
    assert.equal(detectCipher({ ...sampleFor(settings, '{"n":1}'), iv: settings.iv.value }).verdict, 'found');
  });

  it('cannot distinguish rules that yield the same IV, and reports it', () => {
    const zeros = { key: `${'00'.repeat(16)}${'5a'.repeat(16)}`, keyFormat: 'hex', iv: { from: 'zero' } } as const;
    const { verdict, candidates, advice } = detectCipher(sampleFor(zeros, text(40)));
    assert.equal(verdict, 'ambiguous');
    assert.deepEqual(candidates.map(({ settings }) => settings.iv.from).sort(), ['key', 'zero']);
    assert.match(advice ?? '', /another key/);
  });

  it('takes a readable first block for plaintext, not for an IV prefix', () => {
    const fixed = { key, iv: { from: 'fixed', value: 'Vn8Hs0Gd5Yp1Ce6J' } } as const;
    const { ciphertext } = sampleFor(fixed, 'amount=15000000&code=A1&note=paid&ref=7');
    const { verdict, candidates } = detectCipher({ key, ciphertext, iv: fixed.iv.value });
    assert.equal(verdict, 'found');
    assert.equal(candidates[0]?.settings.iv.from, 'fixed');
  });

  it('warns that the first block may be lost plaintext', () => {
    const fixed = { key, iv: { from: 'fixed', value: 'Vn8Hs0Gd5Yp1Ce6J' } } as const;
    // The second block starts with a whole field.
    const { ciphertext } = sampleFor(fixed, 'merchant=M-4711&orderId=42&note=paid');
    const { verdict, advice } = detectCipher({ key, ciphertext });
    assert.equal(verdict, 'ambiguous');
    assert.match(advice ?? '', /first block/);
  });
});
