import assert from 'node:assert/strict';
import { ConfigurationTarget, workspace } from 'vscode';
import type { Profile } from '../../core/profiles/profile.ts';
import { countRefreshes, runAndDismiss, runCommand, setProfiles, waitUntil, withProfile } from './fixture.ts';
import { activateExtension } from './activation-record.ts';

async function change(name: string, value: unknown): Promise<void> {
  await workspace.getConfiguration('partnerAuth').update(name, value, ConfigurationTarget.Global);
}

function saved(): readonly Profile[] {
  return workspace.getConfiguration('partnerAuth').inspect<Profile[]>('profiles')?.globalValue ?? [];
}

describe('settings in VS Code', () => {
  it('take effect at once in an open session: autoRefresh refreshes a token that is due', async () => {
    await change('autoRefresh', false);
    try {
      await withProfile(
        async ({ sandbox, profile }) => {
          await runCommand('signIn', profile.id);
          const { accessToken } = sandbox.tokens('tconnect') ?? {};
          sandbox.set({ accessLifetime: 3600 });
          assert.equal(countRefreshes(sandbox), 0);
          await change('autoRefresh', true);
          await waitUntil('the refresh', () => (countRefreshes(sandbox) === 1 ? true : undefined));
          await waitUntil('the new token', () => sandbox.tokens('tconnect')?.accessToken !== accessToken || undefined);
        },
        { accessLifetime: 1 },
      );
    } finally {
      await change('autoRefresh', undefined);
    }
  });

  it('keep a session open when they change', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await runCommand('signIn', profile.id);
      for (const margin of [86_400, -5, 9_999_999, 'wrong', undefined]) await change('refreshMargin', margin);
      await runCommand('refresh', profile.id);
      assert.equal(countRefreshes(sandbox), 1);
    });
  });

  it('are not changed by the sandbox, except for a profile of its own', async () => {
    const { context } = await activateExtension();
    const mine = { id: 'sandbox', label: 'Mine', partner: 'bizmail', baseUrl: 'https://mailer.example' };
    const secrets = JSON.stringify({ version: 1, origin: mine.baseUrl, credentials: { password: 'mine-and-secret' } });
    await context.secrets.store('profile:sandbox', secrets);
    await setProfiles([mine]);
    try {
      await runAndDismiss('startSandbox');
      const [first, own, ...others] = saved();
      assert.deepEqual([first, others], [mine, []]);
      assert.match(own?.id ?? '', /^partner-auth\.sandbox(-\d+)?$/);
      assert.equal(await context.secrets.get('profile:sandbox'), secrets);

      const edited = { ...own, label: 'Edited' };
      await setProfiles([mine, edited]);
      await runCommand('stopSandbox');
      let writes = 0;
      const listeners = [
        workspace.onDidChangeConfiguration(() => writes++),
        context.secrets.onDidChange(() => writes++),
      ];
      await runAndDismiss('startSandbox');
      for (const listener of listeners) listener.dispose();
      assert.deepEqual(saved(), [mine, edited]);
      assert.equal(writes, 0);
    } finally {
      await runCommand('stopSandbox');
      await setProfiles([]);
      for (const key of await context.secrets.keys())
        if (key === 'profile:sandbox' || key.startsWith('profile:partner-auth.')) await context.secrets.delete(key);
    }
  });
});
