import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { ConfigurationTarget, workspace } from 'vscode';
import { addressVariable, findEditor, startBroker } from '../../core/broker/index.ts';
import { runCommand, waitUntil, withProfile } from './fixture.ts';
import { activateExtension } from './activation-record.ts';

const offered = async (variable: string | undefined) => (await findEditor({ [addressVariable]: variable }))?.profiles;

describe('terminals of VS Code', () => {
  it('get a variable with the name of a file, by which their programs use a profile without its secrets', async () => {
    const { environmentVariableCollection } = (await activateExtension()).context;
    await withProfile(async ({ sandbox, profile }) => {
      await runCommand('signIn', profile.id);
      const { value } = await waitUntil('the variable', () => environmentVariableCollection.get(addressVariable));
      const editor = await findEditor({ [addressVariable]: value });
      const known = editor?.profiles.find(({ id }) => id === profile.id);
      assert.ok(editor !== undefined && known?.status.phase === 'valid');
      const { accessToken = '', refreshToken = '' } = sandbox.tokens('tconnect') ?? {};
      for (const secret of [accessToken, refreshToken, sandbox.profiles.tconnect.cipher.key])
        assert.ok(secret !== '' && !JSON.stringify(editor).includes(secret));
      const session = editor.session(known);
      await session.refresh();
      assert.notEqual(sandbox.tokens('tconnect')?.accessToken, accessToken);
    });
  });

  it('lose it while the setting is off, with the socket, and find no window that does not see the setting', async () => {
    const { environmentVariableCollection } = (await activateExtension()).context;
    const change = async (value: unknown): Promise<void> =>
      workspace.getConfiguration('partnerAuth').update('terminal.enabled', value, ConfigurationTarget.Global);
    const { value } = await waitUntil('the variable', () => environmentVariableCollection.get(addressVariable));
    assert.ok((await offered(value)) !== undefined);
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const disconnected = await startBroker(join(dirname(value), 'disconnected.json'), {
      log,
      profiles: () => Promise.resolve([]),
      session: () => Promise.reject(new Error('It has none.')),
      allowToken: () => Promise.resolve(false),
    });
    await change(false);
    try {
      await waitUntil(
        'the end of the variable',
        () => environmentVariableCollection.get(addressVariable) === undefined || undefined,
      );
      await waitUntil('the end of the socket', async () => (await offered(value)) === undefined || undefined);
    } finally {
      await disconnected.close();
      await change(undefined);
    }
    await waitUntil('the socket', async () => (await offered(value)) !== undefined || undefined);
    assert.equal(environmentVariableCollection.get(addressVariable)?.value, value);
  });
});
