import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { packClient, requestSession, setProfiles, type ClientRequest } from '../helpers/workbench/client.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  completeSignIn,
  profileOf,
  startPartnerAuth,
  statusItem,
  typeSteps,
} from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

/** Two profiles of one partner, with the same label and the same account. */
describe('the consent of the user', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  const profile = (id: string) => profileOf(partner, 'bizmail', { id, label: 'ACME' });
  const label = (id: string): string =>
    `${partner.profiles.bizmail.credentials.username} – ${id} @ ${new URL(partner.url).host}`;
  const token = (): string => partner.tokens('bizmail')?.accessToken ?? '';

  /** Lets the client request a session, and resolves the message that it shows. */
  async function request(what: ClientRequest, interact: () => Promise<void> = async () => undefined): Promise<string> {
    await window.notifications.dismissAll();
    await window.writeClipboard('');
    await requestSession(window, what);
    await interact();
    return (await window.notifications.waitFor(/^(received|rejected)/)).text;
  }
  const received = (id: string): RegExp => new RegExp(`^received ${label(id).replaceAll('.', '\\.')}, changes`);
  async function allow(): Promise<string> {
    const { text } = await window.dialogs.waitFor();
    await window.dialogs.click('Allow');
    return text;
  }

  before(async () => {
    const folder = stack.use(await temporaryFolder());
    partner = stack.use(await startPartner());
    const client = await packClient(folder.path);
    workbench = stack.use(await startPartnerAuth({ profiles: [profile('test')], otherExtensions: [client] }));
    window = await workbench.openWindow('acme');
    await window.runCommand('Partner Auth: Sign In');
    await completeSignIn(window, partner, 'bizmail');
  });
  after(() => stack.disposeAsync());

  it('is asked for before an extension gets a token', async () => {
    assert.equal(await request({ scopes: ['test'], options: { silent: true } }), 'received nothing');
    const message = await request({ scopes: ['test'], options: { createIfNone: true } }, async () => {
      assert.match(await allow(), /client/i);
      await window.quickInput.pick(label('test'));
    });
    assert.match(message, received('test'));
    await window.waitForClipboard(token());
    assert.match(await request({ scopes: ['test'], options: { silent: true } }), received('test'));
  });

  it('does not extend to a second profile with the same label and account', async () => {
    await setProfiles(window, [profile('live'), profile('test')]);
    await statusItem(window).waitFor('$(key) ACME: Sign in');
    await window.runCommand('Partner Auth: Sign In');
    await completeSignIn(window, partner, 'bizmail');
    assert.equal(await request({ scopes: ['live'], options: { silent: true } }), 'received nothing');
    const entries = await window.accounts.open();
    for (const id of ['test', 'live']) assert.ok(entries.includes(`${label(id)} (Partner Auth)`), entries.join());
    await window.accounts.close();
  });

  it('does not pass to it when the first profile is removed', async () => {
    await setProfiles(window, [profile('live')]);
    const question = 'The profile ACME (test) is no longer in your settings. Forget its session, key and password too?';
    assert.deepEqual((await window.notifications.waitFor(question)).buttons, ['Forget', 'Keep']);
    assert.equal(await request({ scopes: ['live'], options: { silent: true } }), 'received nothing');
    const message = await request({ scopes: ['live'], options: { createIfNone: true } }, async () => {
      await allow();
      await window.quickInput.pick(label('live'));
    });
    assert.match(message, received('live'));
    await window.waitForClipboard(token());
  });

  it('to force a new session leads to a sign-in, and to another token', async () => {
    const last = token();
    const message = await request({ scopes: ['live'], options: { forceNewSession: true } }, async () => {
      await allow();
      await typeSteps(window, [{ value: partner.profiles.bizmail.credentials.password, masked: true }]);
      await window.quickInput.pick('Remember in secret storage');
    });
    assert.match(message, received('live'));
    assert.notEqual(token(), last);
    await window.waitForClipboard(token());
  });

  it('is given for the account that the user selects, until the extension clears its preference', async () => {
    await setProfiles(window, [profile('live'), profile('test')]);
    const choose = (id: string) =>
      request({ scopes: [], options: { createIfNone: true, clearSessionPreference: true } }, async () => {
        await allow();
        await window.quickInput.pick(label(id));
      });
    for (const id of ['test', 'live']) {
      assert.match(await choose(id), received(id));
      assert.match(await request({ scopes: [], options: { silent: true } }), received(id));
    }
    assert.match(await request({ scopes: [], options: { silent: true }, account: label('test') }), received('test'));
    assert.equal(
      await request({ scopes: ['live'], options: { silent: true }, account: label('test') }),
      'received nothing',
    );
  });

  it('ends with the account that is signed out in the Accounts menu, and with no other', async () => {
    await window.accounts.open();
    await window.accounts.choose(`${label('test')} (Partner Auth)`, 'Sign Out');
    await window.dialogs.click('Sign Out');
    assert.equal(await request({ scopes: ['test'], options: { silent: true } }), 'received nothing');
    assert.match(await request({ scopes: ['live'], options: { silent: true } }), received('live'));
    const entries = await window.accounts.open();
    assert.deepEqual(
      [entries.includes(`${label('test')} (Partner Auth)`), entries.includes(`${label('live')} (Partner Auth)`)],
      [false, true],
    );
    await window.accounts.close();
  });

  it('leaves nothing to ask for once everything is forgotten', async () => {
    await window.runCommand('Partner Auth: Forget Everything');
    const { text } = await window.dialogs.waitFor();
    assert.match(text, /^Forget every session, key and password\?\s+You will be signed out of ACME/);
    await window.dialogs.click('Forget Everything');
    await statusItem(window).waitFor('$(key) ACME: Sign in');
    assert.ok(!(await window.accounts.open()).some((entry) => entry.includes('Partner Auth')));
    await window.accounts.close();
    assert.equal(await request({ scopes: ['live'], options: { silent: true } }), 'received nothing');
    await window.reload();
    await statusItem(window).waitFor('$(key) ACME: Sign in');
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
