import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repositoryRoot } from '../helpers/vscode/paths.ts';
import { startPartner } from '../helpers/workbench/leaks.ts';
import { completeSignIn, profileOf, startPartnerAuth, statusItem } from '../helpers/workbench/partner-auth.ts';
import { waitForVisible, waitUntil } from '../helpers/workbench/wait-until.ts';

const folder = join(repositoryRoot, 'out/restricted-mode');

/** What a repository could contain to redirect a credential. */
const hostile = {
  'partnerAuth.profile': 'cloudreve',
  'partnerAuth.profiles': [{ id: 'bizmail', label: 'Mailer', partner: 'bizmail', baseUrl: 'https://evil.example' }],
  'partnerAuth.autoRefresh': false,
};

describe('Restricted Mode', () => {
  it('ignores what the workspace selects, asks about it once the workspace is trusted, and does everything else', async () => {
    await mkdir(folder, { recursive: true });
    await using partner = await startPartner();
    await using workbench = await startPartnerAuth({
      profiles: [profileOf(partner, 'bizmail'), profileOf(partner, 'cloudreve')],
      settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.banner': 'always' },
    });
    const list = (): string[] =>
      globSync('User/globalStorage/*/terminals/*.json', { cwd: workbench.editor.userDataDir });
    // Windows of other tests that were killed have left theirs behind.
    const before = list();
    const terminalFiles = (): string[] => list().filter((name) => !before.includes(name));
    const window = await workbench.openWindow('cloned', { '.vscode/settings.json': JSON.stringify(hostile) });
    await waitForVisible(window.page, 'Restricted Mode', window.page.locator('[id="status.workspaceTrust"]'));
    await statusItem(window).waitFor('$(key) Mailer: Sign in');

    await statusItem(window).click();
    await completeSignIn(window, partner, 'bizmail');
    await statusItem(window).waitFor('$(key) Mailer 23h');
    await statusItem(window).click();
    await window.runCommand('Partner Auth: Copy Access Token');
    await window.waitForClipboard(partner.tokens('bizmail')?.accessToken ?? '?');
    assert.deepEqual(
      partner.journal.map(({ call, outcome }) => `${call} ${outcome}`),
      ['login ok', 'refresh ok'],
    );
    assert.deepEqual(await window.notifications.list(), [], 'nothing is asked about the workspace');
    const { text } = await statusItem(window).tooltip();
    assert.match(text, /127\.0\.0\.1/);
    assert.deepEqual(terminalFiles(), [], 'terminals cannot use the profiles');
    await window.screenshot(join(folder, '1-restricted.png'));
    await window.page.mouse.move(600, 300);

    await window.runCommand('Workspaces: Manage Workspace Trust');
    await window.page.locator('.workspace-trust-editor .monaco-button').getByText('Trust', { exact: true }).click();
    const question =
      /^The settings of this workspace select your profile Drive at 127\.0\.0\.1:\d+\. Use it in this workspace\?$/;
    await window.notifications.waitFor(question);
    await statusItem(window).waitFor('$(key) Mailer 23h');
    await waitUntil(window.page, 'the terminals', async () => terminalFiles().length > 0 || undefined);
    await window.screenshot(join(folder, '2-trusted.png'));
    await window.notifications.click(question, 'Use Profile');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
    assert.equal(partner.journal.length, 2, 'the choice signs in to nothing');
  });
});
