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

/** Encrypts blocks without adding padding, as a broken or hostile partner could. */
function encryptBlocks(blocks: Buffer): string {
  const aes = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([aes.update(blocks), aes.final()]).toString('hex');
}

const padTo = (bytes: number[], size = 16): Buffer =>
  Buffer.concat([Buffer.alloc(size - bytes.length, 7), Buffer.from(bytes)]);
const good = createCipher(fixed).encrypt('{"a":1}');
const withDigit = (digit: string): string => digit + good.slice(1);

const widen = (text: string): string => text.replace(/./g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100));

const hexCases: readonly (readonly [string, string])[] = [
  ['an empty string', ''],
  ['an odd number of digits', good.slice(1)],
  ['a letter that is not a hex digit', withDigit('g')],
  ['U+0130, whose low byte is the digit 0', withDigit('\u0130')],
  ['U+0161, whose low byte is the digit a', withDigit('\u0161')],
  ['U+FF11, a full-width 1', withDigit('\uff11')],
  ['an Arabic-Indic digit', withDigit('\u0661')],
  // Buffer decodes the next two to the same bytes as the valid ciphertext.
  ['wide characters whose low bytes are the valid digits', widen(good)],
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
  ['a block minus a byte', good.slice(2)],
  ['only white space', '  '],
  ['base64', Buffer.from(good, 'hex').toString('base64')],
  ['padding of 0', encryptBlocks(padTo([0]))],
  ['padding of 17', encryptBlocks(padTo([17]))],
  ['padding of 255', encryptBlocks(padTo([255]))],
  ['padding of 16 whose first byte differs', encryptBlocks(Buffer.from([15, ...Array<number>(15).fill(16)]))],
  ['padding of 17 equal bytes over two blocks', encryptBlocks(Buffer.alloc(32, 17))],
  ['padding of 3 with one byte that differs', encryptBlocks(padTo([3, 2, 3]))],
  ['padding in the style of ISO 10126', encryptBlocks(padTo([9, 8, 4]))],
  ['padding in the style of ISO 7816', encryptBlocks(padTo([0x80, 0, 0]))],
  ['padding of zeros', encryptBlocks(Buffer.alloc(16))],
];

const invalidUtf8Cases: readonly (readonly [string, Buffer])[] = [
  ['a lone continuation byte', Buffer.from([0x41, 0x80])],
  ['a truncated sequence', Buffer.from('chào').subarray(0, 3)],
  ['an overlong form', Buffer.from([0xc0, 0xaf])],
  ['a UTF-8 surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ['a code point over U+10FFFF', Buffer.from([0xf4, 0x90, 0x80, 0x80])],
  ['UTF-16', Buffer.from('\ufeffchào', 'utf16le')],
];

/** All that a caller can see of the error, except its stack. */
function refusal(run: () => unknown): Record<string, unknown> {
  try {
    run();
  } catch (error) {
    assert.ok(isPartnerAuthError(error), inspect(error));
    return error.toJSON();
  }
  assert.fail('The call was expected to fail, but it succeeded.');
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
    for (const [title, bytes] of invalidUtf8Cases) {
      it(`${title} as text but not as bytes (${name})`, () => {
        const ciphertext = cipher.encrypt(bytes);
        assert.deepEqual(
          refusal(() => cipher.decrypt(ciphertext)),
          expected,
        );
        assert.ok(bytes.equals(cipher.decryptBytes(ciphertext)));
      });
    }
    it(`a message encrypted with another key (${name})`, () => {
      // One wrong key in 256 yields valid padding by chance, but 90 random bytes are practically never valid UTF-8.
      const ciphertext = cipher.encrypt(
        '{"username":"merchant@example.com","password":"of some length, for several blocks"}',
      );
      for (let count = 0; count < 300; count++) {
        const other = create({ ...fixed, key: randomBytes(32) });
        assert.deepEqual(
          refusal(() => other.decrypt(ciphertext)),
          expected,
        );
      }
    });
  }

  it('a value that is not a string', () => {
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
    ['an empty string', ''],
    ['an IV alone', prefixed.slice(0, 32)],
    ['an IV and half a block', prefixed.slice(0, 48)],
    ['less than an IV', prefixed.slice(0, 30)],
  ] as const) {
    it(`${title} where the IV is the prefix`, () => {
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
  const ciphertext64 = base64.encrypt('xin chào');
  for (const [title, text] of [
    ['base64url', ciphertext64.replace(/^./, '-')],
    ['a line break', `${ciphertext64}\n`],
    ['a line break inside', `${ciphertext64.slice(0, 8)}\n${ciphertext64.slice(8)}`],
    ['too much padding', `${ciphertext64}=`],
    ['padding in the middle', `${ciphertext64.slice(0, 4)}==${ciphertext64.slice(6)}`],
    ['stray bits after the last byte', withStrayBits(ciphertext64)],
    ['one of two padding characters', ciphertext64.slice(0, -1)],
    ['wide characters whose low bytes are valid', widen(ciphertext64)],
    ['a character above U+00FF', `\u0141${ciphertext64.slice(1)}`],
    ['a truncated string', ciphertext64.slice(0, -4)],
    ['an empty string', ''],
  ] as const) {
    it(`${title} as base64`, () => {
      assert.deepEqual(
        refusal(() => base64.decrypt(text)),
        expected,
      );
    });
  }

  it('always with the same error, which shows no key, ciphertext or cause', () => {
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

  it('arbitrary strings, if at all, only with this error', () => {
    const cipher = createCipher(fixed);
    const strings = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 96 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => encryptBlocks(Buffer.from(bytes))),
    );
    fc.assert(
      fc.property(strings, (text) => {
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

  it('none of its own messages', () => {
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
