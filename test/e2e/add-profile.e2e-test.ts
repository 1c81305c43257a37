import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Profile } from '../../core/profiles/profile.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import { signInInputs, startPartnerAuth, statusItem, typeSteps } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const title = 'Add Profile';

describe('adding a profile', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    partner = stack.use(await startPartner());
    workbench = stack.use(await startPartnerAuth());
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  async function openWizard(): Promise<void> {
    await window.runCommand('Partner Auth: Add Profile');
    await window.quickInput.waitFor({ title, step: 1, row: 'TCONNECT' });
  }

  async function enter(step: number, text: string, masked = false): Promise<void> {
    await typeSteps(window, [{ value: text, masked }], step);
  }

  async function profiles(): Promise<readonly Profile[]> {
    return ((await workbench.userSettings())['partnerAuth.profiles'] ?? []) as readonly Profile[];
  }

  it('starts from the status bar when there is no profile', async () => {
    assert.deepEqual(await statusItem(window).state(), {
      text: '$(key) Partner Auth',
      label: 'Partner Auth: add a profile',
      kind: 'default',
    });
    await statusItem(window).click();
    const { rows, step } = await window.quickInput.waitFor({ title, step: 1 });
    assert.equal(step?.total, 9, 'the most steps that there can be');
    assert.deepEqual(
      rows.map(({ label }) => label),
      [
        'TCONNECT',
        'BizMail',
        'Cloudreve',
        'OAuth 2.0 (password, client credentials, refresh token)',
        '$(beaker) Sandbox',
      ],
    );
    await window.quickInput.cancel();
  });

  it('changes nothing when cancelled at any step', async () => {
    await window.quickInput.waitUntilClosed();
    const before = [await workbench.userSettings(), await workbench.storedSecrets()];
    const { key } = partner.profiles.tconnect.cipher;
    for (const last of [2, 4, 6, 7]) {
      await openWizard();
      await window.quickInput.pick('TCONNECT');
      if (last > 2) await window.quickInput.pick('Staging');
      if (last > 3) await enter(3, 'CODE');
      if (last > 4) await window.quickInput.pick('Hex digits');
      if (last > 5) await enter(5, key, true);
      if (last > 6) await window.quickInput.pick('Random, prepended to the ciphertext');
      await window.quickInput.waitFor({ step: last });
      await window.quickInput.cancel();
      await window.quickInput.waitUntilClosed();
    }
    assert.deepEqual([await workbench.userSettings(), await workbench.storedSecrets()], before);
    assert.equal((await statusItem(window).state())?.text, '$(key) Partner Auth');
  });

  it('validates each step, and keeps the answers when going back', async () => {
    const { quickInput } = window;
    const { partnerCode, cipher } = partner.profiles.tconnect;
    await openWizard();
    await quickInput.pick('TCONNECT');
    await quickInput.waitFor({ step: 2, row: 'Staging' });
    await quickInput.pick('Other URL…');

    await quickInput.waitFor({ step: 3, message: /^Base URL of TCONNECT/ });
    await quickInput.type('http://partner.example');
    const problem = /^Enter an https URL/;
    assert.equal((await quickInput.waitFor({ message: problem })).severity, 'error');
    await quickInput.accept();
    await quickInput.waitFor({ step: 3, message: problem });
    await enter(3, partner.url);

    await quickInput.waitFor({ step: 4, message: /^Partner code issued by TCONNECT/ });
    await quickInput.type('Mã số');
    await quickInput.waitFor({ message: /^Enter printable ASCII/ });
    await enter(4, partnerCode);

    await quickInput.waitFor({ step: 5, row: 'Hex digits' });
    await quickInput.pick('Base64');
    await quickInput.waitFor({ step: 6, masked: true });
    await quickInput.type('too short');
    await quickInput.waitFor({ message: 'Enter a key of 32 bytes as base64.' });
    await quickInput.back();
    const picking = await quickInput.waitFor({ step: 5, row: 'Base64' });
    assert.deepEqual(
      picking.rows.filter(({ focused }) => focused).map(({ label }) => label),
      ['Base64'],
      'the previous choice is focused',
    );
    await quickInput.back();
    assert.equal((await quickInput.waitFor({ step: 4 })).value, partnerCode);
    await quickInput.accept();
    await quickInput.pick('Hex digits');
    await enter(6, cipher.key, true);

    await quickInput.waitFor({ step: 7, row: 'Fixed (hex digits)' });
    await quickInput.pick('Fixed (hex digits)');
    await enter(8, cipher.iv.from === 'fixed' ? cipher.iv.value : '', true);
    const last = await quickInput.waitFor({ step: 9, message: /^Profile name/ });
    assert.deepEqual([last.value, last.step?.total], ['TCONNECT', 9]);
    await enter(9, 'ACME Việt Nam');
    await window.notifications.waitFor('The profile ACME Việt Nam was added.');

    assert.deepEqual(await profiles(), [
      {
        id: 'acme-viet-nam',
        label: 'ACME Việt Nam',
        partner: 'tconnect',
        baseUrl: partner.url,
        partnerCode,
        cipher: { keyFormat: 'hex', iv: { from: 'fixed', format: 'hex' } },
      },
    ]);
    await statusItem(window).waitFor('$(key) ACME Việt Nam: Sign in');
    assert.deepEqual(
      partner.journal.map(({ call, path }) => [call, path]),
      [['refresh', '/openapi/v1/auth/refresh']],
      'the server was asked once, without credentials',
    );
  });

  it('continues by itself with a sign-in that asks for neither the key nor the IV again', async () => {
    await window.quickInput.waitFor({ title: 'Sign in to ACME Việt Nam', step: 1 });
    const [, , ...fields] = signInInputs(partner, 'tconnect');
    await typeSteps(window, fields);
    await window.quickInput.pick('Remember in secret storage');
    await statusItem(window).waitFor('$(key) ACME Việt Nam 9h');
  });

  it('does not change another profile of the same name', async () => {
    await openWizard();
    await window.quickInput.pick('Cloudreve');
    await enter(2, partner.url);
    await enter(3, 'ACME Việt Nam');
    await window.quickInput.waitFor({ title: 'Sign in to ACME Việt Nam', step: 1 });
    await window.quickInput.cancel();
    assert.deepEqual(
      (await profiles()).map(({ id }) => id),
      ['acme-viet-nam', 'acme-viet-nam-2'],
    );
    await statusItem(window).waitFor('$(key) ACME Việt Nam: Sign in');
    await window.notifications.dismissAll();
  });

  it('reports an invalid profile with its field, while the other profiles keep working', async () => {
    await workbench.changeUserSettings({
      'partnerAuth.profiles': [
        { id: 'typo', label: 'Typo', partner: 'bizmail', baseUrl: 'http://partner.example' },
        ...(await profiles()),
      ],
    });
    // The VS Code server from npm has no file watcher.
    await window.reload();
    await window.notifications.click(
      /^The profile Typo is ignored: its field "baseUrl" must be an https address/,
      'Open Settings',
    );
    await window.waitForEditor(/partnerAuth\.profiles/);
    await window.waitForProblem(/Must be an https URL; http is allowed for localhost only, or with allowHttp/);
    await window.runCommand('Partner Auth: Switch Profile');
    const { rows } = await window.quickInput.waitFor({ row: 'ACME Việt Nam' });
    assert.equal(rows.length, 3);
    await window.quickInput.cancel();
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
