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

/** With the key in secret storage. */
const signedIn = (options: AcmeFixtureOptions, test: Parameters<typeof withAcmeApp>[1]): Promise<void> =>
  withAcmeApp(options, async (acme) => {
    assert.ok(await signIn(acme.fake.app, acme.profile()));
    await test(acme);
  });

describe('encrypt payload', () => {
  it('shows the envelope of the selected JSON, encrypted as it was written', () =>
    signedIn({ selection: payload }, async ({ fake, profile, key }) => {
      await encryptPayload(fake.app, profile());
      const [document] = fake.documents;
      assert.equal(document?.name, 'Encrypted payload of Acme');
      assert.deepEqual(JSON.parse(document.text), { payload: ciphertext });
      const cipher = createCipher({ key, keyFormat: 'hex', iv: { from: 'key' } });
      assert.equal(cipher.decrypt(ciphertext), payload);
    }));

  it('shows the envelope as this partner takes it: form fields, constants, query string, IV', () => {
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
    return signedIn({ definition, cipher, selection: '{"a":"Xin chào","b":2}' }, async (acme) => {
      await encryptPayload(acme.fake.app, acme.profile());
      const fields = Object.fromEntries(new URLSearchParams(acme.fake.documents[0]?.text.trim()));
      assert.deepEqual(Object.keys(fields), ['merchant', 'details', 'vector']);
      assert.equal(fields.merchant, acme.profile().partnerCode);
      const opened = createCipher({ ...cipher, key: acme.key, keyFormat: 'hex' });
      assert.equal(opened.decrypt(fields.details ?? '', fields.vector), 'a=Xin+ch%C3%A0o&b=2');
    });
  });

  for (const selection of [undefined, '', 'Xin chào', '{"a":', '[1]', '7', 'null']) {
    it(`asks for a JSON payload where ${selection === undefined ? 'nothing' : JSON.stringify(selection)} is selected`, () =>
      signedIn({ ...(selection !== undefined && { selection }) }, async ({ fake, profile }) => {
        await encryptPayload(fake.app, profile());
        assert.match(fake.questions.at(-1) ?? '', /Select a JSON payload/);
        assert.deepEqual(fake.documents, []);
      }));
  }

  it('offers to sign in where the key is not stored', () =>
    withAcmeApp({ selection: payload }, async ({ fake, profile }) => {
      await encryptPayload(fake.app, profile());
      assert.equal(fake.explanations[0]?.actions[0]?.run, 'signIn');
      assert.deepEqual(fake.documents, []);
    }));

  it('says of a partner with plain payloads that there is nothing to encrypt', () =>
    withApp({ partner: 'bizmail', selection: payload }, async ({ fake, profile }) => {
      await encryptPayload(fake.app, profile);
      await decryptPayload(fake.app, profile);
      for (const question of fake.questions.slice(-2)) assert.match(question, /takes plain payloads/);
      assert.deepEqual([fake.documents, fake.explanations], [[], []]);
    }));
});

