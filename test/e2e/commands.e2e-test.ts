import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { packClient, requestSession } from '../helpers/workbench/client.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  countCalls,
  completeSignIn,
  statusMessage,
  profileOf,
  startPartnerAuth,
  statusItem,
} from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

describe('the commands of a signed-in profile', () => {
  const stack = new AsyncDisposableStack();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    folder = stack.use(await temporaryFolder());
    partner = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({
        profiles: [profileOf(partner, 'tconnect'), profileOf(partner, 'cloudreve')],
        settings: { 'partnerAuth.clipboard.clearAfter': 0 },
        otherExtensions: [await packClient(folder.path)],
      }),
    );
    window = await workbench.openWindow('acme');
    await window.runCommand('Partner Auth: Sign In');
    await completeSignIn(window, partner);
  });
  after(() => stack.disposeAsync());

  it('copy an Authorization header', async () => {
    await window.runCommand('Partner Auth: Copy as Authorization Header');
    await window.waitForClipboard(`Authorization: Bearer ${partner.tokens('tconnect')?.accessToken ?? ''}`);
    await statusMessage(window).waitFor('$(check) Authorization header copied (9h)');
  });

  it('copy a cURL command that returns 200', async () => {
    await window.runCommand('Partner Auth: Copy as cURL');
    const command = await window.waitForClipboard(/^curl /);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent --write-out '\n%{http_code}'`]);
    assert.equal(stdout.split('\n').at(-1), '200', stdout);
    assert.equal(countCalls(partner, 'protected'), 1);
  });

  it('show the claims and lifetimes of the token without its signature', async () => {
    await window.runCommand('Partner Auth: Inspect Token');
    const text = await window.waitForEditor(/"claims"/);
    assert.match(text, /"note": "None of this has been verified\. The signature is omitted\."/);
    assert.match(text, /"accessTokenExpiresAt": "20\d\d-/);
    await window.page.keyboard.type('x');
    await window.page.getByText('Cannot edit in read-only editor').first().waitFor();
    await window.page.keyboard.press('Escape');
    await window.runCommand('View: Close Editor');
  });

  it('run from links in the tooltip, which shows the account and the deadlines', async () => {
    const { text, links } = await statusItem(window).tooltip();
    const { username } = partner.profiles.tconnect.credentials;
    assert.match(text, /^ACME/);
    assert.match(text, new RegExp(`Account\\s+${username}`));
    assert.match(text, new RegExp(`Partner\\s+TCONNECT, 127\\.0\\.0\\.1:${new URL(partner.url).port}`));
    assert.match(text, /Access token expires\s+.*\(9h\)/);
    assert.match(text, /Sign in again by\s+.*\(29d\)/);
    assert.match(text, /Signed in\s/);
    assert.doesNotMatch(text, /Last refresh/);
    assert.deepEqual(
      links.map((link) => link.trim()),
      ['Refresh', 'Copy token', 'Inspect', 'Sign out', 'Log'],
    );
    const before = countCalls(partner, 'refresh');
    await statusItem(window).clickTooltipLink('Refresh');
    await statusMessage(window).waitFor('ACME: the access token was refreshed.');
    assert.equal(countCalls(partner, 'refresh'), before + 1);
  });

  it('give another extension a token after consent, with an event when it changes', async () => {
    const account = accountLabel();
    await window.writeClipboard('');
    await requestSession(window, { scopes: ['tconnect'], options: { createIfNone: true } });
    const { text } = await window.dialogs.waitFor();
    assert.match(text, /client/i);
    await window.dialogs.click('Allow');
    await window.quickInput.pick(account);
    const received = /^received (.*), changes: (\d+)$/;
    const [, label, before] = received.exec((await window.notifications.waitFor(received)).text) ?? [];
    assert.equal(label, account);
    await window.waitForClipboard(partner.tokens('tconnect')?.accessToken ?? '');

    await window.notifications.dismissAll();
    // The same message may still be visible from an earlier refresh.
    await statusMessage(window).waitUntilGone();
    await statusItem(window).click();
    await statusMessage(window).waitFor('ACME: the access token was refreshed.');
    await requestSession(window, { scopes: ['tconnect'], options: { createIfNone: true } });
    await window.waitForClipboard(partner.tokens('tconnect')?.accessToken ?? '');
    await window.notifications.waitFor(`received ${account}, changes: ${Number(before) + 1}`);
    await window.notifications.dismissAll();
  });

  it('switch the profile per workspace', async () => {
    await window.runCommand('Partner Auth: Switch Profile');
    const { rows } = await window.quickInput.waitFor({ row: 'Drive' });
    assert.deepEqual(
      rows.map(({ label, description }) => [label, description]),
      [
        ['ACME', 'signed in 9h · current'],
        ['Drive', 'signed out'],
        ['$(add) Add Profile…', ''],
      ],
    );
    await window.quickInput.pick('Drive');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
    const other = await workbench.openWindow('another workspace');
    await statusItem(other).waitFor('$(key) ACME 9h');
    await other.page.close();
    await window.page.bringToFront();
    await window.reload();
    await statusItem(window).waitFor('$(key) Drive: Sign in');
  });

  it('sign out from the Accounts menu', async () => {
    const entry = `${accountLabel()} (Partner Auth)`;
    assert.ok((await window.accounts.open()).includes(entry));
    await window.accounts.choose(entry, 'Sign Out');
    await window.dialogs.click('Sign Out');
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick('ACME');
    await statusItem(window).waitFor('$(key) ACME: Sign in');
    assert.equal((await window.accounts.open()).includes(entry), false);
    await window.accounts.close();
  });

  it('leave no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });

  function accountLabel(): string {
    const { username } = partner.profiles.tconnect.credentials;
    return `${username} – tconnect @ ${new URL(partner.url).host}`;
  }
});
