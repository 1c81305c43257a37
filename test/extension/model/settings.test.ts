import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { checkedSetting, type SettingSchema } from '../../../extension/model/settings.ts';

const { contributes } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  contributes: { configuration: { properties: Record<string, SettingSchema> } };
};
const schemas = Object.entries(contributes.configuration.properties);
/** Milliseconds. A longer timer elapses at once. */
const longestTimer = 2 ** 31 - 1;

describe('checkedSetting', () => {
  for (const [name, schema] of schemas.filter(([, { type }]) => type === 'number')) {
    const { minimum = NaN, maximum = NaN } = schema;
    it(`keeps ${name} between ${minimum} and ${maximum}`, () => {
      assert.ok(maximum > minimum && maximum * 1000 <= longestTimer);
      for (const [value, expected] of [
        [9_999_999, maximum],
        [Infinity, maximum],
        [maximum, maximum],
        [minimum, minimum],
        [-1, minimum],
        [-Infinity, minimum],
        [NaN, schema.default],
        ['60', schema.default],
        [null, schema.default],
        [undefined, schema.default],
        [[60], schema.default],
        [true, schema.default],
      ]) {
        assert.equal(checkedSetting(value, schema), expected, String(value));
      }
    });
  }

  for (const [name, schema] of schemas.filter(([, { type }]) => type === 'boolean' || type === 'string')) {
    it(`uses the default of ${name} for a value of another type`, () => {
      for (const value of [1, null, undefined, {}, [], schema.type === 'string' ? true : 'true'])
        assert.equal(checkedSetting(value, schema), schema.default);
      assert.equal(checkedSetting(schema.default, schema), schema.default);
    });
  }

  it('uses the default for a string that the schema does not list', () => {
    const schema = contributes.configuration.properties['partnerAuth.statusBar.alignment'];
    assert.ok(schema);
    assert.equal(checkedSetting('right', schema), 'right');
    assert.equal(checkedSetting('top', schema), 'left');
  });
});
