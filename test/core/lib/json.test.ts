import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { parseJson, stringAt, valueAt } from '../../../core/lib/json.ts';

describe('value at a path', () => {
  const answer = { a: { b: { c: 'deep' }, list: ['x'] }, empty: '', zero: 0, none: null, 'a.b': 'dotted' };
  const table: readonly (readonly [path: string | undefined, expected: unknown])[] = [
    [undefined, answer],
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
    it(`${String(path)} is ${inspect(expected).slice(0, 30)}`, () => {
      assert.deepEqual(valueAt(answer, path), expected);
    });
  }

  it('is undefined in anything that is no object', () => {
    for (const value of [undefined, null, 'text', 7, true]) assert.equal(valueAt(value, 'length'), undefined);
  });

  it('is a text only where there is one that is not empty', () => {
    assert.equal(stringAt(answer, 'a.b.c'), 'deep');
    for (const path of ['empty', 'zero', 'none', 'a', 'missing', undefined])
      assert.equal(stringAt(answer, path), undefined);
    assert.equal(stringAt('text', undefined), undefined);
  });
});

describe('parseJson', () => {
  it('gives undefined for what is no JSON', () => {
    for (const text of ['', ' ', '{', "{'a':1}", 'undefined', '\ufeff{}', '<html>'])
      assert.equal(parseJson(text), undefined);
    assert.deepEqual(parseJson(' {"a":[1]} '), { a: [1] });
    assert.equal(parseJson('null'), null);
  });
});
