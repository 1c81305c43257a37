import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { definePartner, type PartnerDefinition } from '../../../core/index.ts';
import { parseProfile } from '../../../core/profiles/profile.ts';

const folder = new URL('../../../core/partners/examples/', import.meta.url);

describe('the examples of definitions', () => {
  for (const name of readdirSync(folder)) {
    it(`${name} has a profile of a definition`, () => {
      const example = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
        readonly profile: { readonly partner: string };
        readonly definition: PartnerDefinition;
      };
      assert.deepEqual(Object.keys(example), ['profile', 'definition']);
      const definition = definePartner(example.definition);
      assert.equal(definition.id, example.profile.partner);
      const parsed = parseProfile(example.profile, { [definition.id]: definition });
      assert.equal(parsed.kind, 'profile');
    });
  }
});
