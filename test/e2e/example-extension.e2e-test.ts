import assert from 'node:assert/strict';
import { it } from 'node:test';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { packExample } from '../helpers/workbench/client.ts';
import { startPartner } from '../helpers/workbench/leaks.ts';
import { completeSignIn, profileOf, startPartnerAuth } from '../helpers/workbench/partner-auth.ts';

it('the extension of core/examples/ calls the partner with the token that the user has allowed', async () => {
  await using folder = await temporaryFolder();
  await using partner = await startPartner();
  const profile = profileOf(partner, 'cloudreve', { id: 'drive', label: 'Drive' });
  const otherExtensions = [await packExample(folder.path)];
  await using workbench = await startPartnerAuth({ profiles: [profile], otherExtensions });
  const window = await workbench.openWindow('drive');
  await window.runCommand('Partner Auth: Sign In');
  await completeSignIn(window, partner, 'cloudreve');
  await window.runCommand('Show Capacity');
  await window.quickInput.pick('Drive');
  await window.dialogs.click('Allow');
  const { email } = partner.profiles.cloudreve.credentials;
  const label = `${email} – drive @ ${new URL(partner.url).host}`;
  await window.quickInput.pick(label);
  const { text } = await window.notifications.waitFor(/"used"/);
  assert.ok(text.startsWith(`${label}: {"code":0,`), text);
  assert.equal(partner.journal.at(-1)?.outcome, 'ok');
});
