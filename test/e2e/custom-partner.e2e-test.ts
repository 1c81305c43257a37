import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCipher } from '../../core/index.ts';
import { acmePay, acmePayJson } from '../helpers/acme-pay.ts';
import { assertNoLeak, startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import {
  statusMessage,
  profileOf,
  startPartnerAuth,
  statusItem,
  typeSteps,
} from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const correctSettings = 'aes-256-cbc · key hex · IV key · hex · json';
/** A sample message as in the documentation of the partner. */
const sample = '{"api_user":"robot@example.com","note":"Xin chào từ ACME Pay"}';
const secretNote = 'a-secret-of-the-payload';

describe('a partner defined in the settings', () => {
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;
  let key: string;
  let credentials: Readonly<Record<string, string>>;

  before(async () => {
    partner = await startPartner({ definitions: [{ definition: acmePay, cipher: { iv: { from: 'key' } } }] });
    const known = partner.profiles['acme-pay'];
    assert.ok(known?.cipher);
    key = String(known.cipher.key);
    credentials = known.credentials;
    workbench = await startPartnerAuth({
      profiles: [
        {
          id: 'acme',
          label: 'Acme',
          partner: 'acme-pay',
          baseUrl: partner.url,
          partnerCode: known.partnerCode ?? '',
          // A wrong guess, to be corrected by cipher detection.
          cipher: { keyFormat: 'hex', iv: { from: 'zero' } },
        },
        profileOf(partner, 'tconnect', { label: 'Other' }),
      ],
      settings: {
        'partnerAuth.partners': [
          acmePayJson(),
          { ...acmePayJson(), id: 'path-pay', login: { path: 'v2/token' } },
          { ...acmePayJson(), id: 'key-pay', cypher: {} },
        ],
      },
    });
    window = await workbench.openWindow();
  });
  after(async () => {
    await workbench.close();
    await partner.close();
  });

  const lines = (): string[] => partner.journal.map(({ call, outcome }) => `${call} ${outcome}`);
  const fields = () => [
    { value: credentials.api_user ?? '', masked: false },
    { value: credentials.api_secret ?? '', masked: true },
  ];

  it('is used, while invalid definitions are reported with their field', async () => {
    const { severity } = await window.notifications.waitFor(
      /^The partner path-pay .*"login\.path".*1 more in the log\.$/,
    );
    assert.equal(severity, 'warning');
    await window.notifications.dismissAll();
    await window.runCommand('Partner Auth: Show Log');
    await window.waitForOutput(/The partner key-pay .*"cypher"/);
    await statusItem(window).waitFor('$(key) Acme: Sign in');
  });

  it('rejects a payload that it cannot decrypt, with a hint to detect the cipher settings', async () => {
    await statusItem(window).click();
    await typeSteps(window, [{ value: key, masked: true }, ...fields()]);
    await window.quickInput.waitFor({
      step: 1,
      masked: true,
      message: /^Acme rejected the request\..*Detect Cipher Settings/,
    });
    await window.quickInput.cancel();
    await window.quickInput.waitUntilClosed();
    assert.deepEqual(lines(), ['login badCiphertext']);
  });

  it('accepts sign-ins after cipher detection from one message', async () => {
    const ciphertext = createCipher({ key, keyFormat: 'hex', iv: { from: 'key' } }).encrypt(sample);
    await window.runCommand('Partner Auth: Detect Cipher Settings');
    await typeSteps(window, [
      { value: JSON.stringify({ payload: ciphertext }), masked: false },
      { value: sample, masked: true },
      { value: '', masked: true },
      { value: key, masked: true },
    ]);
    await window.quickInput.pick(correctSettings);
    await statusMessage(window).waitFor('The cipher settings of Acme were changed.');
    const [acme] = (await workbench.userSettings())['partnerAuth.profiles'] as { cipher: unknown }[];
    assert.deepEqual(acme?.cipher, { keyFormat: 'hex', iv: { from: 'key' } });
    assert.equal(partner.journal.length, 1, 'nothing was sent');

    await statusItem(window).click();
    await typeSteps(window, fields());
    await statusItem(window).waitFor(/^\$\(key\) Acme (?:59m|1h)$/);
    assert.deepEqual(lines(), ['login badCiphertext', 'login ok']);
  });

  it('refreshes on click, and its token can be copied', async () => {
    await statusItem(window).click();
    await statusMessage(window).waitFor('Acme: the access token was refreshed.');
    assert.deepEqual(lines().slice(2), ['refresh ok']);
    await window.runCommand('Partner Auth: Copy Access Token');
    assert.equal(await window.waitForClipboard(/^eyJ/), partner.tokens('acme-pay')?.accessToken);
  });

  it('stays signed in after a reload', async () => {
    await window.reload();
    await window.notifications.dismissAll();
    await statusItem(window).waitFor(/^\$\(key\) Acme (?:59m|1h)$/);
    assert.equal(partner.journal.length, 3);
  });

  it('has its payloads decrypted, revealed on request and encrypted', async () => {
    const plain = JSON.stringify({ note: 'Xin chào', api_secret: secretNote });
    const ciphertext = createCipher({ key, keyFormat: 'hex', iv: { from: 'key' } }).encrypt(plain);
    await window.writeClipboard(JSON.stringify({ payload: ciphertext }));
    await window.runCommand('Partner Auth: Decrypt Payload');
    const masked = await window.waitForEditor(/"note": "Xin chào"/);
    assert.match(masked, /"api_secret": "•+"/);
    await window.notifications.click('Secrets in the payload are masked.', 'Reveal Secrets');
    await window.waitForEditor(new RegExp(`"api_secret": "${secretNote}"`));
    await window.runCommand('Partner Auth: Encrypt Payload');
    await window.waitForEditor(/"payload": "[\da-f]{64,}/);
  });

  it('has its last exchange explained', async () => {
    await window.runCommand('Partner Auth: Refresh Token');
    await statusMessage(window).waitFor('Acme: the access token was refreshed.');
    await window.runCommand('Partner Auth: Explain Last Exchange');
    const shown = await window.waitForEditor(/"call": "refresh"/);
    assert.match(shown, /"renewal_token": "•+"/);
    assert.match(shown, /"algorithm": "aes-256-cbc"/);
  });

  it('receives a logout on sign-out, and the other profile is unaffected', async () => {
    await window.runCommand('Partner Auth: Sign Out');
    await statusMessage(window).waitFor('Signed out of Acme.');
    await statusItem(window).waitFor('$(key) Acme: Sign in');
    assert.equal(lines().at(-1), 'logout ok');
    await window.runCommand('Partner Auth: Switch Profile');
    await window.quickInput.pick('Other');
    await statusItem(window).waitFor('$(key) Other: Sign in');
  });

  it('leaves no secret in settings, state or logs', async () => {
    const sent = partner.journal.flatMap(({ body }) => /"payload":"([^"]+)"/.exec(body)?.[1] ?? []);
    await assertNoLeak(
      workbench,
      new Set([...partner.secrets(), key, credentials.api_secret ?? '', secretNote, ...sent]),
    );
  });
});
