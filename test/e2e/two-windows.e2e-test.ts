import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  callsOf,
  completeSignIn,
  passingMessage,
  profileOf,
  startPartnerAuth,
  statusItem,
} from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const behind = '$(warning) ACME: Reload window';

/** The sandbox kills a session whose refresh token is used twice, as TCONNECT's does unless told otherwise. */
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

  it('a window that can not see the secrets of another says to reload, and costs nothing', async () => {
    await first.page.bringToFront();
    await first.runCommand('Partner Auth: Sign In');
    await completeSignIn(first, partner);
    assert.equal((await statusItem(first).state())?.text, '$(key) ACME 9h');

    await older.page.bringToFront();
    // It knows of the sign-in by the mark on disk; its own copy of the secrets is from before.
    await statusItem(older).waitFor(/ACME/);
    await statusItem(older).click();
    const { kind } = await statusItem(older).waitFor(behind);
    assert.equal(kind, 'warning');
    assert.equal(callsOf(partner, 'refresh'), 0);
    await statusItem(first).waitFor('$(key) ACME 9h');

    await older.whenReloadedBy(() => statusItem(older).click());
    assert.equal((await statusItem(older).waitFor('$(key) ACME 9h')).label, 'ACME: signed in');
    await older.page.close();
  });

  it('a window opened later is signed in', async () => {
    second = await workbench.openWindow('second');
    await statusItem(second).waitFor('$(key) ACME 9h');
    await second.runCommand('Partner Auth: Copy Access Token');
    await second.waitForClipboard(partner.tokens('tconnect')?.accessToken ?? '');
    assert.equal(callsOf(partner, 'refresh'), 0);
  });

  it('a click in both at once never sends a refresh token twice', async () => {
    partner.set({ delay: 300 });
    await Promise.all([statusItem(first).click(), statusItem(second).click()]);
    await Promise.race([
      passingMessage(first).waitFor('ACME: the access token was refreshed.'),
      passingMessage(second).waitFor('ACME: the access token was refreshed.'),
    ]);
    const texts = await Promise.all([first, second].map((window) => settled(window)));
    assert.deepEqual(texts.toSorted(), ['$(key) ACME 9h', behind].toSorted());
    assert.deepEqual(
      partner.journal.filter(({ call }) => call === 'refresh').map(({ outcome }) => outcome),
      ['ok'],
    );

    const loser = texts[0] === behind ? first : second;
    await loser.page.bringToFront();
    await loser.reload();
    await statusItem(loser).waitFor('$(key) ACME 9h');
    await statusItem(loser).click();
    await passingMessage(loser).waitFor('ACME: the access token was refreshed.');
    assert.equal(callsOf(partner, 'refresh'), 2);
  });

  it('signing out in one signs out the other', async () => {
    const other = (await statusItem(first).state())?.text === behind ? second : first;
    await other.page.bringToFront();
    await other.runCommand('Partner Auth: Sign Out');
    for (const window of [first, second]) await statusItem(window).waitFor('$(key) ACME: Sign in');
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });

  /** The text once no refresh is under way any more. */
  async function settled(window: WorkbenchWindow): Promise<string> {
    return (await statusItem(window).waitFor(/^\$\((key|warning)\)/)).text;
  }
});
