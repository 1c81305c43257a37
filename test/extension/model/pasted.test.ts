import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  characterName,
  tidy,
  tidyKey,
  tidyUnknownKey,
  unchanged,
  type ValueKind,
} from '../../../extension/model/pasted.ts';
import { english } from '../../helpers/fake-app.ts';

const hex = '8f3a1c5e7092b4d6e8fa0c1e2b3d4f5061728394a5b6c7d8e9fa0b1c2d3e4f50';
const base64 = Buffer.from(hex, 'hex').toString('base64');
const utf8 = '0123456789abcdef0123456789abcdef';

describe('tidy', () => {
  const rows: readonly (readonly [ValueKind, string, value: string, note: string | undefined])[] = [
    ['hex', hex, hex, undefined],
    ['hex', ` ${hex}`, hex, 'Left out: space at the start.'],
    ['hex', `${hex}\n`, hex, 'Left out: line break at the end.'],
    ['hex', `\ufeff${hex}`, hex, 'Left out: byte order mark at the start.'],
    ['hex', `0x${hex}`, hex, 'Left out: "0x" at the start.'],
    ['hex', `"${hex}"`, hex, 'Left out: quotes around it.'],
    [
      'hex',
      ` "0X${hex}" `,
      hex,
      'Left out: space at the start, space at the end, quotes around it, "0X" at the start.',
    ],
    ['hex', `${hex.slice(0, 4)}\u200b${hex.slice(4)}`, hex, 'Left out: invisible character U+200B at position 5.'],
    ['hex', hex.replace(/..(?=.)/g, '$& '), hex, 'Left out: space in 31 places.'],
    ['hex', hex.replace(/..(?=.)/g, '$&:'), hex, 'Left out: ":" in 31 places.'],
    ['base64', `${base64}\u00a0`, base64, 'Left out: space U+00A0 at the end.'],
    ['base64', `${base64.slice(0, 20)}\r\n${base64.slice(20)}`, base64, 'Left out: line break at position 21.'],
    ['base64', `base64:${base64}`, base64, 'Left out: "base64:" at the start.'],
    ['base64', `“${base64}”`, base64, 'Left out: quotes around it.'],
    ['id', '\tclient-1 ', 'client-1', 'Left out: tab at the start, space at the end.'],
    ['id', 'client\u00ad-1', 'client-1', 'Left out: invisible character U+00AD at position 7.'],
    ['id', "'client-1'", 'client-1', 'Left out: quotes around it.'],
    ['id', 'a b', 'a b', undefined],
    ['id', '0x1', '0x1', undefined],
    ['name', ' ann@example.com', 'ann@example.com', 'Left out: space at the start.'],
    ['name', '\u202aann@example.com\u202c', 'ann@example.com', undefined],
    ['name', 'می\u200cخواهم', 'می\u200cخواهم', undefined],
    ['name', 'Nguyễn Văn A', 'Nguyễn Văn A', undefined],
    ['name', "O'Neil", "O'Neil", undefined],
    ['code', '123 456', '123456', 'Left out: space at position 4.'],
    ['code', ' 123\u00a0456\n', '123456', undefined],
    ['code', '123-456', '123456', 'Left out: "-" at position 4.'],
    ['code', 'ab12-cd34', 'ab12-cd34', undefined],
    ['token', ' eyJh.eyJz.c2ln\n', 'eyJh.eyJz.c2ln', 'Left out: space at the start, line break at the end.'],
    ['token', 'eyJh.eyJz=\r\n.c2ln', 'eyJh.eyJz=.c2ln', 'Left out: line break at position 11.'],
    ['token', '"eyJh\u200b.c2ln"', 'eyJh.c2ln', undefined],
    ['token', '“eyJh.c2ln”', 'eyJh.c2ln', 'Left out: quotes around it.'],
    ['token', '"refresh_token": "eyJh.c2ln"', 'eyJh.c2ln', undefined],
    ['token', 'refreshToken=eyJh.c2ln', 'eyJh.c2ln', 'Left out: "refreshToken=" at the start.'],
    ['token', 'Bearer eyJh.c2ln', 'BearereyJh.c2ln', undefined],
    ['label', ' 🏴󠁧󠁢󠁥󠁮󠁧󠁿 "prod" ', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 "prod"', 'Left out: space at the start, space at the end.'],
    ['id', '   ', '', undefined],
    ['id', '""', '""', undefined],
  ];
  for (const [kind, raw, value, note] of rows) {
    it(`makes ${JSON.stringify(value.slice(0, 30))} of ${JSON.stringify(raw.slice(0, 30))} as ${kind}`, () => {
      const tidied = tidy(kind, raw, english);
      assert.equal(tidied.value, value);
      if (note !== undefined) assert.equal(tidied.note, note);
      assert.equal(tidied.note === undefined, value === raw || value === '');
      assert.deepEqual(tidy(kind, value, english), { value });
    });
  }
});

describe('tidyKey', () => {
  it('leaves something out of a key in plain text only if it has the right length solely without', () => {
    const rows: readonly (readonly [string, string])[] = [
      [utf8, utf8],
      [`${utf8} `, utf8],
      [`\ufeff${utf8}\r\n`, utf8],
      [`"${utf8}"`, utf8],
      [`${utf8.slice(0, 9)}\u200b${utf8.slice(9)}`, utf8],
      // With the blank it has the right length: the blank may belong to it.
      [`${utf8.slice(1)} `, `${utf8.slice(1)} `],
      [`"${utf8.slice(2)}"`, `"${utf8.slice(2)}"`],
      // Neither has the right length.
      [`${utf8.slice(5)} `, `${utf8.slice(5)} `],
    ];
    for (const [raw, value] of rows) {
      const tidied = tidyKey('utf8', 32, raw, english);
      assert.equal(tidied.value, value);
      assert.equal(tidied.note === undefined, raw === value);
    }
  });

  it('leaves a pass phrase of any length as it is, and names what is around it', () => {
    assert.deepEqual(tidyKey('utf8', undefined, 'open sesame ', english), {
      value: 'open sesame ',
      note: 'This is used exactly as entered, with: space at the end.',
    });
  });
});

describe('tidyUnknownKey', () => {
  const lengths = [16, 24, 32];
  const rows: readonly (readonly [string, string])[] = [
    [`0x${hex}`, hex],
    [` ${base64}\n`, base64],
    [`${utf8}\n`, utf8],
    [`${utf8.slice(1)} `, `${utf8.slice(1)} `],
    [' pass phrase ', 'pass phrase'],
  ];
  for (const [raw, value] of rows) {
    it(`makes ${JSON.stringify(value.slice(0, 20))} of ${JSON.stringify(raw.slice(0, 20))}`, () => {
      const tidied = tidyUnknownKey(lengths, raw, english);
      assert.equal(tidied.value, value);
      assert.equal(tidied.note === undefined, raw === value);
    });
  }
});

describe('unchanged', () => {
  for (const [raw, what] of [
    ['pass ', 'space at the end'],
    [' pass', 'space at the start'],
    ['pass\n', 'line break at the end'],
    ['pa\u200bss', 'invisible character U+200B at position 3'],
  ] as const) {
    it(`keeps ${JSON.stringify(raw)} and names what could have been copied along`, () =>
      assert.deepEqual(unchanged(raw, english), {
        value: raw,
        note: `This is used exactly as entered, with: ${what}.`,
      }));
  }

  for (const raw of ['pa ss', '"pass"', '0xff', '', 'mật khẩu'])
    it(`says nothing about ${JSON.stringify(raw)}`, () => assert.deepEqual(unchanged(raw, english), { value: raw }));
});

describe('characterName', () => {
  for (const [character, name] of [
    ['\u202e', 'invisible character U+202E'],
    ['\0', 'invisible character U+0000'],
    ['\u3000', 'space U+3000'],
    ['ã', '"ã"'],
  ] as const)
    it(`is ${name}`, () => assert.equal(characterName(character, english), name));
});
