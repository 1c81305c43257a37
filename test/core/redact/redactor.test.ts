import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRedactor, redactingLogger } from '../../../core/redact/redactor.ts';
import { plainLine } from '../../../core/lib/plain-line.ts';
import { silentLogger } from '../../../core/lib/logger.ts';

function redactor(...secrets: (string | undefined)[]) {
  const made = createRedactor();
  made.add(...secrets);
  return made;
}

describe('redactor by value', () => {
  const secret = 'pä$$ "word"\\/\n1';
  const table: readonly (readonly [title: string, text: string, expected: string])[] = [
    ['as it is', `x ${secret} y`, 'x [hidden] y'],
    ['every time', `${secret}${secret}`, '[hidden][hidden]'],
    ['inside JSON', JSON.stringify({ password: secret }), '{"password":"[hidden]"}'],
    ['inside a URL', `https://h/?p=${encodeURIComponent(secret)}&q=1`, 'https://h/?p=[hidden]&q=1'],
    ['glued to other text', `a${secret}b`, 'a[hidden]b'],
  ];
  for (const [title, text, expected] of table) {
    it(`hides a secret ${title}`, () => assert.equal(redactor(secret).redact(text), expected));
  }

  it('leaves other text alone', () => {
    const text = 'Signed in. GET /api/v4/user, HTTP 200, {"code":0}, đã đăng nhập 👋';
    assert.equal(redactor(secret).redact(text), text);
  });

  it('takes a secret for itself, not for a pattern', () => {
    assert.equal(redactor('a.c*').redact('abcc a.c*'), 'abcc [hidden]');
    assert.equal(redactor('$&$1').redact('x$&$1x'), 'x[hidden]x');
  });

  it('hides the longer of two secrets that overlap', () => {
    assert.equal(redactor('secret', 'secret-and-more').redact('secret-and-more secret'), '[hidden] [hidden]');
  });

  it('ignores what is absent or under four characters', () => {
    assert.equal(redactor(undefined, '', 'a', 'abc').redact('a abc undefined'), 'a abc undefined');
    assert.equal(redactor('abcd').redact('abcd'), '[hidden]');
  });

  it('takes a secret with a lone surrogate', () => {
    assert.equal(redactor('ab\ud83dcd').redact('x ab\ud83dcd y'), 'x [hidden] y');
  });

  it('remembers the newest secrets and forgets the oldest', () => {
    const made = createRedactor();
    for (let number = 1000; number < 1500; number++) made.add(`secret-${number}`);
    assert.equal(made.redact('secret-1499 secret-1400'), '[hidden] [hidden]');
    assert.equal(made.redact('secret-1000'), 'secret-1000');
  });

  it('does not forget a secret that is added again', () => {
    const made = createRedactor();
    for (let number = 1000; number < 1500; number++) made.add('the-password', `secret-${number}`);
    assert.equal(made.redact('the-password'), '[hidden]');
  });

  it('shows no secret of any kind in any text', () => {
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
    ['a JWT that is cut', 'eyJhbGciOiJIUzI1NiJ9.eyJzdW', '[hidden]'],
    ['an encrypted JWT of five parts', 'eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn', '[hidden]'],
    ['a JWT in quotes', '{"t":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}', '{"t":"[hidden]"}'],
    ['a JWT in a URL', '?t%3D%22eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '?t%3D%22[hidden]'],
    ['64 hex digits', `data=${hex}&`, 'data=[hidden]&'],
    ['64 hex digits in upper case', hex.toUpperCase(), '[hidden]'],
    ['a long ciphertext', hex.repeat(20), '[hidden]'],
    ['a bearer', 'Authorization: Bearer opaque_token-123', 'Authorization: [hidden]'],
    ['a bearer in lower case', 'bearer opaque_token-123', '[hidden]'],
    ['basic credentials', 'Basic dXNlcjpwYXNz', '[hidden]'],
  ];
  for (const [title, text, expected] of table) it(`hides ${title}`, () => assert.equal(redact(text), expected));

  for (const text of [
    'eyJ is how they begin',
    `a commit ${hex.slice(0, 40)}`,
    '6dd9b4f8-0b5f-4e5d-9b3c-0d3d1b9ad6c5',
    'the bearer of it',
    'HTTP 200, code 40020',
  ]) {
    it(`leaves "${text.slice(0, 30)}" alone`, () => assert.equal(redact(text), text));
  }

  it('cuts a text at 4,000 characters, after its known secrets are hidden', () => {
    assert.equal(redact('x'.repeat(5000)).length, 4000);
    const { redact: knowing } = redactor('the-password');
    assert.equal(knowing(`${'x'.repeat(3994)}the-password`), `${'x'.repeat(3994)}[hidde`);
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

  it('survives a logger that throws', () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const log = redactingLogger({ debug: fail, info: fail, warn: fail, error: fail }, createRedactor());
    assert.doesNotThrow(() => log.error('x'));
  });

  it('calls a logger as its own method', () => {
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

  it('may be silent', () => {
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
    ['keeps a text of the limit', 'abcde', 5, 'abcde'],
    ['cuts a longer one', 'abcdef', 5, 'abcd…'],
    ['has nothing to show of nothing', '\0\n', 200, ''],
  ];
  for (const [title, text, limit, expected] of table) {
    it(title, () => assert.equal(plainLine(text, limit), expected));
  }

  it('is one well-formed line inside its limit for any text', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.integer({ max: 0xffff, min: 0 })).map(units));
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 100 }), (text, limit) => {
        const line = plainLine(text, limit);
        return line.length <= limit && line.isWellFormed() && !/[\p{C}\p{Zl}\p{Zp}]/u.test(line);
      }),
      { numRuns: 2000 },
    );
  });
});

const units = (codes: readonly number[]): string => String.fromCharCode(...codes);
