import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { createCipher, isPartnerAuthError, type Cipher, type CipherSettings } from '../../../core/index.ts';
import { createCipherWithEngine } from '../../../core/cipher/cipher.ts';
import { engines } from './vectors.ts';

const key = randomBytes(32);
const iv = randomBytes(16);
const fixed = { key, iv: { from: 'fixed', value: iv } } satisfies CipherSettings;

/** Blocks as they are, with no padding added: what a broken or hostile partner can send. */
function rawBlocks(blocks: Buffer): string {
  const aes = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([aes.update(blocks), aes.final()]).toString('hex');
}

const padTo = (bytes: number[], size = 16): Buffer =>
  Buffer.concat([Buffer.alloc(size - bytes.length, 7), Buffer.from(bytes)]);
const good = createCipher(fixed).encrypt('{"a":1}');
const withDigit = (digit: string): string => digit + good.slice(1);

const widened = (text: string): string =>
  text.replace(/./g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100));

const hexCases: readonly (readonly [string, string])[] = [
  ['an empty text', ''],
  ['an odd number of digits', good.slice(1)],
  ['a letter that is no digit', withDigit('g')],
  ['U+0130, whose low byte is the digit 0', withDigit('\u0130')],
  ['U+0161, whose low byte is the digit a', withDigit('\u0161')],
  ['U+FF11, a full-width 1', withDigit('\uff11')],
  ['an Arabic-Indic digit', withDigit('\u0661')],
  // Buffer reads these two as the same bytes as the right text.
  ['wide characters whose low bytes are the right digits', widened(good)],
  ['letters after the last digit', `${good}zz`],
  ['a line break at its end', `${good}\n`],
  ['a line break of two characters at its end', `${good}\r\n`],
  ['a line break at its end in place of a digit', `${good.slice(0, -1)}\n`],
  ['a space in front', ` ${good.slice(1)}`],
  ['spaces around', ` ${good} `],
  ['a NUL', withDigit('\0')],
  ['0x in front', `0x${good}`],
  ['half a block', good.slice(0, 16)],
  ['a block and a byte', `${good}00`],
  ['a block less a byte', good.slice(2)],
  ['white space alone', '  '],
  ['base64', Buffer.from(good, 'hex').toString('base64')],
  ['padding of 0', rawBlocks(padTo([0]))],
  ['padding of 17', rawBlocks(padTo([17]))],
  ['padding of 255', rawBlocks(padTo([255]))],
  ['padding of 16 whose first byte differs', rawBlocks(Buffer.from([15, ...Array<number>(15).fill(16)]))],
  ['padding of 17 equal bytes over two blocks', rawBlocks(Buffer.alloc(32, 17))],
  ['padding of 3 with one byte that differs', rawBlocks(padTo([3, 2, 3]))],
  ['padding in the style of ISO 10126', rawBlocks(padTo([9, 8, 4]))],
  ['padding in the style of ISO 7816', rawBlocks(padTo([0x80, 0, 0]))],
  ['padding of zeros', rawBlocks(Buffer.alloc(16))],
];