describe('decrypt payload', () => {
  const given: readonly (readonly [string, string])[] = [
    ['a ciphertext', ciphertext],
    ['one in quotes', ` "${ciphertext}"\n`],
    ['an envelope', JSON.stringify({ merchant: 'M-4711', payload: ciphertext })],
    ['an envelope of form fields', `merchant=M-4711&payload=${ciphertext}`],
    ['an envelope in an envelope', JSON.stringify({ code: 0, data: { payload: ciphertext } })],
  ];
  for (const [title, text] of given) {
    it(`reads ${title}, from the selection or else from the clipboard, masked`, async () => {
      await signedIn({ selection: text }, async ({ fake, profile }) => {
        fake.clipboard = 'not looked at';
        await decryptPayload(fake.app, profile());
        const shown = JSON.parse(fake.documents[0]?.text ?? '') as Record<string, unknown>;
        assert.deepEqual([shown.note, shown.api_secret], ['Xin chào 👋', '••••••••']);
        assert.equal(fake.documents.length, 1);
      });
      await signedIn({}, async ({ fake, profile }) => {
        fake.clipboard = text;
        await decryptPayload(fake.app, profile());
        const { text: shown = '' } = fake.documents[0] ?? {};
        assert.ok(shown.includes('Xin chào') && !shown.includes('s3cret-of-acme'));
      });
    });
  }

  it('reveals the secrets on request', () =>
    signedIn({ selection: ciphertext, buttons: ['Reveal Secrets'] }, async ({ fake, profile }) => {
      await decryptPayload(fake.app, profile());
      assert.equal(fake.documents.length, 2);
      assert.ok(fake.documents[1]?.text.includes('s3cret-of-acme'));
    }));

  it('masks a query string by its names, and text without names as a whole', async () => {
    const cipher = { iv: { from: 'zero' } } as const;
    const seal = (key: string, text: string): string =>
      createCipher({ ...cipher, key, keyFormat: 'hex' }).encrypt(text);
    await signedIn({ cipher }, async ({ fake, profile, key }) => {
      fake.clipboard = seal(key, 'api_user=robot&api_secret=s3cret-of-acme');
      await decryptPayload(fake.app, profile());
      assert.deepEqual(JSON.parse(fake.documents[0]?.text ?? ''), { api_user: 'robot', api_secret: '••••••••' });
      fake.clipboard = seal(key, 'the secret is s3cret-of-acme');
      await decryptPayload(fake.app, profile());
      assert.equal(fake.documents[1]?.text, '•••••••• (28)');
    });
  });

  it('takes the IV from the field beside the ciphertext', () => {
    const cipher = { iv: { from: 'field', name: 'vector' } } as const;
    return signedIn({ cipher }, async ({ fake, profile, key }) => {
      const sealed = createCipher({ ...cipher, key, keyFormat: 'hex' }).encryptWithIv('{"n":1}');
      fake.clipboard = JSON.stringify({ payload: sealed.ciphertext, vector: sealed.iv });
      await decryptPayload(fake.app, profile());
      assert.deepEqual(JSON.parse(fake.documents[0]?.text ?? ''), { n: 1 });
    });
  });

  const none = [
    '',
    'Xin chào',
    'ab'.repeat(32),
    '{"payload":"x"}',
    `{"a":${'['.repeat(90_000)}`,
    'ab'.repeat(20_000_000),
  ];
  for (const text of none) {
    it(`says of ${JSON.stringify(text.slice(0, 20))} (${text.length}) that it is no ciphertext, and who can tell why`, () =>
      signedIn({}, async ({ fake, profile }) => {
        fake.clipboard = text;
        await decryptPayload(fake.app, profile());
        assert.match(fake.questions.at(-1) ?? '', /cannot be decrypted with the key of Acme\. Detect Cipher Settings/);
        assert.deepEqual([fake.documents, fake.explanations], [[], []]);
      }));
  }

  it('goes on to find the cipher settings for whoever wants that', () =>
    signedIn({ buttons: ['Detect Cipher Settings'] }, async ({ fake, profile }) => {
      fake.clipboard = 'ab'.repeat(32);
      await decryptPayload(fake.app, profile());
      assert.equal(fake.steps.at(-1)?.step.id, 'ciphertext');
    }));
});

describe('explain the last exchange', () => {
  it('shows what was sent, how, and what came back, without a secret', () =>
    signedIn({}, async ({ fake, sandbox, profile, key, credentials }) => {
      await explainLastExchange(fake.app, profile());
      await refresh(fake.app, profile());
      await explainLastExchange(fake.app, profile());
      const [login, renewal] = fake.documents.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
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
      assert.equal(renewal?.call, 'refresh');
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

  it('shows why the partner refused, with what it said', () =>
    withAcmeApp({ settings: { keyFormat: 'hex', iv: { from: 'zero' } } }, async ({ fake, profile }) => {
      let tries = 0;
      const { showStep } = fake.app.ui;
      const ui = {
        ...fake.app.ui,
        showStep: (...step: Parameters<typeof showStep>) =>
          tries++ < 3 ? showStep(...step) : Promise.resolve(undefined),
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

  it('says so when there was none in this window', () =>
    withAcmeApp({}, async ({ fake, profile }) => {
      await explainLastExchange(fake.app, profile());
      assert.match(fake.questions[0] ?? '', /Nothing has been exchanged with Acme/);
    }));
});
