import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  countCalls,
  completeSignIn,
  statusMessage,
  profileOf,
  signInInputs,
  startPartnerAuth,
  statusItem,
  typeSteps,
} from '../helpers/workbench/partner-auth.ts';
import { waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

describe('partner failures', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let otherPartner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner());
    otherPartner = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({
        profiles: [profileOf(partner, 'bizmail'), profileOf(partner, 'cloudreve')],
        settings: { 'partnerAuth.autoRefresh': false },
      }),
    );
    const hostile = {
      'partnerAuth.profiles': [
        { ...profileOf(otherPartner, 'bizmail'), caFile: '/tmp/evil.pem' },
        profileOf(otherPartner, 'cloudreve'),
      ],
      'partnerAuth.autoRefresh': true,
      'partnerAuth.clipboard.clearAfter': 0,
    };
    window = await workbench.openWindow('hostile', { '.vscode/settings.json': JSON.stringify(hostile) });
  });
  after(() => stack.disposeAsync());

  it('a workspace cannot redirect a sign-in to another server', async () => {
    await window.runCommand('Partner Auth: Sign In');
    await completeSignIn(window, partner, 'bizmail');
    await statusItem(window).click();
    await statusMessage(window).waitFor('Mailer: the access token was refreshed.');
    assert.equal(countCalls(partner, 'refresh'), 1);
    assert.equal(otherPartner.journal.length, 0);
    assert.match((await statusItem(window).tooltip()).text, new RegExp(`BizMail, ${new URL(partner.url).host}`));
  });

  it('the accessibility label stays the same from minute to minute', async () => {
    partner.set({ accessLifetime: 242 });
    await statusItem(window).click();
    const before = await statusItem(window).waitFor('$(key) Mailer 4m');
    await window.reload();
    const after = await statusItem(window).waitFor('$(key) Mailer 3m');
    assert.deepEqual([before.label, after.label], ['Mailer: signed in', 'Mailer: signed in']);
  });

  it('a token about to expire has the warning color and is refreshed on click', async () => {
    partner.set({ accessLifetime: 20 });
    await statusItem(window).click();
    // Due after half of its lifetime, which is shorter than the refresh margin.
    await statusItem(window).waitFor('$(key) Mailer <1m');
    await waitUntil(window.page, 'the token to be due', async () =>
      (await statusItem(window).state())?.kind === 'warning' ? true : undefined,
    );
    assert.equal((await statusItem(window).state())?.label, 'Mailer: the access token is about to expire');
    partner.set({ accessLifetime: 3600 });
    await statusItem(window).click();
    assert.equal((await statusItem(window).waitFor('$(key) Mailer 59m')).kind, 'default');
  });

  it('the current token can still be copied while the partner is down', async () => {
    partner.fail({ status: 503, html: true }, { call: 'refresh', times: Infinity });
    await statusItem(window).click();
    await window.notifications.click(
      'Mailer, or a proxy or gateway before it, reported HTTP 503. Try again later. Your session is kept.',
      'Show Log',
    );
    assert.match(await window.waitForOutput(/Mailer: partnerUnavailable/), /503/);
    assert.deepEqual(await statusItem(window).waitFor(/not reached/), {
      text: '$(debug-disconnect) Mailer 59m, not reached',
      label: 'Mailer: the access token is valid, the last refresh failed: not reached',
      kind: 'default',
    });
    await window.runCommand('Partner Auth: Copy Access Token');
    await window.waitForClipboard(partner.tokens('bizmail')?.accessToken ?? '');
    partner.heal();
    await statusItem(window).click();
    await statusItem(window).waitFor('$(key) Mailer 59m');
  });

  it('a session refused by the partner is asked for once more or signed in to, and its token can still be copied', async () => {
    partner.revoke('bizmail');
    await statusItem(window).click();
    const refusal = 'Mailer refused to refresh the session. Refresh to ask once more, or sign in again.';
    assert.deepEqual((await window.notifications.waitFor(refusal)).buttons, ['Refresh', 'Sign In']);
    assert.deepEqual(await statusItem(window).waitFor(/Refused/), {
      text: '$(warning) Mailer: Refused',
      label:
        'Mailer: the partner refused to refresh the session; the access token may still be accepted for a while; refresh to ask once more, or sign in again',
      kind: 'warning',
    });
    assert.equal((await window.notifications.list()).length, 1, 'one message about it');
    const asked = countCalls(partner, 'refresh');
    const refusedAt = Date.now();
    await waitUntil(window.page, 'the second in which the partner is not asked again', () =>
      Promise.resolve(Date.now() - refusedAt > 1_000 || undefined),
    );
    await window.notifications.click(refusal, 'Refresh');
    const again = 'Mailer refused again to refresh the session. Sign in, or refresh later to ask once more.';
    assert.deepEqual((await window.notifications.waitFor(again)).buttons, ['Sign In', 'Refresh']);
    assert.equal(countCalls(partner, 'refresh'), asked + 1);
    const { text, links } = await statusItem(window).tooltip();
    assert.match(text, /Access token\s+may still be accepted until /);
    assert.doesNotMatch(text, /Sign in again by|expires|\(59m\)/);
    assert.deepEqual(
      links.map((link) => link.trim()),
      ['Refresh', 'Sign in', 'Copy token', 'Inspect', 'Sign out', 'Log'],
    );
    await window.runCommand('Partner Auth: Copy Access Token');
    await window.waitForClipboard(/^eyJ/);
    await window.notifications.click(again, 'Sign In');
    // Only the password is not stored.
    const [, password] = signInInputs(partner, 'bizmail');
    await typeSteps(window, password === undefined ? [] : [password]);
    await window.quickInput.pick("Don't remember");
    assert.equal((await statusItem(window).waitFor('$(key) Mailer 59m')).kind, 'default');
  });

  it('an unreachable partner is reported with Try Again and Show Log', async () => {
    await partner.close();
    await statusItem(window).click();
    const message = 'Mailer could not be reached. Check the network and the base URL.';
    assert.deepEqual((await window.notifications.waitFor(message)).buttons, ['Try Again', 'Show Log']);
    await statusItem(window).waitFor('$(debug-disconnect) Mailer 59m, offline');
    await window.reload();
    await statusItem(window).waitFor(/^\$\(key\) Mailer 5\dm$/);
    assert.equal(otherPartner.journal.length, 0);
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
