import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repositoryRoot } from '../helpers/vscode/paths.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import { profileOf, signInInputs, startPartnerAuth, statusItem, typeSteps } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const folder = join(repositoryRoot, 'out/locked-keyring');

/** What of secret storage fails. */
type Lock = 'nothing' | 'writes' | 'everything';

/**
 * Makes the workbench reject what extensions store and read, as that of a desktop does with a locked keyring: secret storage
 * in a browser never fails.
 */
async function addKeyringLock({ context }: Workbench): Promise<void> {
  await context.route('**/workbench.js', async (route) => {
    const response = await route.fetch();
    const source = await response.text();
    const body = source.replace(/\$(get|set|delete)Password\([\w,]*\)\{/g, (method, access: string) => {
      const locked = access === 'get' ? "=== 'everything'" : "!== 'nothing'";
      return `${method}if ((globalThis.keyringLock ?? 'nothing') ${locked}) return Promise.reject(new Error('locked'));`;
    });
    assert.notEqual(body, source);
    await route.fulfill({ response, body });
  });
}

describe('a locked keyring', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    await mkdir(folder, { recursive: true });
    partner = stack.use(await startPartner());
    workbench = stack.use(await startPartnerAuth({ profiles: [profileOf(partner, 'bizmail')] }));
    await addKeyringLock(workbench);
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  const lock = (what: Lock): Promise<unknown> => window.page.evaluate(`globalThis.keyringLock = '${what}'`);

  it('that cannot be read is named by a sign-in, which keeps what was typed', async () => {
    await statusItem(window).click();
    await window.quickInput.waitFor({ step: 1 });
    await lock('everything');
    await typeSteps(window, signInInputs(partner, 'bizmail'));
    await window.quickInput.pick("Don't remember");
    const { text } = await window.dialogs.waitFor();
    assert.match(text, /^Mailer: the keyring of this machine could not be read\. Unlock it or set one up/);
    await window.screenshot(join(folder, '1-not-read.png'));
    assert.equal(partner.journal.length, 0, 'nothing was sent');
    await lock('writes');
    await window.dialogs.click('Try Again');
  });

  it('that cannot be written makes the sign-in last for this window, and is named too', async () => {
    const message =
      'Mailer: the keyring of this machine could not be written, so a sign-in lasts for this window only, and stored tokens are not refreshed. Unlock it or set one up, then try again.';
    const { buttons } = await window.notifications.waitFor(message);
    assert.deepEqual(buttons, ['Try Again', 'How to Fix It', 'Show Log']);
    await statusItem(window).waitFor(/^\$\(warning\) Mailer 23h, not saved$/);
    const { text } = await statusItem(window).tooltip();
    assert.match(text, /Signed in for this window only/);
    await window.screenshot(join(folder, '2-not-written.png'));
    await window.page.mouse.move(600, 300);
    await window.runCommand('Partner Auth: Copy Access Token');
    await window.waitForClipboard(partner.tokens('bizmail')?.accessToken ?? '?');
  });

  it('saves the session once it is unlocked', async () => {
    await lock('nothing');
    await window.notifications.click(/^Mailer: the keyring/, 'Try Again');
    await statusItem(window).waitFor('$(key) Mailer 23h');
    await window.reload();
    await statusItem(window).waitFor('$(key) Mailer 23h');
    const { text } = await statusItem(window).tooltip();
    assert.doesNotMatch(text, /window only/);
  });

  it('keeps the session when a refresh could not be saved', async () => {
    await window.page.mouse.move(600, 300);
    await lock('writes');
    await statusItem(window).click();
    const { text } = await window.notifications.waitFor(/^Mailer: /);
    assert.match(text, /keyring/);
    await window.screenshot(join(folder, '3-refresh.png'));
    await window.runCommand('Partner Auth: Copy Access Token');
    await window.waitForClipboard(partner.tokens('bizmail')?.accessToken ?? '?');
    await window.notifications.dismissAll();
  });

  it('is named when nothing can be deleted', async () => {
    await window.runCommand('Partner Auth: Sign Out');
    const { buttons } = await window.notifications.waitFor(/^Mailer: the stored session could not be deleted\./);
    assert.deepEqual(buttons, ['Try Again', 'How to Fix It', 'Show Log']);
    await window.screenshot(join(folder, '4-sign-out.png'));
    await lock('nothing');
    await window.notifications.click(/^Mailer: the stored session/, 'Try Again');
    await statusItem(window).waitFor('$(key) Mailer: Sign in');
    await window.reload();
    await statusItem(window).waitFor('$(key) Mailer: Sign in');
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
