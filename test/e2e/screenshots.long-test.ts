import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repositoryRoot } from '../helpers/vscode/paths.ts';
import { startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  completeSignIn,
  profileOf,
  signInInputs,
  startPartnerAuth,
  statusItem,
  typeSteps,
} from '../helpers/workbench/partner-auth.ts';
import { waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const folder = join(repositoryRoot, 'out/screenshots');
const imagePath = (name: string): string => join(folder, `${name}.png`);

/** Screenshots for review; `npm run screenshots` copies three of them to extension/media for the README. */
describe('screenshots', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    await mkdir(folder, { recursive: true });
    partner = stack.use(
      await startPartner({ accounts: { tconnect: { credentials: { username: 'ann@acme.example' } } } }),
    );
    workbench = stack.use(
      await startPartnerAuth({
        profiles: [profileOf(partner, 'tconnect')],
        settings: { 'partnerAuth.autoRefresh': false, 'remote.autoForwardPorts': false },
        size: { width: 1280, height: 720 },
        pixelRatio: 2,
      }),
    );
    window = await workbench.openWindow('acme-shop', { 'orders.ts': 'export {};\n' });
  });
  after(() => stack.disposeAsync());

  /** Captures the item without hover effects. */
  async function captureItem(name: string): Promise<void> {
    await window.page.mouse.click(800, 300);
    await window.notifications.dismissAll();
    const box = await statusItem(window).locator.boundingBox();
    if (box === null) throw new Error('The status item is not visible.');
    const clip = { x: Math.round(box.x) - 6, y: 689, width: Math.round(box.width) + 12, height: 28 };
    await window.screenshot(imagePath(name), clip);
  }

  it('show the states of the status bar, the sign-in and the tooltip', async () => {
    const item = statusItem(window);
    await captureItem('signed-out');
    await item.click();
    await typeSteps(window, signInInputs(partner, 'tconnect').slice(0, 3));
    await window.quickInput.waitFor({ step: 4, masked: true });
    await window.quickInput.type('correct horse');
    await window.screenshot(imagePath('sign-in'), { x: 324, y: 0, width: 634, height: 120 });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();

    await item.click();
    await completeSignIn(window, partner);
    // Clears the short-lived status bar message.
    await window.reload();
    await captureItem('valid');
    await item.tooltip();
    await window.screenshot(imagePath('tooltip'), { x: 0, y: 500, width: 480, height: 220 });
    await window.screenshot(imagePath('window'));

    partner.fail('resetBefore', { call: 'refresh', times: Infinity });
    await item.click();
    await item.waitFor(/offline/);
    await captureItem('offline');
    partner.heal();

    partner.set({ accessLifetime: 16 });
    await item.click();
    await waitUntil(window.page, 'the token to be due', async () =>
      (await item.state())?.kind === 'warning' ? true : undefined,
    );
    await captureItem('due');
    await compose(['signed-out', 'valid', 'due', 'offline']);
  });

  it('show the walkthrough in dark and light themes', async () => {
    await window.page.setViewportSize({ width: 1440, height: 810 });
    await window.runCommand('Welcome: Open Walkthrough...');
    await window.quickInput.pick('Get started with Partner Auth');
    await window.runCommand('View: Close Primary Side Bar');
    await window.page.locator('.gettingStartedContainer').getByText('Start a sandbox partner').first().waitFor();
    await waitForImage();
    await window.screenshot(imagePath('walkthrough-dark'));
    await window.runCommand('Preferences: Color Theme');
    await window.quickInput.pick(/^(Default )?Light Modern$/);
    await waitUntil(window.page, 'the light theme', async () =>
      (await window.page.locator('.monaco-workbench.vs').count()) > 0 ? true : undefined,
    );
    await window.screenshot(imagePath('walkthrough-light'));
  });

  /** Combines the captures of the item into one image. */
  async function compose(names: readonly string[]): Promise<void> {
    const images = await Promise.all(
      names.map(
        async (name) => `<img height="28" src="data:image/png;base64,${await readFile(imagePath(name), 'base64')}">`,
      ),
    );
    const page = await workbench.context.newPage();
    await page.setContent(`<body style="margin:0"><main style="display:inline-flex;gap:8px">${images.join('')}</main>`);
    await page.locator('main').screenshot({ path: imagePath('status'), omitBackground: true });
    await page.close();
  }

  async function waitForImage(): Promise<void> {
    await waitUntil(window.page, 'the image of the step', async () => {
      const imageCounts = window.page.frames().map((frame) => frame.locator('svg, img').count());
      const counts = await Promise.allSettled(imageCounts.slice(1));
      return counts.some((count) => count.status === 'fulfilled' && count.value > 0) || undefined;
    });
    // The image is in the DOM before it is painted.
    await window.page.waitForTimeout(500);
  }
});
