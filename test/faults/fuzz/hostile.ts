import fc from 'fast-check';
import { isPartnerAuthError } from '../../../core/index.ts';

/** Strings that do harm where they are printed unescaped. */
export const hostileStrings: readonly string[] = [
  '\u001b[2J\u001b[31mred\u001b[0m',
  '\u009b31m',
  'two\r\nlines',
  '\u202egnp.exe',
  '\u2066\u2069\u200b\ufeff\u2028\u2029',
  '\u0000\u0007\u0008',
  '[click](command:workbench.action.terminal.new)',
  '![x](https://evil.example/x.png) <img src=x onerror=1>',
  '$(zap) `code` **bold** | a | b |',
  '__proto__',
  'constructor',
  'toString',
  '\ud800 lone \udc00',
  'x'.repeat(10_000),
  '',
  ' ',
  '1e999',
  'NaN',
  '../../etc/passwd',
  'eyJhbGciOiJub25lIn0.eyJleHAiOjF9.',
];

const scalar = fc.oneof(
  fc.constantFrom(...hostileStrings),
  fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 0.5, 1e12, 1e308, 2 ** 53, -(2 ** 31)),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);

/** Any JSON value, with hostile strings and property names. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...hostileStrings, 'data', 'code', 'message', 'access_token'), fc.string()),
      tie('value'),
      {
        maxKeys: 5,
        noNullPrototype: false,
      },
    ),
  ),
})).value;

/** A real value in which some fields are replaced, removed or added. */
export function mutatedValue(real: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    where: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
    how: fc.constantFrom('replace', 'remove', 'add'),
    name: fc.constantFrom(...hostileStrings),
    value: hostileJson,
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let whole: unknown = structuredClone(real);
    for (const { where, how, name, value } of changes) whole = withChange(whole, where, how, name, value);
    return whole;
  });
}

function withChange(
  target: unknown,
  [index, ...rest]: readonly number[],
  how: string,
  name: string,
  value: unknown,
): unknown {
  if (index === undefined || typeof target !== 'object' || target === null) return value;
  const holder = target as Record<string, unknown>;
  const names = Object.keys(holder);
  const key = names[index % Math.max(1, names.length)];
  if (how === 'add' && rest.length === 0)
    Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
  else if (key === undefined) return value;
  else if (how === 'remove' && rest.length === 0) Reflect.deleteProperty(holder, key);
  else holder[key] = withChange(holder[key], rest, how, name, value);
  return holder;
}

/** A real string in which some characters are cut, inserted or replaced. */
export function mutatedString(real: string): fc.Arbitrary<string> {
  const mutation = fc.record({
    at: fc.nat(4000),
    length: fc.nat(8),
    replacement: fc.oneof(fc.constantFrom(...hostileStrings.slice(0, 12)), fc.string({ maxLength: 4 })),
  });
  return fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) => {
    let result = real;
    for (const { at, length, replacement } of mutations) {
      const start = at % (result.length + 1);
      result = result.slice(0, start) + replacement + result.slice(start + length);
    }
    return result;
  });
}

const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])/;

/** Throws unless the error is a `PartnerAuthError` or `TypeError` with a message that is safe to print in a terminal. */
export function assertLibraryError(error: unknown): void {
  const known = isPartnerAuthError(error) || error instanceof TypeError;
  if (!known) throw new Error(`Not an error of this library: ${String(error)}`, { cause: error });
  const { message } = error as Error;
  if (unprintable.test(message)) throw new Error(`Unprintable characters in: ${JSON.stringify(message.slice(0, 300))}`);
  if (message.length > 3_000) throw new Error(`The message has ${message.length} characters.`);
}

/** Throws unless the call returns or throws an error of this library within 5 s; else returns true. */
export function succeedsOrThrowsLibraryError(call: () => unknown): boolean {
  const start = performance.now();
  try {
    call();
  } catch (error) {
    assertLibraryError(error);
  }
  if (performance.now() - start > 5_000) throw new Error('The call took more than 5 s.');
  return true;
}
