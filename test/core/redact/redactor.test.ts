import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRedactor, redactingLogger } from '../../../core/redact/redactor.ts';
import { plainLine } from '../../../core/lib/plain-line.ts';
import { silentLogger } from '../../../core/lib/logger.ts';

function redactor(...secrets: (string | undefined)[]) {
  const created = createRedactor();
  created.add(...secrets);
  return created;
}

describe('redactor by value', () => {
  const secret = 'pä$$ "word"\\/\n1';
  const table: readonly (readonly [title: string, text: string, expected: string])[] = [
    ['in plain text', `x ${secret} y`, 'x [hidden] y'],
    ['at every occurrence', `${secret}${secret}`, '[hidden][hidden]'],
    ['inside JSON', JSON.stringify({ password: secret }), '{"password":"[hidden]"}'],
    ['inside a URL', `https://h/?p=${encodeURIComponent(secret)}&q=1`, 'https://h/?p=[hidden]&q=1'],
    ['adjacent to other text', `a${secret}b`, 'a[hidden]b'],
  ];
  for (const [title, text, expected] of table) {
    it(`hides a secret ${title}`, () => assert.equal(redactor(secret).redact(text), expected));
  }

  const escape = (text: string, form: (character: string) => string): string =>
    text.replace(/[^\da-z]/gi, (character) => form(character));
  const unit = (character: string): string => character.charCodeAt(0).toString(16).padStart(4, '0');
  const percent = encodeURIComponent(secret);
  const spellings: readonly (readonly [title: string, text: string])[] = [
    ['JSON with \\/', JSON.stringify(secret).replaceAll('/', '\\/').slice(1, -1)],
    ['JSON with \\u escapes in lower case', escape(secret, (character) => `\\u${unit(character)}`)],
    ['JSON with \\u escapes in upper case', escape(secret, (character) => `\\u${unit(character).toUpperCase()}`)],
    ['JSON inside JSON', JSON.stringify(JSON.stringify({ secret }))],
    ['JSON with \\/ inside JSON', JSON.stringify(JSON.stringify({ secret }).replaceAll('/', '\\/'))],
    ['a JavaScript string', escape(secret, (character) => `\\x${unit(character).slice(2)}`)],
    ['JavaScript code points', escape(secret, (character) => `\\u{${unit(character)}}`)],
    ['percent codes', percent],
    ['percent codes in lower case', percent.toLowerCase()],
    ['percent codes of every character', Buffer.from(secret).toString('hex').replaceAll(/../g, '%$&')],
    ['percent codes of percent codes', encodeURIComponent(percent)],
    ['Latin-1 percent codes', escape(secret, (character) => `%${unit(character).slice(2).toUpperCase()}`)],
    ['percent codes of UTF-16', escape(secret, (character) => `%u${unit(character)}`)],
    ['form encoding', new URLSearchParams({ secret }).toString().slice('secret='.length)],
    ['form encoding in lower case', new URLSearchParams({ secret }).toString().slice('secret='.length).toLowerCase()],
    ['decimal HTML entities', escape(secret, (character) => `&#${character.charCodeAt(0)};`)],
    ['hexadecimal HTML entities', escape(secret, (character) => `&#x${unit(character)};`)],
    ['hexadecimal HTML entities in upper case', escape(secret, (character) => `&#X${unit(character).toUpperCase()};`)],
    ['named HTML entities', secret.replaceAll('ä', '&auml;').replaceAll('"', '&quot;').replaceAll('$', '&dollar;')],
    ['HTML inside JSON', JSON.stringify(secret.replaceAll('"', '&quot;')).replaceAll('/', '\\/').slice(1, -1)],
    ['JSON inside a URL', encodeURIComponent(JSON.stringify(secret))],
    ['hex', Buffer.from(secret).toString('hex')],
    ['hex in upper case', Buffer.from(secret).toString('hex').toUpperCase()],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['base64 after one byte', Buffer.from(`:${secret}`).toString('base64')],
    ['base64 after two bytes', Buffer.from(`u:${secret}`).toString('base64')],
    ['base64 between other bytes', Buffer.from(`user:${secret}:realm`).toString('base64')],
    ['base64 in a URL', encodeURIComponent(Buffer.from(secret).toString('base64'))],
    ['base64 in JSON with \\/', Buffer.from(secret).toString('base64').replaceAll('/', '\\/')],
    ['decomposed characters', secret.normalize('NFD')],
  ];
  for (const [title, text] of spellings) {
    it(`hides a secret as ${title}`, () => {
      const redacted = redactor(secret).redact(`before ${text} after`);
      assert.match(redacted, /^before .*\[hidden\].* after$/);
      const rest = redacted
        .replace('[hidden]', '')
        .replace(/^before /, '')
        .replace(/ after$/, '');
      // Quotes and field names of JSON may remain, and of base64 the bytes of other values.
      assert.ok(rest.length <= 20, redacted);
    });
  }

  it('hides a password with a space, a plus sign and Vietnamese letters in a form and in HTML', () => {
    const password = 'mật khẩu+số 1&<2>';
    const { redact } = redactor(password);
    const html = 'm&#7853;t kh&#7849;u+s&#x1ed1; 1&amp;&lt;2&gt;';
    assert.equal(redact(new URLSearchParams({ p: password, q: 'x' }).toString()), 'p=[hidden]&q=x');
    assert.equal(redact(`<b>${html}</b>`), '<b>[hidden]</b>');
    assert.equal(redact(`<b>${html.replaceAll('&', '&amp;')}</b>`), '<b>[hidden]</b>');
  });

  it('hides a secret that itself looks like an escape sequence', () => {
    for (const value of ['a%41b\\nc', 'x&amp;y&#1;', '\\\\server\\u0041', '100%25 sure', 'a+b c_d-e/f']) {
      const { redact } = redactor(value);
      for (const text of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
        assert.equal(redact(`[${text}]`), '[[hidden]]', text);
    }
    const nested = 'Ab%\\00    yZ';
    const text = encodeURIComponent(encodeURIComponent(encodeURIComponent(nested)));
    assert.equal(redactor(nested).redact(`[${text}]`), '[[hidden]]');
  });

  it('hides arbitrary secrets in arbitrary nestings of encodings', () => {
    const encodings: readonly ((text: string) => string)[] = [
      (text) => JSON.stringify(text).slice(1, -1),
      (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
      encodeURIComponent,
      (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
      (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
    ];
    const secrets = fc.string({ minLength: 4, maxLength: 20 }).map((text) => `Ab${text}yZ`);
    const layers = fc.array(fc.constantFrom(...encodings), { maxLength: 3 });
    fc.assert(
      fc.property(secrets, layers, (value, nesting) => {
        const text = nesting.reduce((inner, encode) => encode(inner), value);
        return redactor(value).redact(`(${text})`) === '([hidden])';
      }),
      { numRuns: 2000 },
    );
  });

  it('searches long hostile text within its time limit', { timeout: 30_000 }, () => {
    const { redact } = redactor(secret, 'a'.repeat(16_384));
    for (const part of ['\\', '%', '%4', '%41', '&', '&amp;', '\\u', '&#x0', 'a', '+']) redact(part.repeat(500_000));
  });

  it('does not change other text', () => {
    const text = 'Signed in. GET /api/v4/user, HTTP 200, {"code":0}, đã đăng nhập 👋';
    assert.equal(redactor(secret).redact(text), text);
  });

  it('matches a secret literally, not as a pattern', () => {
    assert.equal(redactor('a.c*').redact('abcc a.c*'), 'abcc [hidden]');
    assert.equal(redactor('$&$1').redact('x$&$1x'), 'x[hidden]x');
  });

  it('hides the longer of two secrets that overlap', () => {
    assert.equal(redactor('secret', 'secret-and-more').redact('secret-and-more secret'), '[hidden] [hidden]');
  });

  it('ignores undefined secrets and those of fewer than four characters', () => {
    assert.equal(redactor(undefined, '', 'a', 'abc').redact('a abc undefined'), 'a abc undefined');
    assert.equal(redactor('abcd').redact('abcd'), '[hidden]');
  });

  it('accepts a secret with a lone surrogate', () => {
    assert.equal(redactor('ab\ud83dcd').redact('x ab\ud83dcd y'), 'x [hidden] y');
  });

  it('remembers the newest secrets and forgets the oldest', () => {
    const created = createRedactor();
    for (let number = 1000; number < 1500; number++) created.add(`secret-${number}`);
    assert.equal(created.redact('secret-1499 secret-1400'), '[hidden] [hidden]');
    assert.equal(created.redact('secret-1000'), 'secret-1000');
  });

  it('does not forget credentials, however many tokens follow', () => {
    const created = createRedactor();
    created.keep('the-password', undefined, 'abc');
    for (let number = 1000; number < 3000; number++) created.add(`secret-${number}`);
    assert.equal(created.redact('the-password abc'), '[hidden] abc');
  });

  it('does not forget a secret that is added again', () => {
    const created = createRedactor();
    for (let number = 1000; number < 1500; number++) created.add('the-password', `secret-${number}`);
    assert.equal(created.redact('the-password'), '[hidden]');
  });

  it('hides arbitrary secrets in arbitrary text', () => {
    const marked = fc.string({ unit: 'binary', minLength: 4, maxLength: 40 }).map((text) => `§${text}§`);
    fc.assert(
      fc.property(marked, fc.string(), fc.string(), (value, before, after) => {
        const { redact } = redactor(value);
        return [value, JSON.stringify(value)].every((text) => !redact(before + text + after).includes(value));
      }),
    );
  });
});

describe('redactor by shape', () => {
  const { redact } = createRedactor();
  const hex = '0123456789abcdef'.repeat(4);
  const table: readonly (readonly [title: string, text: string, expected: string])[] = [
    ['a JWT', 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_x end', 'token [hidden] end'],
    ['a JWT without its signature', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.', '[hidden]'],
    ['a truncated JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdW', '[hidden]'],
    ['an encrypted JWT of five parts', 'eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn', '[hidden]'],
    ['a JWT in quotes', '{"t":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}', '{"t":"[hidden]"}'],
    ['a JWT in a URL', '?t%3D%22eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '?t%3D%22[hidden]'],
    ['64 hex digits', `data=${hex}&`, 'data=[hidden]&'],
    ['64 hex digits in upper case', hex.toUpperCase(), '[hidden]'],
    ['a long ciphertext', hex.repeat(20), '[hidden]'],
    ['a bearer token', 'Authorization: Bearer opaque_token-123', 'Authorization: [hidden]'],
    ['a bearer token in lower case', 'bearer opaque_token-123', '[hidden]'],
    ['basic credentials', 'Basic dXNlcjpwYXNz', '[hidden]'],
  ];
  for (const [title, text, expected] of table) it(`hides ${title}`, () => assert.equal(redact(text), expected));

  for (const text of [
    'eyJ is the start of a JWT',
    `a commit ${hex.slice(0, 40)}`,
    '6dd9b4f8-0b5f-4e5d-9b3c-0d3d1b9ad6c5',
    'the bearer of this',
    'HTTP 200, code 40020',
  ]) {
    it(`does not change "${text.slice(0, 30)}"`, () => assert.equal(redact(text), text));
  }

  it('cuts text to 4,000 characters after it hides known secrets', () => {
    assert.equal(redact('x'.repeat(5000)).length, 4000);
    const { redact: redactPassword } = redactor('the-password');
    assert.equal(redactPassword(`${'x'.repeat(3994)}the-password`), `${'x'.repeat(3994)}[hidde`);
  });
});

describe('redacting logger', () => {
  it('redacts every level', () => {
    const lines: string[] = [];
    const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
    const sink = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
    const log = redactingLogger(sink, redactor('the-password'));
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('the-password');
    assert.deepEqual(lines, ['debug [hidden]', 'info [hidden]', 'warn [hidden]', 'error [hidden]']);
  });

  it('tolerates a logger that throws', () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const log = redactingLogger({ debug: fail, info: fail, warn: fail, error: fail }, createRedactor());
    assert.doesNotThrow(() => log.error('x'));
  });

  it('calls the methods of a logger with its `this`', () => {
    class Sink {
      readonly lines: string[] = [];
      debug = (): void => undefined;
      warn = (): void => undefined;
      error = (): void => undefined;
      info(message: string): void {
        this.lines.push(message);
      }
    }
    const sink = new Sink();
    redactingLogger(sink, createRedactor()).info('x');
    assert.deepEqual(sink.lines, ['x']);
  });

  it('may wrap a silent logger', () => {
    for (const write of Object.values(silentLogger)) assert.equal((write as () => unknown)(), undefined);
  });
});

describe('plainLine', () => {
  const table: readonly (readonly [title: string, text: string, limit: number, expected: string])[] = [
    ['keeps a plain line', 'Sai mật khẩu 👋', 200, 'Sai mật khẩu 👋'],
    ['joins lines', 'a\r\n\tb\u2028c', 200, 'a b c'],
    ['trims', '  a  ', 200, 'a'],
    ['drops terminal colours', '\u001b[31mred\u001b[0m', 200, '[31mred [0m'],
    ['drops direction marks', 'a\u202egpj.exe', 200, 'a gpj.exe'],
    ['drops zero-width marks', 'a\u200bb\ufeffc', 200, 'a b c'],
    ['drops private and unassigned characters', 'a\ue000b\u{10ffff}c', 200, 'a b c'],
    ['keeps text of exactly the limit', 'abcde', 5, 'abcde'],
    ['cuts longer text', 'abcdef', 5, 'abcd…'],
    ['returns an empty string if no printable character is left', '\0\n', 200, ''],
  ];
  for (const [title, text, limit, expected] of table) {
    it(title, () => assert.equal(plainLine(text, limit), expected));
  }

  it('returns one well-formed line within its limit for arbitrary text', () => {
    const strings = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.integer({ max: 0xffff, min: 0 })).map(units));
    fc.assert(
      fc.property(strings, fc.integer({ min: 1, max: 100 }), (text, limit) => {
        const line = plainLine(text, limit);
        return line.length <= limit && line.isWellFormed() && !/[\p{C}\p{Zl}\p{Zp}]/u.test(line);
      }),
      { numRuns: 2000 },
    );
  });
});

const units = (codes: readonly number[]): string => String.fromCharCode(...codes);
