import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { createCipher } from '../../core/index.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import { profileOf, signInInputs, startPartnerAuth, statusItem, typeSteps } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';
import { runMainPath, type UiStrings } from './main-path.ts';

const vietnamese: UiStrings = {
  signIn: '$(key) ACME: Đăng nhập',
  signInCommand: 'Partner Auth: Đăng nhập',
  valid: '$(key) ACME 9 giờ',
  signedIn: 'ACME: đã đăng nhập',
  signedOut: 'ACME: chưa đăng nhập',
  copyCommand: 'Partner Auth: Sao chép access token',
  copied: /^\$\(check\) Đã sao chép access token \(9 giờ\)\. Clipboard sẽ được xóa sau 2 giây\.$/,
  cleared: 'Đã xóa token khỏi clipboard.',
  refreshed: 'ACME: access token đã được làm mới.',
  signOutCommand: 'Partner Auth: Đăng xuất',
};

describe('an https partner with a private certificate authority, in Vietnamese', () => {
  const stack = new AsyncDisposableStack();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    folder = stack.use(await temporaryFolder());
    partner = stack.use(await startPartner({ https: true }));
    workbench = stack.use(
      await startPartnerAuth({
        locale: 'vi',
        theme: 'light',
        profiles: [
          profileOf(partner, 'tconnect', { caFile: folder.file('ca.pem') }),
          profileOf(partner, 'bizmail', { id: 'without-ca' }),
        ],
        settings: { 'partnerAuth.clipboard.clearAfter': 2 },
      }),
    );
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  async function signInTo(label: string): Promise<void> {
    await window.runCommand('Partner Auth: Chuyển hồ sơ');
    await window.quickInput.pick(label);
    await statusItem(window).waitFor(`$(key) ${label}: Đăng nhập`);
    await statusItem(window).click();
    const isPlain = label === 'Mailer';
    const inputs = signInInputs(partner, isPlain ? 'bizmail' : 'tconnect');
    await typeSteps(window, inputs);
    const remember = await window.quickInput.waitFor({ step: inputs.length + 1 });
    await window.quickInput.pick(remember.rows[0]?.label ?? '');
  }

  it('shows advice when a message fits no cipher settings', async () => {
    const cipher = createCipher({ key: 'a'.repeat(32), iv: { from: 'key' } });
    await window.runCommand('Partner Auth: Dò thông số mã hóa');
    await typeSteps(window, [
      { value: cipher.encrypt('{"note":"Xin chào từ một thông điệp của đối tác"}'), masked: false },
      { value: '', masked: true },
      { value: '', masked: true },
      { value: 'b'.repeat(32), masked: true },
    ]);
    const { text, buttons } = await window.dialogs.waitFor();
    assert.match(
      text,
      /^Không tìm được thông số mã hóa\.\s+Không cách mã hóa nào trong số đã biết khớp\. Hãy kiểm tra/,
    );
    assert.deepEqual(buttons.toSorted(), ['Cancel', 'Thử lại']);
    await window.dialogs.click('Cancel');
  });

  it('is reported as not trusted without caFile', async () => {
    await signInTo('Mailer');
    const { text, buttons } = await window.dialogs.waitFor();
    assert.match(text, /Mailer.*"caFile"/);
    assert.equal(buttons.length, 3);
    await window.dialogs.click('Cancel');
    assert.equal(partner.journal.length, 0, 'nothing was sent');
  });

  it('is not called when caFile does not exist', async () => {
    await signInTo('ACME');
    const { text, buttons } = await window.dialogs.waitFor();
    assert.match(text, /^ACME.*"caFile"/);
    assert.ok(buttons.includes('Mở cài đặt'), buttons.join());
    await window.dialogs.click('Cancel');
    assert.equal(partner.journal.length, 0, 'nothing was sent');
  });

  it('completes the main path once caFile exists', async () => {
    await writeFile(folder.file('ca.pem'), partner.ca ?? '');
    await runMainPath(window, partner, vietnamese);
    await rm(folder.file('ca.pem'));
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, partner.secrets());
  });
});
