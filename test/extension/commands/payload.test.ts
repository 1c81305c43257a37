import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, definePartner } from '../../../core/index.ts';
import { explainLastExchange } from '../../../extension/commands/explain-exchange.ts';
import { decryptPayload, encryptPayload } from '../../../extension/commands/payload.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { acmePay } from '../../helpers/acme-pay.ts';
import { withAcmeApp, type AcmeFixtureOptions } from '../../helpers/with-acme-app.ts';
import { withApp } from '../../helpers/with-app.ts';

const payload = '{\n  "amount": 12345678901234567890,\n  "note": "Xin chào 👋", "api_secret": "s3cret-of-acme"\n}';
const { ciphertext } = createCipher({
  key: '8f3a1c5e7092b4d6e8fa0c1e2b3d4f5061728394a5b6c7d8e9fa0b1c2d3e4f50',
  keyFormat: 'hex',
  iv: { from: 'key' },
}).encryptWithIv(payload);

/** Runs `test` after a sign-in, which stores the key. */
const whenSignedIn = (options: AcmeFixtureOptions, test: Parameters<typeof withAcmeApp>[1]): Promise<void> =>
  withAcmeApp(options, async (acme) => {
    assert.ok(await signIn(acme.fake.app, acme.profile()));
    await test(acme);
  });

describe('encryptPayload', () => {
  it('shows the envelope of the selected JSON, with the JSON text encrypted unchanged', () =>
    whenSignedIn({ selection: payload }, async ({ fake, profile, key }) => {
      await encryptPayload(fake.app, profile());
      const [document] = fake.documents;
      assert.equal(document?.name, 'Encrypted payload for Acme');
      assert.deepEqual(JSON.parse(document.text), { payload: ciphertext });
      const cipher = createCipher({ key, keyFormat: 'hex', iv: { from: 'key' } });
      assert.equal(cipher.decrypt(ciphertext), payload);
    }));

  it('shows an envelope of form fields with constants, query-string payload and IV', () => {
    const definition = definePartner({
      ...acmePay,
      body: {
        form: 'encrypted',
        field: 'details',
        payload: 'query',
        envelope: 'form',
        fields: { merchant: '{partnerCode}' },
      },
    });
    const cipher = { iv: { from: 'field', name: 'vector', format: 'hex-upper' }, output: 'hex-upper' } as const;
    return whenSignedIn({ definition, cipher, selection: '{"a":"Xin chào","b":2}' }, async (acme) => {
      await encryptPayload(acme.fake.app, acme.profile());
      const fields = Object.fromEntries(new URLSearchParams(acme.fake.documents[0]?.text.trim()));
      assert.deepEqual(Object.keys(fields), ['merchant', 'details', 'vector']);
      assert.equal(fields.merchant, acme.profile().partnerCode);
      const decryptor = createCipher({ ...cipher, key: acme.key, keyFormat: 'hex' });
      assert.equal(decryptor.decrypt(fields.details ?? '', fields.vector), 'a=Xin+ch%C3%A0o&b=2');
    });
  });

  for (const selection of [undefined, '', 'Xin chào', '{"a":', '[1]', '7', 'null']) {
    it(`asks for a JSON payload when ${selection === undefined ? 'nothing' : JSON.stringify(selection)} is selected`, () =>
      whenSignedIn({ ...(selection !== undefined && { selection }) }, async ({ fake, profile }) => {
        await encryptPayload(fake.app, profile());
        assert.match(fake.questions.at(-1) ?? '', /Select a JSON payload/);
        assert.deepEqual(fake.documents, []);
      }));
  }

  const sources = [
    ['the open document rather than the clipboard', { document: '{"a":1}' }, '{"b":2}', 'open document'],
    ['the clipboard if the open document holds no payload', { document: '# Notes' }, '{"a":1}', 'clipboard'],
    ['the clipboard without an open document', {}, '{"a":1}', 'clipboard'],
    ['the selection', { document: '{"b":2}', selection: '{"a":1}' }, '{"c":3}', 'selection'],
  ] as const;
  for (const [title, editor, clipboard, taken] of sources) {
    it(`encrypts ${title}, and says so`, () =>
      whenSignedIn(editor, async ({ fake, profile, key }) => {
        fake.clipboard = clipboard;
        await encryptPayload(fake.app, profile());
        const { payload: encrypted } = JSON.parse(fake.documents[0]?.text ?? '') as { payload: string };
        assert.equal(createCipher({ key, keyFormat: 'hex', iv: { from: 'key' } }).decrypt(encrypted), '{"a":1}');
        assert.equal(fake.statusMessages.at(-1), `The ${taken} was encrypted.`);
      }));
  }

  it('offers to sign in when the key is not stored', () =>
    withAcmeApp({ selection: payload }, async ({ fake, profile }) => {
      await encryptPayload(fake.app, profile());
      assert.equal(fake.notifications[0]?.actions[0]?.command, 'signIn');
      assert.deepEqual(fake.documents, []);
    }));

  it('reports that there is nothing to encrypt for a partner with plain payloads', () =>
    withApp({ partner: 'bizmail', selection: payload }, async ({ fake, profile }) => {
      await encryptPayload(fake.app, profile);
      await decryptPayload(fake.app, profile);
      for (const question of fake.questions.slice(-2)) assert.match(question, /uses plain payloads/);
      assert.deepEqual([fake.documents, fake.notifications], [[], []]);
    }));
});

