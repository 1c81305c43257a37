import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  profileOf,
  signInAnswers,
  startPartnerAuth,
  statusItem,
  typeSteps,
} from '../helpers/workbench/partner-auth.ts';
import { shown, until } from '../helpers/workbench/until.ts';
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

  async function open(label: string): Promise<void> {
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick(label);
    await statusItem(window).waitFor(`$(key) ${label}: Sign in`);
    await statusItem(window).click();
  }

  it('can be given up at every step, and nothing is stored or sent', async () => {
    await open('ACME');
    await window.quickInput.waitFor({ step: 1 });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
    const before = await workbench.storedSecrets();
    const answers = signInAnswers(partner, 'tconnect');
    for (const typed of [1, answers.length]) {
      await statusItem(window).click();
      await typeSteps(window, answers.slice(0, typed));
      await window.quickInput.waitFor({ step: typed + 1 });
      await window.quickInput.cancel();
      await window.quickInput.waitUntilClosed();
    }
    assert.equal((await statusItem(window).state())?.text, '$(key) ACME: Sign in');
    assert.equal(await workbench.storedSecrets(), before);
    assert.equal(partner.journal.length, 0);
  });

  it('says what does not fit while it is typed, and goes back with what was typed kept', async () => {
    await open('ACME');
    const { quickInput } = window;
    assert.match((await quickInput.waitFor({ step: 1, masked: true })).message, /^AES key, written as hex digits/);
    await quickInput.type('12345');
    const message = 'Read as hex digits, this is not a key of 32 bytes.';
    assert.equal((await quickInput.waitFor({ message })).severity, 'error');
    await quickInput.accept();
    await quickInput.waitFor({ step: 1, message });

    const [key, iv, username] = signInAnswers(partner, 'tconnect');
    await typeSteps(
      window,
      [key, iv, username].filter((answer) => answer !== undefined),
    );
    await quickInput.waitFor({ step: 4, masked: true });
    await quickInput.back();
    assert.equal((await quickInput.waitFor({ step: 3 })).value, username?.value);
    await quickInput.back();
    assert.equal((await quickInput.waitFor({ step: 2, masked: true })).value, '', 'a secret is not shown again');
    await quickInput.cancel();
  });

  it('comes back to the key when the partner could not decrypt, with the fields kept', async () => {
    await open('ACME');
    const answers = signInAnswers(partner, 'tconnect');
    const wrongKey = { value: 'ab'.repeat(32), masked: true };
    await typeSteps(window, [wrongKey, ...answers.slice(1)]);
    await window.quickInput.pick("Don't remember");
    const message = /^ACME refused the call\. Check the key, the IV and the partner code\./;
    await window.quickInput.waitFor({ step: 1, masked: true, message });
    await typeSteps(window, answers.slice(0, 2));
    assert.equal((await window.quickInput.waitFor({ step: 3 })).value, answers[2]?.value);
    await window.quickInput.cancel();
    assert.deepEqual(
      partner.journal.map(({ outcome }) => outcome),
      ['badCiphertext'],
    );
  });

  it('comes back to the password when it was wrong, with the rest kept', async () => {
    await open('ACME');
    const answers = signInAnswers(partner, 'tconnect');
    await typeSteps(
      window,
      answers.map((answer, index) => (index === 3 ? { ...answer, value: 'not-the-password' } : answer)),
    );
    await window.quickInput.pick("Don't remember");
    await window.quickInput.waitFor({ step: 4, masked: true, message: /^ACME refused the credentials\./ });
    await window.quickInput.back();
    assert.equal((await window.quickInput.waitFor({ step: 3 })).value, answers[2]?.value);
    await window.quickInput.accept();
    await typeSteps(window, answers.slice(3, 4), 4);
    assert.equal((await window.quickInput.waitFor({ step: 5 })).value, answers[4]?.value);
    await window.quickInput.accept();
    await typeSteps(window, answers.slice(5), 6);
    await window.quickInput.pick("Don't remember");
    await statusItem(window).waitFor('$(key) ACME 9h');
    assert.deepEqual(
      partner.journal.map(({ outcome }) => outcome),
      ['badCredentials', 'ok'],
    );
    await window.runCommand('Partner Auth: Remove Profile');
    await window.notifications.click('Remove ACME with its tokens, key and login fields?', 'Remove');
    await statusItem(window).waitFor(/^\$\(key\) (Drive|Mailer): Sign in$/);
    assert.equal(JSON.stringify(await workbench.userSettings()).includes('ACME'), false);
  });

  it('asks for the one-time code, again when it was wrong', async () => {
    partner.set({ twoFactor: true });
    await open('Drive');
    await typeSteps(window, signInAnswers(partner, 'cloudreve'));
    await window.quickInput.pick('Remember in secret storage');
    await window.quickInput.waitFor({ title: 'Sign in to Drive', message: /^One-time code for Cloudreve/ });
    await window.quickInput.type(partner.oneTimeCode() === '000000' ? '111111' : '000000');
    await window.quickInput.accept();
    await window.quickInput.waitFor({ message: /^Drive refused the one-time code\./ });
    await window.quickInput.type(partner.oneTimeCode());
    await window.quickInput.accept();
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await window.runCommand('Partner Auth: Sign Out');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
  });

  it('shows the picture of a captcha, and asks nothing else when the password is remembered', async () => {
    partner.set({ captcha: true });
    let ticket = '';
    const noteTicket = (answer: unknown): unknown => {
      ({ ticket } = (answer as { data: { ticket: string } }).data);
      return answer;
    };
    partner.fail({ rewrite: noteTicket }, { partner: 'cloudreve', call: 'captcha', times: Infinity });
    await open('Drive');
    await window.quickInput.waitFor({ title: 'Sign in to Drive', message: /^Text in the picture/ });
    const tab = window.page.locator('.tab').getByText('Captcha from Cloudreve');
    await shown(window.page, 'the picture of the captcha', tab);
    await until(window.page, 'the picture to be loaded', async () => {
      const widths = '[...document.images].map((image) => image.naturalWidth)';
      const seen = await Promise.allSettled(window.page.frames().map((frame) => frame.evaluate<number[]>(widths)));
      return seen.some((frame) => frame.status === 'fulfilled' && frame.value.includes(200)) || undefined;
    });
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
