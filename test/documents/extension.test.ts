import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseProfiles } from '../../core/profiles/index.ts';
import { activeProfile } from '../../extension/model/active-profile.ts';
import { testDocument } from '../helpers/documents.ts';
import { root } from '../helpers/tarball.ts';

const { profiles } = parseProfiles(
  ['first', 'acme-live'].map((id) => ({ id, label: id, partner: 'bizmail', baseUrl: 'https://partner.example' })),
);
const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  contributes: { commands: { command: string }[]; configuration: { properties: Record<string, { scope: string }> } };
};

testDocument('extension/README.md', {
  async keybinding({ code }) {
    const keys = JSON.parse(code) as { key: string; command: string; args?: unknown }[];
    assert.equal(new Set(keys.map(({ key }) => key)).size, keys.length);
    for (const { command, args } of keys) {
      assert.ok(
        contributes.commands.some((contributed) => contributed.command === command),
        command,
      );
      assert.ok(args === undefined || profiles.some(({ id }) => id === args));
    }
  },

  async workspace({ code }) {
    const [[name, workspaceSetting] = []] = Object.entries(JSON.parse(code) as Record<string, string>);
    assert.equal(contributes.configuration.properties[name ?? '']?.scope, 'resource');
    const facts = { profiles, selection: undefined, userSetting: undefined, workspaceSetting, isTrusted: true };
    assert.equal(activeProfile({ ...facts, decisions: [] }).undecided?.id, 'acme-live');
  },
});
