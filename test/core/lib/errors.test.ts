import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { isPartnerAuthError, PartnerAuthError } from '../../../core/index.ts';
import { errorCodes } from '../../../core/lib/errors.ts';
import type * as Errors from '../../../core/lib/errors.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');
const sorted = (codes: Iterable<string>): string[] => [...codes].sort();

/** The codes in the first column of a Markdown table. */
function codesIn(text: string): string[] {
  return [...text.matchAll(/^[ *]*\|\s*`(\w+)`\s*\|/gm)].map(([, code = '']) => code);
}

describe('error codes', () => {
  it("are listed in the type's documentation, in the same order", () => {
    const [table = ''] = read('core/lib/errors.ts').split('export type PartnerAuthErrorCode');
    assert.deepEqual(codesIn(table), [...errorCodes]);
  });

  it('are listed in core/README.md, in this order', () => {
    const [, section = ''] = read('core/README.md').split('\n## Error codes\n');
    assert.deepEqual(codesIn(section), [...errorCodes]);
  });

  it('are each used by the library', () => {
    const files = globSync('core/**/*.ts', { cwd: root }).filter(
      (file) => !/^core[\\/](?:sandbox|cli|lib[\\/]errors\.ts)/.test(file),
    );
    const sources = files.map(read).join('\n');
    const unused = errorCodes.filter((code) => !sources.includes(`'${code}'`));
    assert.deepEqual(unused, []);
  });

  it('are unique', () => {
    assert.equal(new Set(errorCodes).size, errorCodes.length);
  });

  it('are retryable if the same call may succeed later', () => {
    const retryable = errorCodes.filter((code) => new PartnerAuthError(code, 'x').retryable);
    const expected = ['network', 'timeout', 'rateLimited', 'partnerUnavailable', 'store', 'lock'];
    assert.deepEqual(sorted(retryable), sorted(expected));
    assert.equal(new PartnerAuthError('network', 'x', { retryable: false }).retryable, false);
    assert.equal(new PartnerAuthError('cipher', 'x', { retryable: true }).retryable, true);
  });
});

describe('PartnerAuthError', () => {
  const details = { status: 429, correlationId: 'id-1', setting: 'baseUrl', retryAfter: 3 };
  const error = new PartnerAuthError('rateLimited', 'Too many calls.', details);

  it('is an Error with its details', () => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'PartnerAuthError');
    assert.equal(error.message, 'Too many calls.');
    assert.match(error.stack ?? '', /errors\.test\.ts/);
    const { code, retryable, status, correlationId, setting, retryAfter } = error;
    assert.deepEqual({ status, correlationId, setting, retryAfter }, details);
    assert.deepEqual([code, retryable], ['rateLimited', true]);
  });

  it('has no property for an unknown detail', () => {
    const bare = new PartnerAuthError('closed', 'x', { status: undefined, challenge: undefined });
    assert.deepEqual(sorted(Object.keys(bare)), ['code', 'name', 'retryable']);
  });

  it('keeps its message and code in JSON', () => {
    assert.deepEqual(JSON.parse(JSON.stringify({ error })), {
      error: {
        name: 'PartnerAuthError',
        message: 'Too many calls.',
        code: 'rateLimited',
        retryable: true,
        ...details,
      },
    });
  });

  it('shows message, code and details in inspect(), but not the brand symbol', () => {
    const shown = inspect(error);
    for (const part of ['PartnerAuthError: Too many calls.', "code: 'rateLimited'", 'status: 429', "'id-1'"]) {
      assert.ok(shown.includes(part), part);
    }
    assert.doesNotMatch(shown, /Symbol/);
  });

  it('is cloned to a plain Error with the same message', () => {
    const clone = structuredClone(error);
    assert.ok(clone instanceof Error);
    assert.equal(clone.message, 'Too many calls.');
    assert.deepEqual(Object.keys(clone), []);
  });

  it('is immutable', () => {
    assert.throws(() => Object.assign(error, { status: 200 }), TypeError);
  });
});

describe('isPartnerAuthError', () => {
  it('recognizes errors of another copy of the library', async () => {
    // As in a bundle, or with a second version in node_modules; the query makes Node load the file again.
    const second = (await import(new URL('../../../core/lib/errors.ts?copy', import.meta.url).href)) as typeof Errors;
    assert.notEqual(second.PartnerAuthError, PartnerAuthError);
    const foreign: unknown = new second.PartnerAuthError('closed', 'x');
    assert.equal(foreign instanceof PartnerAuthError, false);
    assert.equal(isPartnerAuthError(foreign), true);
    assert.equal(second.isPartnerAuthError(new PartnerAuthError('closed', 'x')), true);
  });

  it('recognizes errors of another realm', () => {
    const source = read('core/lib/errors.ts');
    const brand = /Symbol\.for\('([^']+)'\)/.exec(source)?.[1];
    const foreign: unknown = runInNewContext(
      `Object.defineProperty(new Error('x'), Symbol.for(${JSON.stringify(brand)}), { value: true })`,
    );
    assert.equal(foreign instanceof Error, false);
    assert.equal(isPartnerAuthError(foreign), true);
  });

  for (const value of [undefined, null, 0, '', 'PartnerAuthError', new Error('x'), {}, [], () => 1, parsedError()]) {
    it(`returns false for ${inspect(value, { compact: true }).split('\n')[0] ?? ''}`, () => {
      assert.equal(isPartnerAuthError(value), false);
    });
  }
});

/** A plain object with the fields of an error, as parsed from JSON. */
function parsedError(): unknown {
  return JSON.parse(JSON.stringify(new PartnerAuthError('closed', 'a parsed copy')));
}
