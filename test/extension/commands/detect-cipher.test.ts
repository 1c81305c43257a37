import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, type CipherSettings } from '../../../core/index.ts';
import { detectCipherSettings } from '../../../extension/commands/detect-cipher.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { cancel, type FakeApp, type FakeAppOptions } from '../../helpers/fake-app.ts';
import { withAcmeApp } from '../../helpers/with-acme-app.ts';

const plaintext = '{"api_user":"robot@example.com","note":"Xin chào từ ACME Pay"}';
const key = '8f3a1c5e7092b4d6e8fa0c1e2b3d4f5061728394a5b6c7d8e9fa0b1c2d3e4f50';
const right: Omit<CipherSettings, 'key'> = { keyFormat: 'hex', iv: { from: 'key' } };
const sealed = (settings = right, text = plaintext) => createCipher({ ...settings, key }).encryptWithIv(text);
const envelope = JSON.stringify({ payload: sealed().ciphertext });
const wrong = { keyFormat: 'utf8', iv: { from: 'zero' } } as const;
const labels = (fake: FakeApp): readonly string[] => fake.lists.flatMap((list) => list.map(({ label }) => label));

describe('detect cipher settings', () => {
  it('writes what fits into the profile, its key into secret storage, and the next sign-in works', () =>
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
        assert.ok(!JSON.stringify(fake.setting).includes(key));
        assert.deepEqual(fake.briefs, ['The cipher settings of Acme were changed.']);
        assert.deepEqual(
          fake.lists[0]?.map(({ detail }) => detail),
          ['the padding is correct, it is the known text, the text is UTF-8, the payload is JSON'],
        );
        assert.equal(sandbox.journal.length, 0, 'nothing was sent');
        assert.ok(await signIn(fake.app, profile()));
        assert.ok(!fake.steps.slice(4).some(({ step }) => step.id === 'key'), 'the key is not asked for again');
      },
    ));

  it('asks in turn for what it needs, secrets unseen, and for the key only where it is not stored', () =>
    withAcmeApp({ replies: () => ({ ciphertext: envelope, plaintext, iv: '', whichKey: 'stored' }) }, async (acme) => {
      const { fake, profile } = acme;
      await detectCipherSettings(fake.app, profile());
      const shown = (): string[] =>
        fake.steps.map(({ step }) => `${step.id}${step.kind === 'input' && step.secret === true ? ' unseen' : ''}`);
      assert.deepEqual(shown(), ['ciphertext', 'plaintext unseen', 'iv unseen', 'key unseen']);
      assert.ok(await signIn(fake.app, profile()));
      const before = fake.steps.length;
      await detectCipherSettings(fake.app, profile());
      assert.deepEqual(shown().slice(before), ['ciphertext', 'plaintext unseen', 'iv unseen', 'whichKey']);
      assert.equal(fake.lists.at(-1)?.length, 1);
    }));

  it('keeps a fixed IV that it computed out of the settings', () => {
    const iv = { from: 'fixed', value: 'b7e1d90233f84c6a5810ee7f9ac4d265', format: 'hex' } as const;
    return withAcmeApp(
      {
        cipher: { iv },
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV fixed · hex · json',
        replies: () => ({ ciphertext: sealed({ keyFormat: 'hex', iv }).ciphertext, plaintext, iv: '' }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual(profile().cipher, { keyFormat: 'hex', iv: { from: 'fixed', format: 'hex' } });
        assert.equal(fake.secrets.get('acme')?.iv, iv.value);
        assert.ok(!JSON.stringify(fake.setting).includes(iv.value));
        assert.ok(await signIn(fake.app, profile()));
      },
    );
  });

  it('takes the IV and the name of its field from the envelope', () => {
    const settings = { keyFormat: 'hex', iv: { from: 'field', name: 'vector', format: 'hex-upper' } } as const;
    const { ciphertext, iv = '' } = sealed(settings);
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

  it('shows all that fit and says what would decide', () =>
    withAcmeApp(
      // 53 bytes of JSON fill 64, a whole number of units of 16 and of 32.
      { replies: () => ({ ciphertext: sealed(right, `{"n":"${'x'.repeat(45)}"}`).ciphertext, plaintext: '', iv: '' }) },
      async ({ fake, profile }) => {
        const before = JSON.stringify(fake.setting);
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual(labels(fake), [
          'aes-256-cbc · key hex · IV key · hex · json',
          'aes-256-cbc · key hex · IV key · hex · padding 32 · json',
        ]);
        assert.match(fake.prompts.at(-1) ?? '', /^Several settings fit\. .*16 or to 32 bytes\.$/);
        assert.equal(JSON.stringify(fake.setting), before, 'nothing was chosen, nothing was changed');
        assert.equal(fake.secrets.get('acme')?.key, undefined);
      },
    ));

  const unfit: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ['another key', { key: 'k'.repeat(32) }, /^No known cipher settings fit\. Check/],
    ['no ciphertext at all', { ciphertext: 'Xin chào, đây không phải bản mã.' }, /neither hex nor base64/],
    ['50 MB', { ciphertext: 'ab'.repeat(25_000_000) }, /over 1 MiB/],
    ['an IV that is none', { iv: 'x'.repeat(500) }, /^The IV must be/],
    ['a key that is none', { key: 'x'.repeat(5000) }, /^The key is too long/],
    ['a book of plain text', { plaintext: 'x'.repeat(1_100_000) }, /^The plaintext is over 1 MiB/],
    [
      'another plain text',
      { plaintext: '{"another":"text of the partner, of two blocks"}' },
      /your plaintext is not in it/,
    ],
  ];
  for (const [title, replies, message] of unfit) {
    it(`says why nothing fits ${title}, and changes nothing`, () =>
      withAcmeApp({ replies: () => ({ ciphertext: envelope, plaintext: '', iv: '', ...replies }) }, async (acme) => {
        const { fake, profile } = acme;
        const before = JSON.stringify(fake.setting);
        await detectCipherSettings(fake.app, profile());
        assert.match(fake.questions.at(-1) ?? '', message);
        assert.deepEqual([fake.lists, fake.explanations, fake.secrets.size], [[], [], 0]);
        assert.equal(JSON.stringify(fake.setting), before);
      }));
  }

  it('starts anew where nothing fits, for whoever wants to try another message', () =>
    withAcmeApp(
      {
        buttons: ['Try Again'],
        replies: () => ({ ciphertext: ['zz', envelope], plaintext: '', iv: '' }),
      },
      async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.equal(fake.questions.length, 1);
        assert.deepEqual(labels(fake), ['aes-256-cbc · key hex · IV key · hex · json']);
      },
    ));

  it('changes nothing when given up at any step', async () => {
    for (const id of ['ciphertext', 'plaintext', 'iv', 'key']) {
      const replies = (): FakeAppOptions['replies'] => ({ ciphertext: envelope, plaintext: '', iv: '', [id]: cancel });
      await withAcmeApp({ replies }, async ({ fake, profile }) => {
        await detectCipherSettings(fake.app, profile());
        assert.deepEqual([fake.lists, fake.questions, fake.briefs, fake.secrets.size], [[], [], [], 0]);
      });
    }
  });

  it('keeps no key when the settings can not be written', () =>
    withAcmeApp(
      {
        settings: wrong,
        choice: 'aes-256-cbc · key hex · IV key · hex · json',
        replies: () => ({ ciphertext: envelope, plaintext, iv: '' }),
      },
      async ({ fake, profile }) => {
        fake.settingsAreReadOnly = true;
        await detectCipherSettings(fake.app, profile());
        assert.match(fake.explanations[0]?.message ?? '', /could not be written to your settings/);
        assert.equal(fake.secrets.size, 0);
        assert.deepEqual(fake.briefs, []);
      },
    ));

  it('writes neither key, plain text nor IV into a log, a list or a message', () =>
    withAcmeApp({ replies: () => ({ ciphertext: envelope, plaintext, iv: '' }) }, async ({ fake, profile }) => {
      await detectCipherSettings(fake.app, profile());
      const seen = JSON.stringify([fake.logged, labels(fake), fake.questions, fake.briefs, fake.explanations]);
      for (const secret of [key, plaintext, sealed().ciphertext]) assert.ok(!seen.includes(secret));
    }));
});
