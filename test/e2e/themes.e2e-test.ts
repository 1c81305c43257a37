import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repositoryRoot } from '../helpers/vscode/paths.ts';
import { accessibilityTree, type AccessibleNode } from '../helpers/workbench/accessibility-tree.ts';
import { startPartner } from '../helpers/workbench/leaks.ts';
import {
  completeSignIn,
  profileOf,
  signInInputs,
  startPartnerAuth,
  statusItem,
} from '../helpers/workbench/partner-auth.ts';
import { waitForVisible, waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';

const folder = join(repositoryRoot, 'out/themes');

/** Waits until the accessibility tree has a node of this role whose name, followed by its description, matches. */
function waitForNode(window: WorkbenchWindow, role: string, text: RegExp): Promise<AccessibleNode> {
  const find = async (): Promise<AccessibleNode | undefined> =>
    (await accessibilityTree(window)).find(
      (node) => node.role === role && text.test(`${node.name} ${node.description}`.trim()),
    );
  return waitUntil(window.page, `a ${role} ${String(text)}`, find, {
    actual: async () => (await accessibilityTree(window)).filter((node) => node.role === role),
  });
}

/** The contrast of the text of an element with its background, from 1 to 21, as WCAG defines it. */
function contrastOf(window: WorkbenchWindow, selector: string): Promise<number> {
  return window.page.evaluate<number>(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    const over = ([r, g, b, a = 1], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a)];
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    const background = layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    const text = over(parse(getComputedStyle(element).color), background);
    const luminance = (color) => {
      const [r, g, b] = color.map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [dark, light] = [luminance(text), luminance(background)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  })()`);
}

/** The themes, with the class that each gives to the window. */
const themes = {
  'Dark Modern': 'vs-dark',
  'Light Modern': 'vs',
  'Dark High Contrast': 'hc-black',
  'Light High Contrast': 'hc-light',
} as const;

describe('what a person sees and a screen reader says', () => {
  it('is readable in each theme, with a name and no secret', async () => {
    await mkdir(folder, { recursive: true });
    await using partner = await startPartner();
    await using workbench = await startPartnerAuth({
      profiles: [profileOf(partner, 'cloudreve')],
      settings: { 'partnerAuth.autoRefresh': false, 'remote.autoForwardPorts': false },
    });
    const window = await workbench.openWindow();
    const item = statusItem(window);
    const label = '.statusbar-item[id^="partner-auth."] .statusbar-item-label';
    const capture = (name: string): Promise<void> => window.screenshot(join(folder, `${name}.png`));
    let current = 'Dark Modern';

    async function assertReadable(state: string): Promise<void> {
      for (const [theme, themeClass] of Object.entries(themes)) {
        if (theme !== current) {
          await window.runCommand('Preferences: Color Theme');
          await window.quickInput.waitFor({});
          await window.quickInput.type(theme);
          await window.quickInput.pick(theme);
          await waitForVisible(window.page, theme, window.page.locator(`.monaco-workbench.${themeClass}`));
          current = theme;
        }
        assert.ok((await contrastOf(window, label)) >= 4.5, `the item is readable: ${state}, ${theme}`);
        await capture(`${state}-${themeClass}`);
      }
    }
    await waitForNode(window, 'button', /^Drive: signed out$/);
    await assertReadable('1-signed-out');
    await item.click();
    const [email, password] = signInInputs(partner, 'cloudreve');
    await window.quickInput.waitFor({ step: 1 });
    const first = await waitForNode(window, 'textbox', /^Sign in to Drive Email for Cloudreve/);
    assert.doesNotMatch(JSON.stringify(first), /undefined|\$\(/);
    await window.quickInput.type(email?.value ?? '');
    await window.quickInput.accept();
    await window.quickInput.waitFor({ step: 2, masked: true });
    await waitForNode(window, 'textbox', /^Sign in to Drive Password for Cloudreve/);
    await window.quickInput.type(password?.value ?? '');
    const typed = (await accessibilityTree(window)).filter(({ name }) => name.includes(password?.value ?? '?'));
    assert.deepEqual(typed, [], 'the password is not read out');
    await capture('2-wizard');
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();

    await item.click();
    await completeSignIn(window, partner, 'cloudreve');
    await waitForNode(window, 'button', /^Drive: signed in$/);
    await assertReadable('3-signed-in');
    const tooltip = await item.tooltip();
    assert.match(tooltip.text, /Signed in\s/);
    await capture('4-tooltip');
    await window.page.mouse.move(600, 300);

    partner.set({ accessLifetime: 20 });
    await item.click();
    await waitUntil(window.page, 'the token to be due', async () =>
      (await item.state())?.kind === 'warning' ? true : undefined,
    );
    await waitForNode(window, 'button', /^Drive: the access token is about to expire$/);
    await assertReadable('5-due');

    partner.revoke('cloudreve');
    await item.click();
    await waitForNode(window, 'button', /^Drive: the partner refused to refresh the session; .*or sign in again$/);
    await assertReadable('6-refused');
    await item.tooltip();
    await capture('7-refused');
    await window.page.mouse.move(600, 300);
    await window.notifications.dismissAll();

    partner.set({ accessLifetime: 3600 });
    await window.runCommand('Partner Auth: Sign In');
    await window.quickInput.waitFor({ masked: true });
    await window.quickInput.type(password?.value ?? '');
    await window.quickInput.accept();
    await window.quickInput.pick("Don't remember");
    await item.waitFor('$(key) Drive 59m');
    partner.fail('resetBefore', { call: 'logout', times: Infinity });
    await window.runCommand('Partner Auth: Sign Out');
    const message =
      /^Signed out of Drive here only: the partner could not be reached\. It may still accept the refresh token until .*20\d\d, .*\. The token is kept in the memory of this window only, so that you can try again\.$/;
    const { buttons, severity } = await window.notifications.waitFor(message);
    assert.deepEqual([buttons, severity], [['Try Again', 'Show Log'], 'warning']);
    await waitForNode(window, 'button', /^Try Again$/);
    await capture('8-signed-out-here-only');
    partner.heal();
    await window.notifications.click(message, 'Try Again');
    await waitUntil(window.page, 'the partner to confirm the sign-out', async () =>
      partner.journal.at(-1)?.call === 'logout' && partner.journal.at(-1)?.outcome === 'ok' ? true : undefined,
    );
    const offered = await window.matchingCommands('Partner Auth: Sign Out');
    assert.deepEqual(
      offered.filter((title) => title.startsWith('Partner Auth: Sign Out')),
      [],
      'nobody is signed in',
    );

    await window.runCommand('Partner Auth: Remove Profile');
    const dialog = await window.dialogs.waitFor();
    assert.match(dialog.text, /^Remove the profile Drive\?/);
    await waitForNode(window, 'dialog', /Remove the profile Drive\?/);
    await capture('9-remove');
    await window.dialogs.click('Remove');
    await waitForNode(window, 'button', /^Partner Auth: add a profile$/);
  });
});
