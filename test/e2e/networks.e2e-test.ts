import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startProxy, type TestProxy } from '../helpers/start-proxy.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import { profileOf, signInInputs, startPartnerAuth, statusItem, typeSteps } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const password = 'word-of-pat-for-the-proxy';

describe('a profile with a proxy', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let proxy: TestProxy;
  let refusing: TestProxy;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner());
    proxy = stack.use(await startProxy({ credentials: `pat:${password}` }));
    refusing = stack.use(await startProxy({ refuse: 502 }));
    const own = profileOf(partner, 'bizmail', { proxy: `http://127.0.0.1:${proxy.port}` });
    const other = profileOf(partner, 'cloudreve', { baseUrl: 'https://partner.example' });
    const settings = { 'http.proxy': refusing.url };
    workbench = stack.use(await startPartnerAuth({ profiles: [own, other], settings }));
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  async function enter(partnerId: 'bizmail' | 'cloudreve'): Promise<void> {
    await statusItem(window).click();
    await typeSteps(window, signInInputs(partner, partnerId));
    await window.quickInput.pick("Don't remember");
  }

  it('asks for its user and password at the sign-in that requires them, and for no others again', async () => {
    const { quickInput } = window;
    await statusItem(window).waitFor('$(key) Mailer: Sign in');
    await enter('bizmail');
    await quickInput.waitFor({ message: /^The proxy of Mailer requires/ });
    await quickInput.type('pat');
    await quickInput.accept();
    await quickInput.waitFor({ message: /^Password for the proxy 127\.0\.0\.1/, masked: true });
    await quickInput.type('wrong');
    await quickInput.accept();
    const again = await quickInput.waitFor({ message: /^The proxy of Mailer refused this user and password\./ });
    assert.equal(again.value, 'pat');
    await quickInput.accept();
    await quickInput.waitFor({ message: /^Password for the proxy/, masked: true });
    await quickInput.type(password);
    await quickInput.accept();
    await quickInput.waitUntilClosed();
    await statusItem(window).waitFor(/ \d+/);
    assert.deepEqual(
      partner.journal.map(({ call }) => call),
      ['login'],
    );
    assert.deepEqual([refusing.requests, refusing.others], [[], []]);
    await assertNoLeak(workbench, new Set([...partner.secrets(), password]));
  });

  it('is the only one that the proxy of VS Code is not for, whose refusal is not taken for the partner', async () => {
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick('Drive');
    await statusItem(window).waitFor('$(key) Drive: Sign in');
    await enter('cloudreve');
    const { buttons } = await window.notifications.waitFor(
      /^Drive: the proxy did not open a connection\. Check the proxy/,
    );
    assert.deepEqual(buttons, ['Try Again', 'Open Settings', 'Show Log']);
    assert.deepEqual(
      refusing.requests.map(({ target }) => target),
      ['partner.example:443'],
    );
  });
});
