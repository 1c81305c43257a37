import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  completeSignIn,
  countCalls,
  profileOf,
  startPartnerAuth,
  statusItem,
} from '../helpers/workbench/partner-auth.ts';
import { waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

/** Each state that the status item goes through, from the first time it is shown. */
async function recordStates(workbench: Workbench): Promise<(window: WorkbenchWindow) => Promise<string[]>> {
  await workbench.context.addInitScript(`
    globalThis.states = [];
    new MutationObserver(() => {
      const { text, kind } = pageReaders.statusItem('.statusbar-item[id^="partner-auth."]') ?? {};
      const state = text + ' ' + kind;
      if (text !== undefined && states.at(-1) !== state) states.push(state);
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  `);
  return (window) => window.page.evaluate<string[]>('globalThis.states');
}

describe('automatic refreshes', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let statesOf: (window: WorkbenchWindow) => Promise<string[]>;
  let mailer: WorkbenchWindow;
  let drive: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner({ rotation: 'reuseDetection' }));
    workbench = stack.use(
      await startPartnerAuth({ profiles: [profileOf(partner, 'bizmail'), profileOf(partner, 'cloudreve')] }),
    );
    statesOf = await recordStates(workbench);
    mailer = await workbench.openWindow('mailer');
  });
  after(() => stack.disposeAsync());

  const untilRefreshed = (window: WorkbenchWindow, count: number): Promise<true> =>
    waitUntil(window.page, `${count} refreshes`, async () =>
      countCalls(partner, 'refresh') >= count ? true : undefined,
    );

  it('show no warning color before or while they go well', async () => {
    await statusItem(mailer).click();
    await completeSignIn(mailer, partner, 'bizmail');
    partner.set({ accessLifetime: 4 });
    await statusItem(mailer).click();
    await untilRefreshed(mailer, 4);
    assert.deepEqual(
      (await statesOf(mailer)).filter(
        (state) => !/^\$\((key|sync~spin)\) Mailer(: Sign in|: signing in|: refreshing| 23h| <1m) default$/.test(state),
      ),
      [],
    );
  });

  it('are made by the window that shows the profile, and never by one that shows another', async () => {
    drive = await workbench.openWindow('drive');
    await drive.runCommand('Partner Auth: Switch Profile');
    await drive.quickInput.pick('Drive');
    await statusItem(drive).waitFor('$(key) Drive: Sign in');
    await mailer.page.bringToFront();
    await untilRefreshed(mailer, countCalls(partner, 'refresh') + 3);
    assert.doesNotMatch((await statesOf(mailer)).join(), /Reload|Expired|warning|error/);
    assert.doesNotMatch((await statesOf(drive)).join(), /Reload|Expired|warning|error/);
    await drive.page.bringToFront();
    await drive.runCommand('Partner Auth: Switch Profile');
    const rows = await drive.quickInput.settledRows();
    assert.match(rows.find(({ label }) => label === 'Mailer')?.description ?? '', /^signed in/);
    await drive.quickInput.pick('Mailer');
    partner.set({ accessLifetime: 3600 });
    await statusItem(drive).waitFor(/^\$\(key\) Mailer 59m$/);
    await statusItem(mailer).waitFor(/^\$\(key\) Mailer 59m$/);
    assert.ok(partner.journal.filter(({ call }) => call === 'refresh').every(({ outcome }) => outcome === 'ok'));
    await drive.page.close();
  });

  it('are made at once in a window that opens with an expired token', async () => {
    partner.set({ accessLifetime: 4 });
    await statusItem(mailer).click();
    await statusItem(mailer).waitFor('$(key) Mailer <1m');
    const expiresAt = Date.now() + 4_000;
    await mailer.page.goto('about:blank');
    await waitUntil(mailer.page, 'the token to expire', async () => (Date.now() > expiresAt ? true : undefined));
    partner.set({ accessLifetime: 3600 });
    await mailer.page.close();
    mailer = await workbench.openWindow('mailer');
    await statusItem(mailer).waitFor('$(key) Mailer 59m');
    const states = await statesOf(mailer);
    assert.deepEqual(
      states.filter((state) => !state.endsWith(' default')),
      [],
    );
  });
});
