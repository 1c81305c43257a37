import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  countCalls,
  completeSignIn,
  statusMessage,
  profileOf,
  startPartnerAuth,
  statusItem,
} from '../helpers/workbench/partner-auth.ts';
import { waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const outdated = '$(warning) ACME: Reload window';

/** The sandbox ends a session whose refresh token is used twice, like TCONNECT does by default. */
describe('two windows', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let older: WorkbenchWindow;
  let first: WorkbenchWindow;
  let second: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner({ rotation: 'reuseDetection' }));
    workbench = stack.use(await startPartnerAuth({ profiles: [profileOf(partner, 'tconnect')] }));
    older = await workbench.openWindow('older');
    first = await workbench.openWindow('first');
  });
  after(() => stack.disposeAsync());

  it('a window that cannot see the secrets of another asks to be reloaded and sends nothing', async () => {
    await first.page.bringToFront();
    await first.runCommand('Partner Auth: Sign In');
    await completeSignIn(first, partner);
    assert.equal((await statusItem(first).state())?.text, '$(key) ACME 9h');

    await older.page.bringToFront();
    // It knows about the sign-in from the summary on disk, but its own copy of the secrets is older.
    await statusItem(older).waitFor(/ACME/);
    await statusItem(older).click();
    const { kind } = await statusItem(older).waitFor(outdated);
    assert.equal(kind, 'warning');
    assert.equal(countCalls(partner, 'refresh'), 0);
    await statusItem(first).waitFor('$(key) ACME 9h');

    await older.waitForReload(() => statusItem(older).click());
    assert.equal((await statusItem(older).waitFor('$(key) ACME 9h')).label, 'ACME: signed in');
    await older.page.close();
  });

  it('a window opened later is signed in', async () => {
    second = await workbench.openWindow('second');
    await statusItem(second).waitFor('$(key) ACME 9h');
    await second.runCommand('Partner Auth: Copy Access Token');
    await second.waitForClipboard(partner.tokens('tconnect')?.accessToken ?? '');
    assert.equal(countCalls(partner, 'refresh'), 0);
  });

  it('concurrent clicks in both never send a refresh token twice', async () => {
    partner.set({ delay: 300 });
    await Promise.all([statusItem(first).click(), statusItem(second).click()]);
    await Promise.race([
      statusMessage(first).waitFor('ACME: the access token was refreshed.'),
      statusMessage(second).waitFor('ACME: the access token was refreshed.'),
    ]);
    for (const window of [first, second]) await statusItem(window).waitFor('$(key) ACME 9h');
    assert.deepEqual(
      partner.journal.filter(({ call }) => call === 'refresh').map(({ outcome }) => outcome),
      ['ok'],
    );
  });

  it('each has the tokens that the other has received, without being reloaded', async () => {
    partner.heal();
    partner.set({ delay: 0 });
    for (const [index, window] of [first, second, first].entries()) {
      await window.page.bringToFront();
      await window.runCommand('Partner Auth: Copy Access Token');
      await window.waitForClipboard(partner.tokens('tconnect')?.accessToken ?? '');
      await statusItem(window).click();
      await waitUntil(window.page, 'the refresh', async () =>
        countCalls(partner, 'refresh') === index + 2 ? true : undefined,
      );
      await statusItem(window).waitFor('$(key) ACME 9h');
    }
    assert.ok(partner.journal.filter(({ call }) => call === 'refresh').every(({ outcome }) => outcome === 'ok'));
  });

  it('a reload shows the newest tokens, also those of a window that has been closed', async () => {
    await first.page.close();
    await second.reload();
    await statusItem(second).waitFor('$(key) ACME 9h');
    await second.runCommand('Partner Auth: Copy Access Token');
    await second.waitForClipboard(partner.tokens('tconnect')?.accessToken ?? '');
    first = await workbench.openWindow('first');
    await statusItem(first).waitFor('$(key) ACME 9h');
  });

  it('signing out in one signs out the other', async () => {
    await second.page.bringToFront();
    await second.runCommand('Partner Auth: Sign Out');
    for (const window of [first, second]) await statusItem(window).waitFor('$(key) ACME: Sign in');
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
