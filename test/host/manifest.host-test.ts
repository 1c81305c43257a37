import assert from 'node:assert/strict';
import { authentication, commands, ConfigurationTarget, extensions, workspace } from 'vscode';
import { commands as commandIds, settings } from '../../extension/model/ids.ts';
import { extensionId, activateExtension } from './activation-record.ts';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category?: string; readonly title: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope?: string }>> };
    readonly authentication: readonly { readonly id: string }[];
  };
}

/** The manifest as VS Code has read it, with the strings of package.nls.json inserted. */
function manifest(): Manifest {
  return extensions.getExtension(extensionId)?.packageJSON as Manifest;
}

describe('the manifest in VS Code', () => {
  it('has all commands registered with a title and a category', async () => {
    await activateExtension();
    const contributed = manifest().contributes.commands;
    const registered = new Set(await commands.getCommands(true));
    assert.deepEqual(
      contributed.filter(({ command }) => !registered.has(command)),
      [],
    );
    assert.deepEqual(contributed.map(({ command }) => command).sort(), Object.values(commandIds).sort());
    for (const { category, title } of contributed) {
      assert.equal(category, 'Partner Auth');
      assert.match(title, /^[A-Z]/, 'the string, not its %key%');
    }
  });

  it('has only settings of application scope, except for the choice of a profile, which VS Code enforces', async () => {
    await activateExtension();
    const { properties } = manifest().contributes.configuration;
    assert.deepEqual(
      Object.keys(properties).sort(),
      Object.values(settings)
        .map((name) => `partnerAuth.${name}`)
        .sort(),
    );
    for (const [name, { scope }] of Object.entries(properties)) {
      if (name === 'partnerAuth.profile') continue;
      assert.equal(scope, 'application', name);
      for (const target of [ConfigurationTarget.Workspace, ConfigurationTarget.WorkspaceFolder]) {
        await assert.rejects(
          Promise.resolve(
            workspace.getConfiguration('partnerAuth').update(name.replace('partnerAuth.', ''), 1, target),
          ),
        );
      }
    }
  });

  it('offers its authentication provider', async () => {
    await activateExtension();
    assert.deepEqual(
      manifest().contributes.authentication.map(({ id }) => id),
      ['partner-auth'],
    );
    assert.deepEqual(await authentication.getAccounts('partner-auth'), []);
  });
});
