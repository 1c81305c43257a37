import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { openSession } from '../../core/index.ts';
import { repositoryRoot } from '../helpers/vscode/paths.ts';
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
import { waitForVisible, waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const folder = join(repositoryRoot, 'out/prompts');

describe('what a person sees while signing in', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;
  let ticket: string;

  before(async () => {
    await mkdir(folder, { recursive: true });
    partner = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({ profiles: [profileOf(partner, 'cloudreve')], size: { width: 1280, height: 720 } }),
    );
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());
  beforeEach(() => {
    partner.heal();
    partner.clearJournal();
    const recordTicket = (response: unknown): unknown => {
      ({ ticket } = (response as { data: { ticket: string } }).data);
      return response;
    };
    partner.fail({ rewrite: recordTicket }, { partner: 'cloudreve', call: 'captcha', times: Infinity });
  });

  const typed = (): ReturnType<typeof signInInputs> => signInInputs(partner, 'cloudreve');
  const account = (): string => typed()[0]?.value ?? '';
  const image = (): Locator => window.page.frameLocator('iframe.webview').frameLocator('#active-frame').locator('img');

  /** The refresh token of a browser that has signed in to the partner. */
  async function tokenOfBrowser(): Promise<string> {
    partner.set({ captcha: false });
    await using session = await openSession(partner.profiles.cloudreve);
    await session.login({ ...partner.profiles.cloudreve.credentials });
    return partner.tokens('cloudreve')?.refreshToken ?? '';
  }

  async function signOut(): Promise<void> {
    await window.runCommand('Partner Auth: Sign Out');
    await statusMessage(window).waitFor('Signed out of Drive.');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
  }

  async function typeCaptcha(text: string): Promise<void> {
    await window.quickInput.type(text);
    await window.quickInput.accept();
  }

  it('the image of a captcha, whole and large, at any size of the window', async () => {
    partner.set({ captcha: true });
    await statusItem(window).click();
    await typeSteps(window, typed());
    await window.quickInput.pick("Don't remember");
    await window.quickInput.waitFor({ message: /^Text in the image/ });
    await waitForVisible(window.page, 'the image of the captcha', image());
    for (const [width, height] of [
      [1024, 768],
      [1280, 720],
      [1920, 1080],
      [800, 480],
    ] as const) {
      await window.page.setViewportSize({ width, height });
      await waitUntil(window.page, `the captcha in the middle of its editor at ${width} × ${height}`, async () => {
        const editor = await window.page.locator('.editor-group-container').first().boundingBox();
        const box = await image().boundingBox();
        if (editor === null || box === null || editor.x + editor.width > width) return undefined;
        return Math.abs(box.x + box.width / 2 - editor.x - editor.width / 2) < 16 || undefined;
      });
      const box = await assertUncovered(window, `the captcha at ${width} × ${height}`, image());
      if (height > 700) assert.deepEqual([box.width, box.height], [400, 112], 'it is twice as large as it is');
      await waitForVisible(
        window.page,
        'what to do',
        image()
          .page()
          .frameLocator('iframe.webview')
          .frameLocator('#active-frame')
          .getByText('Type the text of this image'),
      );
    }
    await window.page.setViewportSize({ width: 1280, height: 720 });
    assert.match((await image().getAttribute('alt')) ?? '', /^Image of a text to type, from Cloudreve$/);
  });

  it('another image on request, and a word about a wrong text', async () => {
    const before = await image().getAttribute('src');
    assert.deepEqual((await window.quickInput.state())?.buttons.includes('New picture'), true);
    await window.quickInput.press('New picture');
    await waitUntil(window.page, 'another image', async () => {
      const shown = (await image().count()) === 1 ? await image().getAttribute('src') : before;
      return shown !== before || undefined;
    });
    await window.quickInput.waitFor({ message: /^Text in the image/ });
    await typeCaptcha('000');
    const message = 'That text was not correct. Enter the text of the new image.';
    const state = await window.quickInput.waitFor({ message });
    assert.deepEqual([state.title, state.severity], ['Sign in to Drive: Text in the image', 'error']);
    await waitForVisible(window.page, 'the image of the captcha', image());
    await assertUncovered(window, 'the second captcha', image());
  });

  it('what was typed before, after going back or a cancelled captcha', async () => {
    await window.quickInput.back();
    await window.quickInput.waitFor({ step: 3, row: "Don't remember" });
    await window.quickInput.pick("Don't remember");
    await window.quickInput.waitFor({ message: /^Text in the image/ });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
    await statusItem(window).click();
    assert.equal((await window.quickInput.waitFor({ step: 1 })).value, account());
    await window.quickInput.accept();
    assert.equal((await window.quickInput.waitFor({ step: 2, masked: true })).value, typed()[1]?.value);
    await window.quickInput.accept();
    await window.quickInput.pick("Don't remember");
    await window.quickInput.waitFor({ message: /^Text in the image/ });
    await waitForVisible(window.page, 'the image of the captcha', image());
    await typeCaptcha(partner.captchaText(ticket) ?? '');
    partner.set({ captcha: false });
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await signOut();
  });

  it('the field and the account next to a message, and the account that is used', async () => {
    await statusItem(window).click();
    const prompt = `Password for Cloudreve (${account()})`;
    const asked = await window.quickInput.waitFor({ step: 1, masked: true });
    assert.ok(asked.message.startsWith(prompt), asked.message);
    await typeCaptcha('not-the-password');
    await window.quickInput.pick("Don't remember");
    const { title } = await window.quickInput.waitFor({ message: 'Drive rejected the credentials.' });
    assert.equal(title, `Sign in to Drive: ${prompt}`);
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
  });

  it('a way to another account, whose malformed email is refused', async () => {
    await statusItem(window).click();
    await window.quickInput.waitFor({ step: 1, masked: true });
    await window.quickInput.press('Use Another Account');
    assert.equal((await window.quickInput.waitFor({ step: 1, masked: false })).value, account());
    await typeCaptcha('ann.example.com');
    await window.quickInput.waitFor({ step: 1, message: /^This is not an email address\./ });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
    assert.equal(partner.journal.length, 0);
  });

  it('the progress of the sign-in in the status item', async () => {
    await statusItem(window).click();
    await typeSteps(window, typed());
    partner.set({ delay: 2_000 });
    await window.quickInput.pick('Remember in secret storage');
    await statusItem(window).waitFor('$(sync~spin) Drive: signing in');
    partner.set({ delay: 0 });
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await signOut();
  });

  it('no prompt when it is tried again after a failure of the partner', async () => {
    await window.runCommand('Partner Auth: Sign In with Another Account');
    partner.fail({ status: 503 }, { call: 'login', times: Infinity });
    await typeSteps(window, typed());
    const { rows } = await window.quickInput.waitFor({ step: 3 });
    assert.match(rows.find(({ focused }) => focused)?.label ?? '', /^Remember in secret storage/, 'the last choice');
    await window.quickInput.pick("Don't remember");
    const message = 'Drive reported a server error. What you entered is kept.';
    await window.notifications.waitFor(message);
    partner.heal();
    await window.notifications.click(message, 'Try Again');
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await signOut();
  });

  it('that a captcha needs a browser', async () => {
    partner.set({ captcha: true, captchaKind: 'turnstile' });
    await statusItem(window).click();
    await window.quickInput.waitFor({ step: 1, masked: true });
    await typeCaptcha(typed()[1]?.value ?? '');
    await window.quickInput.pick("Don't remember");
    const { text, buttons } = await window.dialogs.waitFor();
    assert.match(text, /^Drive requires a captcha that only a browser can show/);
    assert.deepEqual(buttons.toSorted(), ['Cancel', 'Show Log', 'Sign In with a Refresh Token']);
    await window.screenshot(join(folder, 'captcha-in-a-browser.png'));
    await window.dialogs.click('Sign In with a Refresh Token');
  });

  it('the way in with a refresh token, and what was refused', async () => {
    const shown = await window.quickInput.waitFor({ title: 'Sign in to Drive', masked: true });
    assert.match(shown.message, /^Refresh token of Cloudreve\. The browser or program .* may be signed out by this\./);
    await window.screenshot(join(folder, 'refresh-token.png'));
    await typeCaptcha('"not-a-token-of-drive" ');
    const refusal = 'Drive refused this refresh token. Nothing was replaced. Enter a current one.';
    assert.equal((await window.quickInput.waitFor({ message: refusal })).severity, 'error');
    await window.screenshot(join(folder, 'refresh-token-refused.png'));
    await window.quickInput.type(await tokenOfBrowser());
    await window.quickInput.accept();
    await statusItem(window).waitFor(/^\$\(key\) Drive \d+m$/);
    await signOut();
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
