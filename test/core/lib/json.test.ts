import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { parseJson, parseJsonStart, stringAt, valueAt } from '../../../core/lib/json.ts';

const object = { a: { b: { c: 'deep' }, list: ['x'] }, empty: '', zero: 0, none: null, 'a.b': 'dotted' };

describe('valueAt', () => {
  const table: readonly (readonly [path: string | undefined, expected: unknown])[] = [
    [undefined, object],
    ['a.b.c', 'deep'],
    ['a.list.0', 'x'],
    ['zero', 0],
    ['none', null],
    ['none.more', undefined],
    ['a.b.c.length', undefined],
    ['a.b.x', undefined],
    ['missing.more', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['a.toString', undefined],
  ];
  for (const [path, expected] of table) {
    it(`returns ${inspect(expected).slice(0, 30)} at ${String(path)}`, () => {
      assert.deepEqual(valueAt(object, path), expected);
    });
  }

  it('returns undefined for a value that is not an object', () => {
    for (const value of [undefined, null, 'text', 7, true]) assert.equal(valueAt(value, 'length'), undefined);
  });
});

describe('stringAt', () => {
  it('returns only non-empty strings', () => {
    assert.equal(stringAt(object, 'a.b.c'), 'deep');
    for (const path of ['empty', 'zero', 'none', 'a', 'missing', undefined])
      assert.equal(stringAt(object, path), undefined);
    assert.equal(stringAt('text', undefined), undefined);
  });
});

describe('parseJson', () => {
  it('returns undefined for invalid JSON', () => {
    for (const text of ['', ' ', '{', "{'a':1}", 'undefined', '\ufeff', '{}\ufeff', '<html>'])
      assert.equal(parseJson(text), undefined);
    assert.deepEqual(parseJson(' {"a":[1]} '), { a: [1] });
    assert.equal(parseJson('null'), null);
  });

  it('accepts byte order marks before the JSON', () => {
    for (const text of ['\ufeff{"a":[1]}', '\ufeff\ufeff{"a":[1]}', '\r\n\ufeff {"a":[1]}'])
      assert.deepEqual(parseJson(text), { a: [1] });
    assert.deepEqual(parseJson('{"a":"\ufeff"}'), { a: '\ufeff' });
  });
});

describe('parseJsonStart', () => {
  const rows: readonly (readonly [text: string, expected: unknown])[] = [
    ['{"a":1,"b":{"c":[1,2', { a: 1, b: { c: [1] } }],
    ['{"a":1,"b":"x', { a: 1 }],
    ['{"a":1,"b', { a: 1 }],
    ['{"a":12', {}],
    ['{"a":"}],{\\"","b":[{}', { a: '}],{"', b: [{}] }],
    ['[{"a":1},{"a":2', [{ a: 1 }, {}]],
    ['[1,[],', [1, []]],
    ['  {"a":{}', { a: {} }],
    ['{', {}],
    ['"text', undefined],
    ['<html>{', undefined],
    ['{"a":1}}', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of rows) {
    it(`returns ${inspect(expected)} for ${text}`, () => assert.deepEqual(parseJsonStart(text), expected));
  }

  it('finds the members that are complete in every start of JSON', () => {
    const text = JSON.stringify({ code: 0, list: [1, 'a,b', { x: null }], text: '\\"}', last: true });
    for (let length = 1; length <= text.length; length++) {
      const { code, list } = parseJsonStart(text.slice(0, length)) as { code?: unknown; list?: unknown };
      assert.equal(code, length > text.indexOf(',') ? 0 : undefined);
      if (length > text.indexOf('"text"')) assert.deepEqual(list, [1, 'a,b', { x: null }]);
    }
  });
});
