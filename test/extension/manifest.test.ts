import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { authenticationProvider, commands, contextKeys, extensionId, settings } from '../../extension/model/ids.ts';
import { parseProfiles } from '../../core/profiles/profile.ts';
import { tooltipCommands } from '../../extension/view/tooltip.ts';

interface Manifest {
  readonly name: string;
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly category?: string;
      readonly icon?: string;
      readonly enablement?: string;
    }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
    readonly configuration: {
      readonly properties: Readonly<
        Record<
          string,
          {
            readonly scope?: string;
            readonly default?: unknown;
            readonly order?: number;
            readonly items?: {
              readonly properties: object;
              readonly required: readonly string[];
              readonly defaultSnippets: readonly { readonly body: object }[];
            };
          }
        >
      >;
    };
    readonly authentication: readonly { readonly id: string }[];
    readonly walkthroughs: readonly {
      readonly icon?: string;
      readonly steps: readonly {
        readonly media: { readonly svg: string };
        readonly completionEvents: readonly string[];
        readonly description: string;
      }[];
    }[];
  };
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const { contributes } = manifest;
const sorted = (list: Iterable<string>): string[] => [...list].sort();
const contextKeysIn = (condition: string): string[] => condition.match(/partnerAuth\.\w+/g) ?? [];

describe('commands of the manifest', () => {
  it('are those defined in the code', () => {
    assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(Object.values(commands)));
  });

  it('are named after their ids, and have the same category and an icon', () => {
    for (const [name, id] of Object.entries(commands)) assert.equal(id, `partnerAuth.${name}`);
    for (const { command, category, icon } of contributes.commands) {
      assert.equal(category, 'Partner Auth', command);
      assert.match(icon ?? '', /^\$\([\w-]+\)$/, command);
    }
  });

  it('use all context keys of the code, and no others', () => {
    const known = Object.values(contextKeys);
    const conditions = [
      ...contributes.commands.map(({ enablement }) => enablement ?? ''),
      ...contributes.menus.commandPalette.map(({ when }) => when),
    ];
    const used = new Set(conditions.flatMap(contextKeysIn));
    assert.deepEqual(sorted(used), sorted(known));
  });

  it('offer to sign out of all profiles only if someone is signed in to one of them', () => {
    const { menus, commands: list } = contributes;
    const entry = menus.commandPalette.find(({ command }) => command === commands.signOutAll);
    const { enablement } = list.find(({ command }) => command === commands.signOutAll) ?? {};
    assert.deepEqual([entry?.when, enablement], [contextKeys.anySignedIn, contextKeys.anySignedIn]);
  });

  it('include every command that the palette hides', () => {
    for (const { command } of contributes.menus.commandPalette)
      assert.ok(Object.values<string>(commands).includes(command), command);
  });

  it('include every command and context key used by the tooltip and the walkthrough', () => {
    const ids = Object.values<string>(commands);
    const steps = contributes.walkthroughs.flatMap(({ steps }) => steps);
    const links = Object.entries(JSON.parse(read('package.nls.json')) as Record<string, string>).flatMap(([, text]) =>
      [...text.matchAll(/\(command:([\w.]+)\)/g)].map(([, id = '']) => id),
    );
    const events = steps.flatMap(({ completionEvents }) => completionEvents);
    const run = events.filter((event) => event.startsWith('onCommand:')).map((event) => event.slice(10));
    for (const id of [...tooltipCommands, ...links, ...run]) assert.ok(ids.includes(id), id);
    assert.equal(links.length, steps.length);
    const keys = events.filter((event) => event.startsWith('onContext:')).map((event) => event.slice(10));
    for (const key of keys) assert.ok(Object.values<string>(contextKeys).includes(key), key);
  });
});

describe('settings of the manifest', () => {
  const { properties } = contributes.configuration;

  it('are those defined in the code', () => {
    assert.deepEqual(
      sorted(Object.keys(properties)),
      sorted(Object.values(settings).map((name) => `partnerAuth.${name}`)),
    );
  });

  it('cannot be set by a workspace, except for the choice of a profile, and that not in Restricted Mode', () => {
    for (const [name, { scope }] of Object.entries(properties))
      assert.equal(scope, name === 'partnerAuth.profile' ? 'resource' : 'application', name);
    assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations, ['partnerAuth.profile']);
  });

  it('have a default and a unique order', () => {
    const orders = Object.values(properties).map(({ order }) => order);
    assert.equal(new Set(orders).size, orders.length);
    for (const [name, property] of Object.entries(properties)) assert.ok('default' in property, name);
  });

  it('offer profile snippets with the required fields and no unknown ones', () => {
    const items = properties['partnerAuth.profiles']?.items;
    assert.ok(items !== undefined);
    for (const { body } of items.defaultSnippets) {
      for (const field of Object.keys(body)) assert.ok(field in items.properties, field);
      for (const field of items.required) assert.ok(field in body, field);
    }
  });

  it('describe only profile fields that the code accepts', () => {
    const fields = Object.keys(properties['partnerAuth.profiles']?.items?.properties ?? {});
    const profile = { id: 'a', label: 'A', partner: 'bizmail', baseUrl: 'https://partner.example' };
    for (const field of fields) {
      const { problems } = parseProfiles([{ ...profile, [field]: Symbol('no value fits') }]);
      assert.notEqual(problems[0]?.message, 'is not a known field', field);
    }
    assert.equal(parseProfiles([{ ...profile, other: 1 }]).problems[0]?.field, 'other');
  });
});

describe('the rest of the manifest', () => {
  it('declares the authentication provider that the code registers', () => {
    assert.deepEqual(
      contributes.authentication.map(({ id }) => id),
      [authenticationProvider],
    );
    assert.equal(manifest.name, extensionId);
  });

  it('references images that exist', () => {
    const steps = contributes.walkthroughs.flatMap(({ steps }) => steps);
    const files = [
      manifest.icon,
      ...contributes.walkthroughs.flatMap(({ icon }) => icon ?? []),
      ...steps.map(({ media }) => media.svg),
    ];
    for (const file of files) assert.ok(existsSync(`${root}${file}`), file);
  });
});

describe('walkthrough images', () => {
  const images = globSync('extension/media/*.svg', { cwd: root });

  for (const file of images) {
    const svg = read(file);
    it(`${file.replaceAll('\\', '/')} is small and self-contained, and uses theme colors`, () => {
      assert.ok(svg.length < 12_000, `${svg.length} bytes`);
      assert.doesNotMatch(svg, /<script|<foreignObject|<image|\son\w+=|href=|url\((?!#)|@import|javascript:|data:/i);
      assert.doesNotMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:/);
      assert.match(svg, /var\(--vscode-/);
    });
  }

  it('exist for all four steps', () => {
    assert.equal(images.length, 4);
  });
});
