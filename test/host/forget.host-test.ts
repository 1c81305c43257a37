import assert from 'node:assert/strict';
import { authentication, commands } from 'vscode';
import { runCommand, setProfiles, waitUntil, withProfile } from './fixture.ts';

/** Selects the first button of the notification, once it is shown, until `isDone`. */
async function acceptNotification(isDone: () => Promise<boolean>): Promise<void> {
  await waitUntil('the effect of the notification', async () => {
    await commands.executeCommand('notification.acceptPrimaryAction');
    return (await isDone()) ? true : undefined;
  });
}

describe('forgetting in VS Code', () => {
  it('is offered when a profile is removed from the settings, and deletes its secrets', async () => {
    await withProfile(async ({ profile, secretKey, secrets }) => {
      await runCommand('signIn', profile.id);
      await commands.executeCommand('notifications.clearAll');
      await setProfiles([]);
      assert.ok(await secrets.get(secretKey));
      await acceptNotification(async () => (await secrets.get(secretKey)) === undefined);
    });
  });

  it('is not offered for a profile that is only invalid', async () => {
    await withProfile(async ({ profile, secretKey, secrets }) => {
      await runCommand('signIn', profile.id);
      await commands.executeCommand('notifications.clearAll');
      await setProfiles([{ ...profile, partner: 'nobody' }]);
      await setProfiles([profile]);
      assert.ok(await secrets.get(secretKey));
      assert.equal((await authentication.getAccounts('partner-auth')).length, 1);
    });
  });

  it('of everything deletes all secrets but the canary', async () => {
    await withProfile(async ({ profile, secrets }) => {
      await runCommand('signIn', profile.id);
      await secrets.store('profile:removed-long-ago', '{}');
      await commands.executeCommand('notifications.clearAll');
      const done = runCommand('forgetEverything');
      await acceptNotification(async () => (await secrets.keys()).join() === 'keyring-canary');
      assert.equal(await done, undefined);
      assert.deepEqual(await authentication.getAccounts('partner-auth'), []);
    });
  });
});