describe('decryptPayload', () => {
  const inputs: readonly (readonly [string, string])[] = [
    ['a ciphertext', ciphertext],
    ['a quoted ciphertext', ` "${ciphertext}"\n`],
    ['an envelope', JSON.stringify({ merchant: 'M-4711', payload: ciphertext })],
    ['an envelope of form fields', `merchant=M-4711&payload=${ciphertext}`],
    ['a nested envelope', JSON.stringify({ code: 0, data: { payload: ciphertext } })],
  ];
  for (const [title, text] of inputs) {
    it(`decrypts ${title} from the selection or else the clipboard, with secrets masked`, async () => {
      await whenSignedIn({ selection: text }, async ({ fake, profile }) => {
        fake.clipboard = 'not read';
        await decryptPayload(fake.app, profile());
        const shown = JSON.parse(fake.documents[0]?.text ?? '') as Record<string, unknown>;
        assert.deepEqual([shown.note, shown.api_secret], ['Xin chào 👋', '••••••••']);
        assert.equal(fake.documents.length, 1);
      });
      await whenSignedIn({}, async ({ fake, profile }) => {
        fake.clipboard = text;
        await decryptPayload(fake.app, profile());
        const { text: shown = '' } = fake.documents[0] ?? {};
        assert.ok(shown.includes('Xin chào') && !shown.includes('s3cret-of-acme'));
      });
    });
  }

  const elsewhere = [
    ['a ciphertext in the clipboard rather than an open file', { document: '{"readme":1}' }, ciphertext, 'clipboard'],
    [
      'an envelope in the clipboard rather than an open file',
      { document: 'x' },
      `{"payload":"${ciphertext}"}`,
      'clipboard',
    ],
    [
      'a ciphertext in the clipboard rather than another one in a file',
      { document: 'ab'.repeat(32) },
      ciphertext,
      'clipboard',
    ],
    ['the open file if the clipboard holds no ciphertext', { document: ciphertext }, 'Xin chào', 'open document'],
    ['the open file if the clipboard is empty', { document: `${ciphertext}\n` }, '', 'open document'],
    ['the selection rather than anything else', { document: 'x', selection: ciphertext }, 'ab'.repeat(32), 'selection'],
    ['the clipboard without an open file', {}, ciphertext, 'clipboard'],
  ] as const;
  for (const [title, editor, clipboard, taken] of elsewhere) {
    it(`decrypts ${title}, and says so`, () =>
      whenSignedIn(editor, async ({ fake, profile }) => {
        fake.clipboard = clipboard;
        await decryptPayload(fake.app, profile());
        assert.ok(fake.documents[0]?.text.includes('Xin chào'));
        assert.equal(fake.statusMessages.at(-1), `The ${taken} was decrypted.`);
      }));
  }

  for (const [title, text] of [
    ['line breaks', ciphertext.replace(/.{64}/g, '$&\r\n')],
    ['zero-width spaces', ciphertext.replace(/.{64}/g, '$&\u200b')],
    ['a byte order mark', `\ufeff${ciphertext}`],
  ] as const) {
    it(`decrypts a ciphertext that was pasted with ${title}`, () =>
      whenSignedIn({ selection: text }, async ({ fake, profile }) => {
        await decryptPayload(fake.app, profile());
        assert.ok(fake.documents[0]?.text.includes('Xin chào'));
      }));
  }

  it('says what could not be decrypted', async () => {
    for (const [editor, clipboard, taken] of [
      [{ selection: 'x' }, ciphertext, 'selection'],
      [{ document: 'x' }, 'y', 'open document'],
      [{ document: 'x' }, 'ab'.repeat(32), 'clipboard'],
      [{}, 'y', 'clipboard'],
    ] as const) {
      await whenSignedIn(editor, async ({ fake, profile }) => {
        fake.clipboard = clipboard;
        await decryptPayload(fake.app, profile());
        assert.match(fake.questions.at(-1) ?? '', new RegExp(`^The ${taken} could not be decrypted`));
      });
    }
  });

  it('starts the detection with what it could not decrypt', () =>
    whenSignedIn({ buttons: ['Detect Cipher Settings'], document: 'x' }, async ({ fake, profile }) => {
      fake.clipboard = 'ab'.repeat(32);
      await decryptPayload(fake.app, profile());
      assert.equal(fake.steps.at(-1)?.step.value, 'ab'.repeat(32));
    }));

  it('reveals the secrets on request', () =>
    whenSignedIn({ selection: ciphertext, buttons: ['Reveal Secrets'] }, async ({ fake, profile }) => {
      await decryptPayload(fake.app, profile());
      assert.equal(fake.documents.length, 2);
      assert.ok(fake.documents[1]?.text.includes('s3cret-of-acme'));
    }));

  it('masks the secrets of a query string, and all of a plaintext without field names', async () => {
    const cipher = { iv: { from: 'zero' } } as const;
    const encrypt = (key: string, text: string): string =>
      createCipher({ ...cipher, key, keyFormat: 'hex' }).encrypt(text);
    await whenSignedIn({ cipher }, async ({ fake, profile, key }) => {
      fake.clipboard = encrypt(key, 'api_user=robot&api_secret=s3cret-of-acme');
      await decryptPayload(fake.app, profile());
      assert.deepEqual(JSON.parse(fake.documents[0]?.text ?? ''), { api_user: 'robot', api_secret: '••••••••' });
      fake.clipboard = encrypt(key, 'the secret is s3cret-of-acme');
      await decryptPayload(fake.app, profile());
      assert.equal(fake.documents[1]?.text, '•••••••• (28)');
    });
  });

  it('takes the IV from its field in the envelope', () => {
    const cipher = { iv: { from: 'field', name: 'vector' } } as const;
    return whenSignedIn({ cipher }, async ({ fake, profile, key }) => {
      const encrypted = createCipher({ ...cipher, key, keyFormat: 'hex' }).encryptWithIv('{"n":1}');
      fake.clipboard = JSON.stringify({ payload: encrypted.ciphertext, vector: encrypted.iv });
      await decryptPayload(fake.app, profile());
      assert.deepEqual(JSON.parse(fake.documents[0]?.text ?? ''), { n: 1 });
    });
  });

  const invalid = [
    '',
    'Xin chào',
    'ab'.repeat(32),
    '{"payload":"x"}',
    `{"a":${'['.repeat(90_000)}`,
    'ab'.repeat(20_000_000),
  ];
  for (const text of invalid) {
    it(`reports that ${JSON.stringify(text.slice(0, 20))} (${text.length} characters) cannot be decrypted`, () =>
      whenSignedIn({}, async ({ fake, profile }) => {
        fake.clipboard = text;
        await decryptPayload(fake.app, profile());
        assert.match(
          fake.questions.at(-1) ?? '',
          /could not be decrypted with the key of Acme\. Run Detect Cipher Settings/,
        );
        assert.deepEqual([fake.documents, fake.notifications], [[], []]);
      }));
  }

  it('continues with cipher detection on Detect Cipher Settings', () =>
    whenSignedIn({ buttons: ['Detect Cipher Settings'] }, async ({ fake, profile }) => {
      fake.clipboard = 'ab'.repeat(32);
      await decryptPayload(fake.app, profile());
      assert.equal(fake.steps.at(-1)?.step.id, 'ciphertext');
    }));
});

