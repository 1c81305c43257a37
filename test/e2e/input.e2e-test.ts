import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createCipher } from '../../core/index.ts';
import type { Profile } from '../../core/profiles/profile.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import { profileOf, startPartnerAuth, statusItem, statusMessage } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

/** A port of this machine on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('what a person pastes', () => {
  const stack = new AsyncDisposableStack();
  const rightToLeft = 'پرداخت';
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({ profiles: [profileOf(partner, 'tconnect'), profileOf(partner, 'cloudreve')] }),
    );
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  async function profile(id: string): Promise<Profile | undefined> {
    const { 'partnerAuth.profiles': profiles } = await workbench.userSettings();
    return (profiles as readonly Profile[]).find((candidate) => candidate.id === id);
  }

  async function addProfile(name: string): Promise<void> {
    await window.runCommand('Partner Auth: Add Profile');
    await window.quickInput.waitFor({ title: 'Add Profile', step: 1, row: name });
    await window.quickInput.pick(name);
  }

  /** The message of the open prompt, which must be shown whole and within the window. */
  async function visibleMessage(text: RegExp): Promise<string> {
    const { message, severity } = await window.quickInput.waitFor({ message: text });
    const box = await window.page.locator('.quick-input-message').boundingBox();
    const { width, height } = window.page.viewportSize() ?? { width: 0, height: 0 };
    assert.ok(box !== null && box.height > 0 && box.y + box.height < height && box.x + box.width <= width);
    return `${severity}: ${message}`;
  }

  it('is an address of a browser, which is cut to what is needed, with the change shown', async () => {
    await addProfile('Cloudreve');
    await window.quickInput.waitFor({ step: 2, message: /^Base URL/ });
    await window.quickInput.type(` ${new URL(partner.url).host}/home?path=cloudreve%3A%2F%2Fmy `);
    assert.equal(await visibleMessage(/used/), `info: This address is used: ${partner.url}`);
    await window.quickInput.accept();
    await window.quickInput.waitFor({ step: 3, message: /^Profile name/ });
    await window.quickInput.back();
    assert.equal((await window.quickInput.waitFor({ step: 2 })).value, partner.url);
  });

  it('is an address at which nothing listens, which is named and can be used all the same', async () => {
    const { quickInput } = window;
    const unused = `http://127.0.0.1:${await closedPort()}`;
    await quickInput.type(unused);
    await quickInput.accept();
    assert.equal(
      await visibleMessage(/reached/),
      `warning: ${unused}/api/v4/session/token/refresh could not be reached. Correct the address, or press Enter again to use it anyway.`,
    );
    assert.equal((await quickInput.state())?.value, unused);
    await quickInput.accept();
    await quickInput.waitFor({ step: 3 });
    await quickInput.back();
  });

  it('is the address of a page, for which the address of the partner is proposed', async () => {
    const { quickInput } = window;
    await quickInput.waitFor({ step: 2 });
    await quickInput.type(`${partner.url}/home`);
    await quickInput.accept();
    assert.match(await visibleMessage(/Press Enter to use it/), new RegExp(`^warning: .*but ${partner.url} does`));
    assert.equal((await quickInput.state())?.value, partner.url);
    await quickInput.accept();
    await quickInput.waitFor({ step: 3 });
    await quickInput.type('👩‍💻 dev');
    await quickInput.accept();
    await window.notifications.waitFor('The profile 👩‍💻 dev was added.');
    // Its sign-in starts by itself.
    await quickInput.waitFor({ title: /dev/, step: 1, message: /Email/ });
    await quickInput.cancel();
    await quickInput.waitUntilClosed();
    assert.equal((await profile('dev'))?.baseUrl, partner.url);
    await window.notifications.dismissAll();
  });

  it('is a key with a prefix and a line break, of which the prompt says what is left out', async () => {
    const { key } = partner.profiles.tconnect.cipher;
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick('ACME');
    await window.runCommand('Partner Auth: Sign In');
    await window.quickInput.waitFor({ step: 1, masked: true });
    await window.quickInput.type(`0x${key}\u200b `);
    assert.equal(
      await visibleMessage(/Left out/),
      'info: Left out: invisible character U+200B at the end, space at the end, "0x" at the start.',
    );
    await window.quickInput.accept();
    await window.quickInput.waitFor({ step: 2, message: /IV/ });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
  });

  it('stays in a list when something else is clicked', async () => {
    await window.runCommand('Partner Auth: Switch Profile');
    const { rows } = await window.quickInput.waitFor({ row: 'ACME' });
    await window.page.mouse.click(400, 500);
    await statusItem(window).waitFor('$(key) ACME: Sign in');
    assert.equal((await window.quickInput.state())?.rows.length, rows.length);
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
  });

  it('is one field of a profile, while everything else is kept', async () => {
    const before = await profile('tconnect');
    await window.runCommand('Partner Auth: Edit Profile');
    const { rows } = await window.quickInput.waitFor({ row: 'Name' });
    assert.deepEqual(
      rows.slice(0, 2).map(({ label, description }) => [label, description]),
      [
        ['Name', 'ACME'],
        ['Base URL', partner.url],
      ],
    );
    await window.quickInput.pick('Name');
    assert.equal((await window.quickInput.waitFor({ title: 'Edit ACME', message: /^Profile name/ })).value, 'ACME');
    await window.quickInput.type(rightToLeft);
    await window.quickInput.accept();
    await statusMessage(window).waitFor(`The profile ${rightToLeft} was changed.`);
    assert.deepEqual(await profile('tconnect'), { ...before, label: rightToLeft });
  });

  it('is a ciphertext in the clipboard, although a file is open', async () => {
    const { cipher } = partner.profiles.tconnect;
    await window.runCommand('Partner Auth: Edit Profile');
    await window.quickInput.pick('Key');
    await window.quickInput.waitFor({ masked: true });
    await window.quickInput.type(cipher.key);
    await window.quickInput.accept();
    await statusMessage(window).waitFor(`The profile ${rightToLeft} was changed.`);
    await window.runCommand('Partner Auth: Edit Profile');
    await window.quickInput.pick('Fixed IV');
    await window.quickInput.waitFor({ masked: true });
    await window.quickInput.type(cipher.iv.from === 'fixed' ? cipher.iv.value : '');
    await window.quickInput.accept();
    await window.quickInput.waitUntilClosed();

    await window.runCommand('File: New Untitled Text File');
    await window.page.keyboard.type('notes of the user');
    await window.waitForEditor(/notes of the user/);
    await window.writeClipboard(createCipher(cipher).encrypt('{"amount":4711}'));
    await window.runCommand('Partner Auth: Decrypt Payload');
    await window.waitForEditor(/"amount": 4711/);
    await statusMessage(window).waitFor('The clipboard was decrypted.');
    await window.notifications.dismissAll();
  });

  it('leaves the time after a right-to-left name where it is', async () => {
    await window.runCommand('Partner Auth: Sign In');
    const { credentials } = partner.profiles.tconnect;
    for (const [index, value] of Object.values(credentials as unknown as Record<string, string>).entries()) {
      await window.quickInput.waitFor({ step: index + 1 });
      await window.quickInput.type(value);
      await window.quickInput.accept();
    }
    await window.quickInput.pick("Don't remember");
    await statusItem(window).waitFor(`$(key) \u2068${rightToLeft}\u2069 9h`);
    const right = (part: string): Promise<number> =>
      window.page.evaluate(
        `(() => {
          const label = document.querySelector('.statusbar-item[id^="partner-auth.partner-auth"] .statusbar-item-label');
          const walker = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            const at = node.data.indexOf(${JSON.stringify(part)});
            if (at === -1) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + ${part.length});
            return range.getBoundingClientRect().right;
          }
          return 0;
        })()`,
      );
    const [name, time] = [await right(rightToLeft), await right('9h')];
    assert.ok(name > 0 && time > name, `the name ends at ${name}, the time at ${time}`);
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
