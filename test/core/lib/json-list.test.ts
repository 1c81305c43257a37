import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseList, withItem, withItemAt, withoutItemAt } from '../../../core/lib/json-list.ts';

const commented = `\uFEFF// my profiles
[
  { "id": "a", "url": "https://a.example//x", /* inside */ "list": [1, 2,], },
  // before b
  { "id": "b", "text": "/* no comment */ \\" // neither ," },
]
`;
const [a, b] = [
  { id: 'a', url: 'https://a.example//x', list: [1, 2] },
  { id: 'b', text: '/* no comment */ " // neither ,' },
];

describe('a JSON list that people edit', () => {
  it('may have comments, trailing commas and a byte order mark', () => assert.deepEqual(parseList(commented), [a, b]));

  it('is empty if the text is blank', () => {
    for (const text of ['', ' \n', '\uFEFF', '// nothing yet']) assert.deepEqual(parseList(text), []);
  });

  it('is refused if it is something else', () => {
    for (const text of ['{}', '"a"', '[1', '[1}', '[1] 2', 'null', "['a']", '/* [] ', '[1,,2]'])
      assert.throws(() => parseList(text), SyntaxError, text);
  });

  it('keeps its comments when an item is added, replaced or removed', () => {
    const added = withItem(commented, { id: 'c' });
    assert.deepEqual(parseList(added), [a, b, { id: 'c' }]);
    assert.ok(added.includes('// my profiles') && added.includes('/* inside */') && added.includes('// before b'));
    const replaced = withItemAt(commented, 1, { id: 'd' });
    assert.deepEqual(parseList(replaced), [a, { id: 'd' }]);
    assert.ok(replaced.includes('// before b') && replaced.includes('/* inside */'));
    assert.deepEqual(parseList(withoutItemAt(commented, 0)), [b]);
    const removed = withoutItemAt(commented, 1);
    assert.deepEqual(parseList(removed), [a]);
    assert.ok(removed.includes('/* inside */'));
  });

  it('is laid out as a person would', () => {
    assert.equal(withItem('', { id: 'a' }), '[\n  {\n    "id": "a"\n  }\n]\n');
    assert.equal(withoutItemAt('[\n  1\n]\n', 0), '[]\n');
    assert.equal(withItem('// mine\n', 1), '// mine\n[\n  1\n]\n');
    assert.equal(withItem('[]\n', 1), '[\n  1\n]\n');
    assert.equal(withItem('[\n  1\n]\n', 2), '[\n  1,\n  2\n]\n');
  });

  it('has the right items after any change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 5 }),
        fc.jsonValue(),
        fc.nat(),
        fc.boolean(),
        (raw, item, n, pretty) => {
          const list = JSON.parse(JSON.stringify(raw)) as unknown[];
          const value = JSON.parse(JSON.stringify(item)) as unknown;
          const text = JSON.stringify(list, undefined, pretty ? 2 : undefined);
          assert.deepEqual(parseList(withItem(text, value)), [...list, value]);
          if (list.length === 0) return;
          const index = n % list.length;
          assert.deepEqual(parseList(withItemAt(text, index, value)), list.with(index, value));
          assert.deepEqual(parseList(withoutItemAt(text, index)), list.toSpliced(index, 1));
        },
      ),
    );
  });
});
