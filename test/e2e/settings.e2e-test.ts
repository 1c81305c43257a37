import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startPartnerAuth, statusItem } from '../helpers/workbench/partner-auth.ts';
import { waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const mine = { id: 'sandbox', label: 'Mine', partner: 'bizmail', baseUrl: 'https://mailer.example' };
const live = { id: 'live', label: 'Live', partner: 'bizmail', baseUrl: 'https://live.example' };
const folderSettings = { '.vscode/settings.json': '{ "partnerAuth.profile": "live" }' };
const question = 'The settings of this workspace select your profile Live at live.example. Use it in this workspace?';

describe('settings', () => {
  const stack = new AsyncDisposableStack();
  let workbench: Workbench;
  let window: WorkbenchWindow;
  let file: string;

  before(async () => {
    workbench = stack.use(await startPartnerAuth({ profiles: [mine, live] }));
    file = join(workbench.editor.userDataDir, 'User/settings.json');
  });
  after(() => stack.disposeAsync());

  /** VS Code writes the state of a workspace a moment later, and in a browser a reload does not wait for that. */
  async function waitUntilStored(name: string): Promise<void> {
    await waitUntil(window.page, `the state ${name} to be stored`, async () =>
      (await workbench.browserState()).includes(name) ? true : undefined,
    );
  }

  it('let a workspace select a profile once the user agrees, without a sign-in', async () => {
    window = await workbench.openWindow('project', folderSettings);
    await statusItem(window).waitFor('$(key) Mine: Sign in');
    const { buttons } = await window.notifications.waitFor(question);
    assert.deepEqual(buttons, ['Use Profile', 'Do Not Use']);
    await window.notifications.click(question, 'Use Profile');
    await statusItem(window).waitFor('$(key) Live: Sign in');
    await window.quickInput.waitUntilClosed();

    await waitUntilStored('workspaceProfiles');
    await window.reload();
    await statusItem(window).waitFor('$(key) Live: Sign in');
    assert.deepEqual(await window.notifications.list(), []);
  });

  it('follow Switch Profile in that workspace, and select nothing in another one', async () => {
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick('Mine');
    await statusItem(window).waitFor('$(key) Mine: Sign in');

    const other = await workbench.openWindow('other project', folderSettings);
    await other.notifications.click(question, 'Do Not Use');
    await statusItem(other).waitFor('$(key) Mine: Sign in');
    await other.page.close();
    await window.page.bringToFront();
    await waitUntilStored('selectedProfile');
    await window.reload();
    await statusItem(window).waitFor('$(key) Mine: Sign in');
    assert.deepEqual(await window.notifications.list(), []);
  });

  it('move the status item to the other side and shorten it at once, and keep comments outside of lists', async () => {
    const place = async (): Promise<number> => (await statusItem(window).locator.boundingBox())?.x ?? NaN;
    assert.ok((await place()) < 640);
    await workbench.changeUserSettings({
      'partnerAuth.statusBar.compact': true,
      'partnerAuth.statusBar.alignment': 'right',
    });
    const commented = (await readFile(file, 'utf8'))
      .replace('{', '{ // first\n  // second')
      .replace('"partnerAuth.profiles"', '/* third */ "partnerAuth.profiles"');
    await writeFile(file, commented);
    // The VS Code server from npm has no file watcher, so that VS Code reads the file when it writes to it.
    await window.runCommand('Partner Auth: Start Sandbox Partner');
    await window.notifications.waitFor(/^The sandbox partner is running at .* Its profile Sandbox is ready\.$/);
    const { label } = await statusItem(window).waitFor('$(key)');
    assert.match(label, /^Sandbox: signed out/);
    assert.ok((await place()) > 640);

    const started = await readFile(file, 'utf8');
    for (const comment of ['// first', '// second', '/* third */']) assert.ok(started.includes(comment), started);
    assert.match(started, /"id": "sandbox",\s+"label": "Mine"/);
    assert.match(started, /"id": "partner-auth\.sandbox"/);
  });

  it('are not written when the sandbox starts again', async () => {
    const commented = (await readFile(file, 'utf8')).replace('"id": "sandbox"', '// inside\n      "id": "sandbox"');
    await writeFile(file, commented);
    await window.notifications.dismissAll();
    await window.runCommand('Partner Auth: Stop Sandbox Partner');
    await window.runCommand('Partner Auth: Start Sandbox Partner');
    await window.notifications.click(/^The sandbox partner is running at /, 'Sign In');
    await statusItem(window).waitFor('$(key) 9h');
    assert.equal(await readFile(file, 'utf8'), commented);
  });

  it('are in a report with the masked last exchange, also where VS Code has no issue reporter', async () => {
    await window.runCommand('Partner Auth: Report Issue');
    await window.waitForEditor(/"statusBar\.alignment": "right"/);
    await window.notifications.click(/^VS Code could not open its issue reporter/, 'Copy Report');
    const report = await window.waitForClipboard(/"version"/);
    assert.match(report, /"call": "login"/);
    assert.match(report, /"username": "••••••••"/);
    assert.doesNotMatch(report, /merchant-/);
  });
});
