import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeText } from '../../../core/lib/text.ts';

describe('decodeText', () => {
  const text = 'Xin chào 👋';
  const utf16 = (value: string): Buffer => Buffer.from(value, 'utf16le');
  const rows: readonly (readonly [title: string, bytes: Buffer, contentType: string | undefined, expected: string])[] =
    [
      ['UTF-8', Buffer.from(text), undefined, text],
      ['UTF-8 with its byte order mark', Buffer.from(`\ufeff${text}`), undefined, text],
      ['UTF-16 with its byte order mark', utf16(`\ufeff${text}`), undefined, text],
      ['big-endian UTF-16 with its byte order mark', utf16(`\ufeff${text}`).swap16(), 'text/plain', text],
      ['UTF-16 by its charset', utf16(text), 'text/plain; charset=utf-16', text],
      ['Latin-1 by its charset', Buffer.from('à la', 'latin1'), 'text/plain;charset="ISO-8859-1"', 'à la'],
      [
        'a byte order mark that contradicts the charset',
        Buffer.from(`\ufeff${text}`),
        'text/plain; charset=latin1',
        text,
      ],
      ['UTF-8 if the charset is unknown', Buffer.from(text), 'text/plain; charset=klingon', text],
      ['UTF-8 if the charset is empty', Buffer.from(text), 'text/plain; charset=', text],
      ['bytes that are not UTF-8', Buffer.from([0x61, 0xff]), undefined, 'a\ufffd'],
      ['no bytes', Buffer.alloc(0), 'text/plain; charset=utf-16', ''],
    ];
  for (const [title, bytes, contentType, expected] of rows) {
    it(`decodes ${title}`, () => assert.equal(decodeText(bytes, contentType), expected));
  }
});