describe('explainLastExchange', () => {
  it('shows the request, the cipher settings and the response without secrets', () =>
    whenSignedIn({}, async ({ fake, sandbox, profile, key, credentials }) => {
      await explainLastExchange(fake.app, profile());
      await refresh(fake.app, profile());
      await explainLastExchange(fake.app, profile());
      const [login, refreshed] = fake.documents.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
      assert.deepEqual([login?.call, login?.outcome, login?.status], ['login', 'success', 200]);
      assert.deepEqual(login?.payload, { ...credentials, api_secret: '••••••••', grant_type: 'password' });
      assert.deepEqual(login.cipher, {
        algorithm: 'aes-256-cbc',
        keyFormat: 'hex',
        derivation: 'none',
        iv: 'key',
        padding: 16,
        output: 'hex',
      });
      assert.equal(refreshed?.call, 'refresh');
      const tokens = sandbox.tokens('acme-pay');
      const secrets = [
        key,
        credentials.api_secret,
        tokens?.accessToken,
        tokens?.refreshToken,
        sandbox.journal[0]?.body,
      ];
      for (const { text } of fake.documents) {
        for (const secret of secrets) assert.ok(secret !== undefined && !text.includes(secret));
      }
    }));

  it('shows why the partner rejected the request, with its response', () =>
    withAcmeApp({ settings: { keyFormat: 'hex', iv: { from: 'zero' } } }, async ({ fake, profile }) => {
      let attempts = 0;
      const { showStep } = fake.app.ui;
      const ui = {
        ...fake.app.ui,
        showStep: (...step: Parameters<typeof showStep>) =>
          attempts++ < 3 ? showStep(...step) : Promise.resolve(undefined),
      };
      assert.equal(await signIn({ ...fake.app, ui }, profile()), false);
      await explainLastExchange(fake.app, profile());
      const shown = JSON.parse(fake.documents[0]?.text ?? '') as {
        outcome: string;
        message: string;
        response: unknown;
      };
      assert.equal(shown.outcome, 'configuration');
      assert.match(shown.message, /E-CIPHER.*detectCipher/);
      assert.match(JSON.stringify(shown.response), /E-CIPHER/);
    }));

  it('reports that there has been no exchange in this window', () =>
    withAcmeApp({}, async ({ fake, profile }) => {
      await explainLastExchange(fake.app, profile());
      assert.match(fake.questions[0] ?? '', /No sign-in or refresh has been sent to Acme/);
    }));
});