const textCases: readonly (readonly [string, Buffer])[] = [
  ['a lone continuation byte', Buffer.from([0x41, 0x80])],
  ['a cut sequence', Buffer.from('chào').subarray(0, 3)],
  ['an overlong form', Buffer.from([0xc0, 0xaf])],
  ['a UTF-8 surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ['a code point over U+10FFFF', Buffer.from([0xf4, 0x90, 0x80, 0x80])],
  ['UTF-16', Buffer.from('\ufeffchào', 'utf16le')],
];

/** Code, message and the rest of what a caller can see, without the stack. */
function refusal(run: () => unknown): Record<string, unknown> {
  try {
    run();
  } catch (error) {
    assert.ok(isPartnerAuthError(error), inspect(error));
    return error.toJSON();
  }
  assert.fail('was not refused');
}

const expected = refusal(() => createCipher(fixed).decrypt(''));

describe('cipher refuses', () => {
  const ciphers: readonly (readonly [string, (settings: CipherSettings) => Cipher])[] = [
    ['createCipher', createCipher],
    ...engines.map(
      ([name, create]) => [name, (settings: CipherSettings) => createCipherWithEngine(settings, create)] as const,
    ),
  ];
  for (const [name, create] of ciphers) {
    const cipher = create(fixed);
    for (const [title, text] of hexCases) {
      it(`${title} (${name})`, () => {
        assert.deepEqual(
          refusal(() => cipher.decrypt(text)),
          expected,
        );
        assert.deepEqual(
          refusal(() => cipher.decryptBytes(text)),
          expected,
        );
      });
    }
    for (const [title, bytes] of textCases) {
      it(`${title} as text but not as bytes (${name})`, () => {
        const sealed = cipher.encrypt(bytes);
        assert.deepEqual(
          refusal(() => cipher.decrypt(sealed)),
          expected,
        );
        assert.ok(bytes.equals(cipher.decryptBytes(sealed)));
      });
    }
    it(`another key (${name})`, () => {
      // One wrong key in 256 opens to right padding by chance; that 90 random bytes are UTF-8 as well does not happen.
      const sealed = cipher.encrypt(
        '{"username":"merchant@example.com","password":"of some length, for several blocks"}',
      );
      for (let count = 0; count < 300; count++) {
        const other = create({ ...fixed, key: randomBytes(32) });
        assert.deepEqual(
          refusal(() => other.decrypt(sealed)),
          expected,
        );
      }
    });
  }

  it('a value that is no text', () => {
    for (const value of [undefined, null, 7, {}, [good], Buffer.from(good)]) {
      assert.deepEqual(
        refusal(() => createCipher(fixed).decrypt(value as string)),
        expected,
      );
    }
  });

  const prefix = createCipher({ key, iv: { from: 'prefix' } });
  const prefixed = prefix.encrypt('xin chào');
  for (const [title, text] of [
    ['nothing', ''],
    ['an IV alone', prefixed.slice(0, 32)],
    ['an IV and half a block', prefixed.slice(0, 48)],
    ['less than an IV', prefixed.slice(0, 30)],
  ] as const) {
    it(`${title} where the IV stands in front`, () => {
      assert.deepEqual(
        refusal(() => prefix.decrypt(text)),
        expected,
      );
    });
  }

  const base64 = createCipher({ ...fixed, output: 'base64' });
  // The last character before "==" has four bits that belong to no byte.
  const withStrayBits = (text: string): string =>
    text.slice(0, -3) + String.fromCharCode(text.charCodeAt(text.length - 3) + 1) + text.slice(-2);
  const sealed64 = base64.encrypt('xin chào');
  for (const [title, text] of [
    ['base64url', sealed64.replace(/^./, '-')],
    ['a line break', `${sealed64}\n`],
    ['a line break inside', `${sealed64.slice(0, 8)}\n${sealed64.slice(8)}`],
    ['too much padding', `${sealed64}=`],
    ['padding in the middle', `${sealed64.slice(0, 4)}==${sealed64.slice(6)}`],
    ['bits after the last byte', withStrayBits(sealed64)],
    ['one of two padding characters', sealed64.slice(0, -1)],
    ['wide characters whose low bytes are right', widened(sealed64)],
    ['a character above U+00FF', `\u0141${sealed64.slice(1)}`],
    ['a cut text', sealed64.slice(0, -4)],
    ['nothing', ''],
  ] as const) {
    it(`${title} as base64`, () => {
      assert.deepEqual(
        refusal(() => base64.decrypt(text)),
        expected,
      );
    });
  }

  it('says the same each time, with nothing of key, ciphertext or cause', () => {
    assert.deepEqual(Object.keys(expected).sort(), ['code', 'message', 'name', 'retryable']);
    assert.equal(expected.code, 'cipher');
    assert.equal(expected.retryable, false);
    for (const [, text] of hexCases) {
      try {
        createCipher(fixed).decrypt(text);
      } catch (error) {
        assert.equal((error as Error).cause, undefined);
        assert.doesNotMatch(inspect(error, { showHidden: true }).split('\n')[0] ?? '', /[\da-f]{16}/i);
      }
    }
  });

  it('any text with that error or not at all, and never otherwise', () => {
    const cipher = createCipher(fixed);
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 96 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => rawBlocks(Buffer.from(bytes))),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          return typeof cipher.decrypt(text) === 'string';
        } catch (error) {
          assert.deepEqual((error as { toJSON(): unknown }).toJSON(), expected);
          return true;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('nothing that it encrypted itself', () => {
    const rules: readonly CipherSettings['iv'][] = [fixed.iv, { from: 'key' }, { from: 'prefix' }];
    const settings = fc.record({
      iv: fc.constantFrom(...rules),
      output: fc.constantFrom('hex' as const, 'hex-upper' as const, 'base64' as const),
    });
    fc.assert(
      fc.property(settings, fc.string({ unit: 'grapheme', maxLength: 200 }), (chosen, text) => {
        const cipher = createCipher({ key, ...chosen });
        return cipher.decrypt(cipher.encrypt(text)) === text;
      }),
      { numRuns: 1000 },
    );
  });
});
