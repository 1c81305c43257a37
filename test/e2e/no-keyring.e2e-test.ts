import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertNoLeak, startPartner } from '../helpers/workbench/leaks.ts';
import { completeSignIn, profileOf, startPartnerAuth, statusItem } from '../helpers/workbench/partner-auth.ts';

describe('a machine that cannot store secrets', () => {
  it('is detected, and every sign-in warns that it lasts for one window only', async () => {
    await using partner = await startPartner();
    await using workbench = await startPartnerAuth({
      profiles: [profileOf(partner, 'bizmail')],
      keyring: false,
      theme: 'high-contrast',
    });
    const window = await workbench.openWindow();
    await window.runCommand('Partner Auth: Sign In');
    await completeSignIn(window, partner, 'bizmail');
    await window.reload();
    await statusItem(window).waitFor('$(key) Mailer: Sign in');
    const { text } = await statusItem(window).tooltip();
    assert.match(text, /This machine cannot store secrets: a sign-in lasts for one window only\./);

    await statusItem(window).click();
    await completeSignIn(window, partner, 'bizmail');
    const warning = 'Signed in to Mailer for this window only: this machine cannot store secrets.';
    assert.deepEqual((await window.notifications.waitFor(warning)).buttons, ['How to Fix It']);
    const note = /Signed in for this window only: this machine cannot store secrets\./;
    assert.match((await statusItem(window).tooltip()).text, note);
    await window.runCommand('Partner Auth: Show Log');
    await window.waitForOutput(/This machine loses secrets when a window closes\./);
    await assertNoLeak(workbench, partner.secrets());
  });
});
