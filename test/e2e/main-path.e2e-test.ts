import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  countCalls,
  completeSignIn,
  profileOf,
  startPartnerAuth,
  statusItem,
  statusMessage,
} from '../helpers/workbench/partner-auth.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';
import { english, runMainPath } from './main-path.ts';

describe('the main path', () => {
  const stack = new AsyncDisposableStack();
  let sandbox: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    sandbox = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({
        profiles: [profileOf(sandbox, 'tconnect'), profileOf(sandbox, 'cloudreve')],
        settings: { 'partnerAuth.clipboard.clearAfter': 2 },
      }),
    );
    console.log(`Running in VS Code ${workbench.editor.server.version}, installed from a VSIX, in headless Chromium`);
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  it('signs in, refreshes on click, copies the token, reloads and signs out', async () => {
    await runMainPath(window, sandbox, english);
  });

  it('revokes the session on sign-out at a partner that supports it', async () => {
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick('Drive');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
    await statusItem(window).click();
    await completeSignIn(window, sandbox, 'cloudreve');
    await window.runCommand('Partner Auth: Sign Out');
    // The status item changes before the partner has confirmed it.
    await statusMessage(window).waitFor('Signed out of Drive.');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
    assert.equal(countCalls(sandbox, 'logout'), 1);
  });

  it('starts the built-in sandbox and signs in to it from the notification', async () => {
    const before = sandbox.journal.length;
    await window.runCommand('Partner Auth: Start Sandbox Partner');
    await window.notifications.click(
      /^The sandbox partner is running at http:\/\/127\.0\.0\.1:\d+\. Its profile Sandbox is ready\.$/,
      'Sign In',
    );
    await statusItem(window).waitFor('$(key) Sandbox 9h');
    await window.runCommand('Partner Auth: Copy Access Token');
    await window.waitForClipboard(/^eyJ/);
    await window.runCommand('Partner Auth: Stop Sandbox Partner');
    assert.equal(sandbox.journal.length, before, 'nothing was sent to the other partner');
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, sandbox.secrets());
  });
});
