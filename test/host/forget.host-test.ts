import assert from 'node:assert/strict';
import { authentication, commands } from 'vscode';
import { runAndDismiss, runCommand, setProfiles, waitUntil, withProfile } from './fixture.ts';

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

  it('of everything is confirmed in a dialog, which VS Code does not show to tests', async () => {
    await withProfile(async ({ profile, secretKey, secrets }) => {
      await runCommand('signIn', profile.id);
      assert.equal(await runAndDismiss('forgetEverything'), undefined);
      assert.ok(await secrets.get(secretKey));
      assert.equal((await authentication.getAccounts('partner-auth')).length, 1);
    });
  });
});
