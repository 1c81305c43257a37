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

/** The first cells of a Markdown table that hold one code each. */
function documented(text: string): string[] {
  return [...text.matchAll(/^[ *]*\|\s*`(\w+)`\s*\|/gm)].map(([, code = '']) => code);
}

describe('error codes', () => {
  it('are those that the documentation of the type lists, in its order', () => {
    const [table = ''] = read('core/lib/errors.ts').split('export type PartnerAuthErrorCode');
    assert.deepEqual(documented(table), [...errorCodes]);
  });

  it('are those that core/README.md lists', () => {
    const [, section = ''] = read('core/README.md').split('\n## Error codes\n');
    assert.deepEqual(documented(section), [...errorCodes]);
  });

  it('are each used by the library', () => {
    const files = globSync('core/**/*.ts', { cwd: root }).filter(
      (file) => !/^core[\\/](?:sandbox|cli|lib[\\/]errors\.ts)/.test(file),
    );
    const sources = files.map(read).join('\n');
    const unused = errorCodes.filter((code) => !sources.includes(`'${code}'`));
    assert.deepEqual(unused, []);
  });

  it('are each there once', () => {
    assert.equal(new Set(errorCodes).size, errorCodes.length);
  });

  it('are retryable where the same call may succeed later', () => {
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

  it('has no property for a detail that is not known', () => {
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

  it('shows message, code and details under inspect, and the brand only when asked', () => {
    const shown = inspect(error);
    for (const part of ['PartnerAuthError: Too many calls.', "code: 'rateLimited'", 'status: 429', "'id-1'"]) {
      assert.ok(shown.includes(part), part);
    }
    assert.doesNotMatch(shown, /Symbol/);
  });

  it('is cloned to an Error with the same message and nothing more', () => {
    const clone = structuredClone(error);
    assert.ok(clone instanceof Error);
    assert.equal(clone.message, 'Too many calls.');
    assert.deepEqual(Object.keys(clone), []);
  });

  it('can not be changed into another error', () => {
    assert.throws(() => Object.assign(error, { status: 200 }), TypeError);
  });
});

describe('isPartnerAuthError', () => {
  it('knows the errors of another copy of the library', async () => {
    // A bundle, or a second version in node_modules; the query makes Node load the file once more.
    const second = (await import(new URL('../../../core/lib/errors.ts?copy', import.meta.url).href)) as typeof Errors;
    assert.notEqual(second.PartnerAuthError, PartnerAuthError);
    const foreign: unknown = new second.PartnerAuthError('closed', 'x');
    assert.equal(foreign instanceof PartnerAuthError, false);
    assert.equal(isPartnerAuthError(foreign), true);
    assert.equal(second.isPartnerAuthError(new PartnerAuthError('closed', 'x')), true);
  });

  it('knows the errors of another realm', () => {
    const source = read('core/lib/errors.ts');
    const brand = /Symbol\.for\('([^']+)'\)/.exec(source)?.[1];
    const foreign: unknown = runInNewContext(
      `Object.defineProperty(new Error('x'), Symbol.for(${JSON.stringify(brand)}), { value: true })`,
    );
    assert.equal(foreign instanceof Error, false);
    assert.equal(isPartnerAuthError(foreign), true);
  });

  for (const value of [undefined, null, 0, '', 'PartnerAuthError', new Error('x'), {}, [], () => 1, error()]) {
    it(`does not take ${inspect(value, { compact: true }).split('\n')[0] ?? ''} for one`, () => {
      assert.equal(isPartnerAuthError(value), false);
    });
  }
});

/** What JSON leaves of one: all of its fields, but not the error itself. */
function error(): unknown {
  return JSON.parse(JSON.stringify(new PartnerAuthError('closed', 'a parsed copy')));
}
