import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  profileOf,
  signInInputs,
  startPartnerAuth,
  statusItem,
  statusMessage,
  typeSteps,
} from '../helpers/workbench/partner-auth.ts';
import { assertUncovered } from '../helpers/workbench/uncovered.ts';
import { waitForVisible } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

describe('signing in', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({
        profiles: [profileOf(partner, 'tconnect'), profileOf(partner, 'cloudreve'), profileOf(partner, 'bizmail')],
      }),
    );
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());
  beforeEach(() => {
    partner.clearJournal();
    partner.set({ twoFactor: false, captcha: false });
  });

  async function openSignIn(label: string): Promise<void> {
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick(label);
    await statusItem(window).waitFor(`$(key) ${label}: Sign in`);
    await statusItem(window).click();
  }

  it('stores and sends nothing when cancelled at any step', async () => {
    await openSignIn('ACME');
    await window.quickInput.waitFor({ step: 1 });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
    const before = await workbench.storedSecrets();
    const inputs = signInInputs(partner, 'tconnect');
    for (const typed of [1, inputs.length]) {
      await statusItem(window).click();
      await typeSteps(window, inputs.slice(0, typed));
      await window.quickInput.waitFor({ step: typed + 1 });
      await window.quickInput.cancel();
      await window.quickInput.waitUntilClosed();
    }
    assert.equal((await statusItem(window).state())?.text, '$(key) ACME: Sign in');
    assert.equal(await workbench.storedSecrets(), before);
    assert.equal(partner.journal.length, 0);
  });

  it('validates while typing, and keeps the values when going back', async () => {
    await openSignIn('ACME');
    const { quickInput } = window;
    assert.match((await quickInput.waitFor({ step: 1, masked: true })).message, /^AES key \(hex digits\)/);
    await quickInput.type('12345');
    const message = 'Enter a key of 32 bytes as hex digits.';
    assert.equal((await quickInput.waitFor({ message })).severity, 'error');
    await quickInput.accept();
    await quickInput.waitFor({ step: 1, message });

    const [key, iv, username] = signInInputs(partner, 'tconnect');
    await typeSteps(
      window,
      [key, iv, username].filter((input) => input !== undefined),
    );
    await quickInput.waitFor({ step: 4, masked: true });
    await quickInput.back();
    assert.equal((await quickInput.waitFor({ step: 3 })).value, username?.value);
    await quickInput.back();
    assert.equal((await quickInput.waitFor({ step: 2, masked: true })).value, '', 'a secret is not prefilled');
    await quickInput.cancel();
  });

  it('returns to the key step when the partner cannot decrypt, with the fields kept', async () => {
    await openSignIn('ACME');
    const inputs = signInInputs(partner, 'tconnect');
    const wrongKey = { value: 'ab'.repeat(32), masked: true };
    await typeSteps(window, [wrongKey, ...inputs.slice(1)]);
    await window.quickInput.pick("Don't remember");
    const message = /^ACME rejected the request\. Check the key, the IV and the partner code,/;
    await window.quickInput.waitFor({ step: 1, masked: true, message });
    await typeSteps(window, inputs.slice(0, 2));
    assert.equal((await window.quickInput.waitFor({ step: 3 })).value, inputs[2]?.value);
    await window.quickInput.cancel();
    assert.deepEqual(
      partner.journal.map(({ outcome }) => outcome),
      ['badCiphertext'],
    );
  });

  it('returns to the password step after a wrong password, with the other fields kept', async () => {
    await openSignIn('ACME');
    const inputs = signInInputs(partner, 'tconnect');
    await typeSteps(
      window,
      inputs.map((input, index) => (index === 3 ? { ...input, value: 'not-the-password' } : input)),
    );
    await window.quickInput.pick("Don't remember");
    await window.quickInput.waitFor({ step: 4, masked: true, message: /^ACME rejected the credentials\./ });
    await window.quickInput.back();
    assert.equal((await window.quickInput.waitFor({ step: 3 })).value, inputs[2]?.value);
    await window.quickInput.accept();
    await typeSteps(window, inputs.slice(3, 4), 4);
    assert.equal((await window.quickInput.waitFor({ step: 5 })).value, inputs[4]?.value);
    await window.quickInput.accept();
    await typeSteps(window, inputs.slice(5), 6);
    await window.quickInput.pick("Don't remember");
    await statusItem(window).waitFor('$(key) ACME 9h');
    assert.deepEqual(
      partner.journal.map(({ outcome }) => outcome),
      ['badCredentials', 'ok'],
    );
    await window.runCommand('Partner Auth: Remove Profile');
    assert.match((await window.dialogs.waitFor()).text, /^Remove the profile ACME\?/);
    await window.dialogs.click('Remove');
    await statusItem(window).waitFor(/^\$\(key\) (Drive|Mailer): Sign in$/);
    assert.equal(JSON.stringify(await workbench.userSettings()).includes('ACME'), false);
  });

  it('asks for a one-time code again after a wrong one', async () => {
    partner.set({ twoFactor: true });
    await openSignIn('Drive');
    await typeSteps(window, signInInputs(partner, 'cloudreve'));
    await window.quickInput.pick('Remember in secret storage');
    await window.quickInput.waitFor({ title: 'Sign in to Drive', message: /^One-time code for Cloudreve/ });
    await window.quickInput.type(partner.oneTimeCode() === '000000' ? '111111' : '000000');
    await window.quickInput.accept();
    await window.quickInput.waitFor({ message: /^Drive rejected the one-time code\./ });
    await window.quickInput.type(partner.oneTimeCode());
    await window.quickInput.accept();
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await window.runCommand('Partner Auth: Sign Out');
    await statusMessage(window).waitFor('Signed out of Drive.');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
  });

  it('prompts only for the captcha when the password is remembered, and shows its image', async () => {
    partner.set({ captcha: true });
    let ticket = '';
    const recordTicket = (response: unknown): unknown => {
      ({ ticket } = (response as { data: { ticket: string } }).data);
      return response;
    };
    partner.fail({ rewrite: recordTicket }, { partner: 'cloudreve', call: 'captcha', times: Infinity });
    await openSignIn('Drive');
    await window.quickInput.waitFor({ title: 'Sign in to Drive', message: /^Text in the image/ });
    const tab = window.page.locator('.tab').getByText('Captcha from Cloudreve');
    await waitForVisible(window.page, 'the image of the captcha', tab);
    const image = window.page.frameLocator('iframe.webview').frameLocator('#active-frame').locator('img');
    await waitForVisible(window.page, 'the image', image);
    const { width } = await assertUncovered(window, 'the image of the captcha', image);
    assert.equal(width, 400);
    await window.quickInput.type(partner.captchaText(ticket) ?? '');
    await window.quickInput.accept();
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await tab.waitFor({ state: 'detached' });
    partner.heal();
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
