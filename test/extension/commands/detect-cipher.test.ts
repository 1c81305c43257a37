import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, type CipherSettings } from '../../../core/index.ts';
import { detectCipherSettings } from '../../../extension/commands/detect-cipher.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { cancel, type FakeApp, type FakeAppOptions } from '../../helpers/fake-app.ts';
import { withAcmeApp } from '../../helpers/with-acme-app.ts';

const plaintext = '{"api_user":"robot@example.com","note":"Xin chào từ ACME Pay"}';
const key = '8f3a1c5e7092b4d6e8fa0c1e2b3d4f5061728394a5b6c7d8e9fa0b1c2d3e4f50';
const correct: Omit<CipherSettings, 'key'> = { keyFormat: 'hex', iv: { from: 'key' } };
const encrypted = (settings = correct, text = plaintext) => createCipher({ ...settings, key }).encryptWithIv(text);
const envelope = JSON.stringify({ payload: encrypted().ciphertext });
const wrong = { keyFormat: 'utf8', iv: { from: 'zero' } } as const;
const labels = (fake: FakeApp): readonly string[] => fake.pickLists.flatMap((list) => list.map(({ label }) => label));

describe('detectCipherSettings', () => {
  it('saves the detected settings in the profile and the key in secret storage, and the next sign-in succeeds', () =>
    withAcmeApp(
      {
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV key · hex · json',
        replies: () => ({ ciphertext: envelope, plaintext, iv: '' }),
      },
      async ({ fake, sandbox, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual(profile().cipher, { keyFormat: 'hex', iv: { from: 'key' } });
        assert.equal(fake.secrets.get('acme')?.key, key);
        assert.ok(!JSON.stringify(fake.savedProfiles).includes(key));
        assert.deepEqual(fake.statusMessages, ['The cipher settings of Acme were changed.']);
        assert.deepEqual(
          fake.pickLists[0]?.map(({ detail }) => detail),
          ['the padding is correct, the whole plaintext matches, the plaintext is UTF-8, the payload is JSON'],
        );
        assert.equal(sandbox.journal.length, 0, 'nothing was sent');
        assert.ok(await signIn(fake.app, profile()));
        assert.ok(!fake.steps.slice(4).some(({ step }) => step.id === 'key'), 'the key is not asked for again');
      },
    ));

  it('prompts with masked secrets, and prompts for the key only if none is stored', () =>
    withAcmeApp({ replies: () => ({ ciphertext: envelope, plaintext, iv: '', whichKey: 'stored' }) }, async (acme) => {
      const { fake, profile } = acme;
      await detectCipherSettings(fake.app, profile());
      const prompts = (): string[] =>
        fake.steps.map(({ step }) => `${step.id}${step.kind === 'input' && step.secret === true ? ' masked' : ''}`);
      assert.deepEqual(prompts(), ['ciphertext', 'plaintext masked', 'iv masked', 'key masked']);
      assert.ok(await signIn(fake.app, profile()));
      const before = fake.steps.length;
      await detectCipherSettings(fake.app, profile());
      assert.deepEqual(prompts().slice(before), ['ciphertext', 'plaintext masked', 'iv masked', 'whichKey']);
      assert.equal(fake.pickLists.at(-1)?.length, 1);
    }));

  it('stores a computed fixed IV in secret storage and not in the settings', () => {
    const iv = { from: 'fixed', value: 'b7e1d90233f84c6a5810ee7f9ac4d265', format: 'hex' } as const;
    return withAcmeApp(
      {
        cipher: { iv },
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV fixed · hex · json',
        replies: () => ({ ciphertext: encrypted({ keyFormat: 'hex', iv }).ciphertext, plaintext, iv: '' }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual(profile().cipher, { keyFormat: 'hex', iv: { from: 'fixed', format: 'hex' } });
        assert.equal(fake.secrets.get('acme')?.iv, iv.value);
        assert.ok(!JSON.stringify(fake.savedProfiles).includes(iv.value));
        assert.ok(await signIn(fake.app, profile()));
      },
    );
  });

  it('takes the IV and the name of its field from the envelope', () => {
    const settings = { keyFormat: 'hex', iv: { from: 'field', name: 'vector', format: 'hex-upper' } } as const;
    const { ciphertext, iv = '' } = encrypted(settings);
    return withAcmeApp(
      {
        cipher: settings,
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV field · hex · json',
        replies: () => ({ ciphertext: `merchant=M-1&payload=${ciphertext}&vector=${iv}`, plaintext: '', iv: '' }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual(profile().cipher, settings);
        assert.ok(await signIn(fake.app, profile()));
      },
    );
  });

  it('lists all candidates and a hint that distinguishes them', () =>
    withAcmeApp(
      // 53 bytes of JSON are padded to 64, a multiple of both 16 and 32.
      {
        replies: () => ({
          ciphertext: encrypted(correct, `{"n":"${'x'.repeat(45)}"}`).ciphertext,
          plaintext: '',
          iv: '',
        }),
      },
      async ({ fake, profile }) => {
        const before = JSON.stringify(fake.savedProfiles);
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual(labels(fake), [
          'aes-256-cbc · key hex · IV key · hex · json',
          'aes-256-cbc · key hex · IV key · hex · padding 32 · json',
        ]);
        assert.match(fake.pickPrompts.at(-1) ?? '', /^Several settings fit\. .*16 or to 32 bytes\.$/);
        assert.equal(JSON.stringify(fake.savedProfiles), before, 'nothing was selected, so nothing changed');
        assert.equal(fake.secrets.get('acme')?.key, undefined);
      },
    ));

  const invalidSamples: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ['another key', { key: 'k'.repeat(32) }, /^No known cipher settings fit\. Check/],
    ['text that is not a ciphertext', { ciphertext: 'Xin chào, đây không phải bản mã.' }, /not hex or base64/],
    ['a ciphertext of 50 MB', { ciphertext: 'ab'.repeat(25_000_000) }, /larger than 1 MiB/],
    ['an IV that is not valid', { iv: 'x'.repeat(500) }, /^The IV must be/],
    ['a key that is too long', { key: 'x'.repeat(5000) }, /^The key is too long/],
    ['a plaintext of more than 1 MiB', { plaintext: 'x'.repeat(1_100_000) }, /^The plaintext is larger than 1 MiB/],
    [
      'a plaintext from another message',
      { plaintext: '{"another":"message of the partner, of two blocks"}' },
      /your plaintext is not in it/,
    ],
  ];
  for (const [title, replies, message] of invalidSamples) {
    it(`explains why nothing fits ${title}, and changes nothing`, () =>
      withAcmeApp({ replies: () => ({ ciphertext: envelope, plaintext: '', iv: '', ...replies }) }, async (acme) => {
        const { fake, profile } = acme;
        const before = JSON.stringify(fake.savedProfiles);
        await detectCipherSettings(fake.app, profile());
        const [question, detail = ''] = fake.confirmations.at(-1)?.split('\n') ?? [];
        assert.equal(question, 'The cipher settings were not found.');
        assert.match(detail, message);
        assert.deepEqual([fake.pickLists, fake.notifications, fake.secrets.size], [[], [], 0]);
        assert.equal(JSON.stringify(fake.savedProfiles), before);
      }));
  }

  it('starts again on Try Again when nothing fits', () =>
    withAcmeApp(
      {
        buttons: ['Try Again'],
        replies: () => ({ ciphertext: ['zz', envelope], plaintext: '', iv: '' }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.equal(fake.confirmations.length, 1);
        assert.deepEqual(labels(fake), ['aes-256-cbc · key hex · IV key · hex · json']);
      },
    ));

  it('starts with the message at hand, and with none if there is no ciphertext', async () => {
    const message = encrypted().ciphertext;
    for (const [editor, clipboard, expected] of [
      [{}, envelope, envelope],
      [{ document: '# Notes' }, message, message],
      [{ selection: message, document: 'x' }, '', message],
      [{ document: '# Notes' }, 'Xin chào', undefined],
      [{}, '', undefined],
    ] as const) {
      await withAcmeApp(editor, async ({ fake, profile }) => {
        fake.clipboard = clipboard;
        await detectCipherSettings(fake.app, profile());
        assert.equal(fake.steps[0]?.step.value, expected);
      });
    }
  });

  it('keeps what was typed when it is tried again', () =>
    withAcmeApp(
      {
        buttons: ['Try Again'],
        replies: () => ({ ciphertext: ['ab'.repeat(32), cancel], plaintext: '', iv: '' }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.equal(fake.steps.at(-1)?.step.id, 'ciphertext');
        assert.equal(fake.steps.at(-1)?.step.value, 'ab'.repeat(32));
      },
    ));

  it('accepts a key as it was pasted', () =>
    withAcmeApp(
      {
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV key · hex · json',
        replies: () => ({ ciphertext: envelope, plaintext, iv: '', key: `0x${key}\u200b\n` }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.equal(fake.secrets.get('acme')?.key, key);
        assert.ok(await signIn(fake.app, profile()));
      },
    ));

  it('changes nothing when cancelled at any step', async () => {
    for (const id of ['ciphertext', 'plaintext', 'iv', 'key']) {
      const replies = (): FakeAppOptions['replies'] => ({ ciphertext: envelope, plaintext: '', iv: '', [id]: cancel });
      await withAcmeApp({ replies }, async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual([fake.pickLists, fake.questions, fake.statusMessages, fake.secrets.size], [[], [], [], 0]);
      });
    }
  });

  it('stores no key when the settings cannot be saved', () =>
    withAcmeApp(
      {
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV key · hex · json',
        replies: () => ({ ciphertext: envelope, plaintext, iv: '' }),
      },
      async ({ fake, profile }) => {
        fake.areSettingsReadOnly = true;
        await detectCipherSettings(fake.app, profile());
        assert.match(fake.notifications[0]?.message ?? '', /could not be saved to your settings/);
        assert.equal(fake.secrets.size, 0);
        assert.deepEqual(fake.statusMessages, []);
      },
    ));

  it('shows no key, plaintext or ciphertext in logs, lists or messages', () =>
    withAcmeApp({ replies: () => ({ ciphertext: envelope, plaintext, iv: '' }) }, async ({ fake, profile }) => {
      await detectCipherSettings(fake.app, profile());
      const visible = JSON.stringify([
        fake.logLines,
        labels(fake),
        fake.questions,
        fake.statusMessages,
        fake.notifications,
      ]);
      for (const secret of [key, plaintext, encrypted().ciphertext]) assert.ok(!visible.includes(secret));
    }));
});
