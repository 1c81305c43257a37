import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signIn } from '../../../extension/commands/sign-in.ts';
import type { SecretRecord } from '../../../core/profiles/secret-record.ts';
import { keyStep } from '../../../extension/model/sign-in-steps.ts';
import { back, cancel, english } from '../../helpers/fake-app.ts';
import { correctReplies, countLogins, signInSteps, withApp } from '../../helpers/with-app.ts';

const partnerNames = Object.keys(signInSteps) as (keyof typeof signInSteps)[];

for (const partner of partnerNames) {
  describe(`sign-in to ${partner}`, () => {
    it('prompts once for each unknown value, with step numbers', () =>
      withApp({ partner, signedIn: false }, async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), true);
        assert.deepEqual(
          fake.steps.map(({ step }) => step.id),
          signInSteps[partner],
        );
        assert.deepEqual(
          fake.steps.map(({ position }) => position.step),
          signInSteps[partner].map((_, index) => index + 1),
        );
        assert.ok(fake.steps.every(({ position }) => position.title === `Sign in to ${profile.label}`));
        assert.deepEqual(fake.statusMessages, [`Signed in to ${profile.label}.`]);
        assert.deepEqual(fake.notifications, []);
      }));

    it('stores the session, the key and the login fields, but no password', () =>
      withApp({ partner }, async ({ fake, sandbox, connection, profile }) => {
        const record = fake.secrets.get(profile.id);
        const { password, ...fields } = connection.credentials;
        assert.deepEqual(record?.credentials, fields);
        assert.equal(record.key, connection.key === '' ? undefined : connection.key);
        assert.equal(record.iv, connection.iv);
        assert.ok(record.session !== undefined && 'tokens' in record.session);
        assert.equal(record.session.tokens.accessToken, sandbox.tokens(partner)?.accessToken);
        assert.ok(!JSON.stringify(record).includes(password ?? '?'));
      }));

    it('stores the session and its key in a single write', () =>
      withApp({ partner, signedIn: false }, async ({ fake, connection, profile }) => {
        const store = await fake.app.sessions.store(profile);
        const writes: (SecretRecord | undefined)[] = [];
        store.onDidChange(() => writes.push(structuredClone(fake.secrets.get(profile.id))));
        assert.equal(await signIn(fake.app, profile), true);
        const first = writes.find((record) => record?.session !== undefined);
        assert.equal(first?.key, connection.key === '' ? undefined : connection.key);
        assert.ok(first?.credentials);
      }));

    it('stores the password only on request, and then signs in without prompts', () =>
      withApp({ partner, replies: () => ({ remember: 'yes' }) }, async ({ fake, connection, profile }) => {
        assert.equal(fake.secrets.get(profile.id)?.credentials?.password, connection.credentials.password);
        const stepCount = fake.steps.length;
        assert.equal(await signIn(fake.app, profile), true);
        assert.equal(fake.steps.length, stepCount);
        assert.equal(fake.secrets.get(profile.id)?.credentials?.password, connection.credentials.password);
      }));

    it('prompts only for the password at the next sign-in', () =>
      withApp({ partner }, async ({ fake, profile }) => {
        const stepCount = fake.steps.length;
        assert.equal(await signIn(fake.app, profile), true);
        const prompts = fake.steps.slice(stepCount).map(({ step }) => step.id);
        assert.deepEqual(prompts, ['password', 'remember']);
      }));

    it('stores and sends nothing when cancelled at any step', async () => {
      for (const id of signInSteps[partner]) {
        await withApp(
          { partner, signedIn: false, replies: () => ({ [id]: cancel }) },
          async ({ fake, sandbox, profile }) => {
            assert.equal(await signIn(fake.app, profile), false, id);
            assert.equal(fake.steps.at(-1)?.step.id, id);
            assert.equal(fake.secrets.size, 0, id);
            assert.equal(sandbox.journal.length, 0, id);
            assert.deepEqual([fake.statusMessages, fake.notifications], [[], []], id);
          },
        );
      }
    });

    it('returns to the password step after a wrong password, with the other fields prefilled', () => {
      const stored: number[] = [];
      return withApp(
        {
          partner,
          signedIn: false,
          replies: ({ credentials }) => ({ password: ['wrong password', back, credentials.password ?? ''] }),
          onStep: (_, { secrets }) => void stored.push(secrets.size),
        },
        async ({ fake, sandbox, connection, profile }) => {
          assert.equal(await signIn(fake.app, profile), true);
          const order = signInSteps[partner];
          const at = order.indexOf('password');
          const ids = fake.steps.map(({ step }) => step.id);
          const account = order[at - 1] ?? '';
          assert.deepEqual(ids, [...order, 'password', account, ...order.slice(at)]);
          const second = fake.steps[order.length];
          assert.equal(second?.position.problem, `${profile.label} rejected the credentials.`);
          assert.equal(second.step.value, undefined);
          const kept = fake.steps[order.length + 1]?.step;
          assert.equal(kept?.value, connection.credentials[account]);
          assert.equal(countLogins(sandbox.journal), 2);
          assert.ok(stored.length > 0 && stored.every((size) => size === 0));
        },
      );
    });
  });
}

describe('sign-in with a key', () => {
  it('returns to the key step when the partner cannot decrypt the payload', () =>
    withApp(
      { signedIn: false, replies: ({ key }) => ({ key: ['0'.repeat(64), key] }) },
      async ({ fake, profile, connection }) => {
        assert.equal(await signIn(fake.app, profile), true);
        const ids = fake.steps.map(({ step }) => step.id);
        assert.deepEqual(ids, [...signInSteps.tconnect, ...signInSteps.tconnect]);
        const again = fake.steps[signInSteps.tconnect.length];
        assert.match(again?.position.problem ?? '', /Check the key, the IV and the partner code/);
        assert.equal(fake.steps[signInSteps.tconnect.length + 2]?.step.value, connection.credentials.username);
        assert.equal(fake.secrets.get(profile.id)?.key, connection.key);
      },
    ));

  it('keeps using the stored key after a sign-in with another key failed', () =>
    withApp({}, async ({ fake, profile, sandbox, connection }) => {
      const { app } = fake;
      const before = fake.secrets.get(profile.id);
      sandbox.fail({ status: 400 }, { call: 'login', times: 2 });
      let shown = 0;
      const showStep: typeof app.ui.showStep = async (step) => {
        const typed = { ...correctReplies(connection), key: '1'.repeat(64) }[step.id];
        return step.id === 'key' && ++shown === 2 ? undefined : { value: typed ?? '' };
      };
      assert.equal(await signIn({ ...app, ui: { ...app.ui, showStep } }, profile), false);
      assert.equal(shown, 2);
      assert.deepEqual(fake.secrets.get(profile.id), before);
      sandbox.heal();
      await (await app.sessions.open(profile)).refresh();
    }));

  it('rejects a key or IV of the wrong length, with the expected format', () =>
    withApp({ signedIn: false }, async ({ fake, profile }) => {
      await signIn(fake.app, profile);
      const [key, iv] = fake.steps.map(({ step }) => (step.kind === 'input' ? step : undefined));
      assert.equal(key?.validate?.('abcd'), 'Enter a key of 32 bytes as hex digits.');
      assert.equal(iv?.validate?.('abcd'), 'Enter an IV of 16 bytes as hex digits.');
      assert.ok(key.secret && iv.secret);
    }));

  it('rejects an empty key that is derived from a password, whose length is free', () => {
    const profile = { partner: 'tconnect', cipher: { derivation: 'sha256', iv: { from: 'zero' } } } as const;
    assert.equal(keyStep(profile, english).validate?.(''), 'Enter a key as plain text.');
  });
});

describe('concurrent sign-ins to one profile', () => {
  it('show one prompt and log in once', () =>
    withApp({ signedIn: false }, async ({ fake, profile, sandbox }) => {
      const results = await Promise.all([1, 2, 3].map(() => signIn(fake.app, profile)));
      assert.deepEqual(results, [true, true, true]);
      assert.deepEqual(
        fake.steps.map(({ step }) => step.id),
        signInSteps.tconnect,
      );
      assert.equal(countLogins(sandbox.journal), 1);
      assert.equal(fake.app.sessions.status(profile).phase, 'valid');
      assert.deepEqual(fake.statusMessages, [`Signed in to ${profile.label}.`]);
    }));

  it('log in once with a remembered password', () =>
    withApp({ partner: 'bizmail', replies: () => ({ remember: 'yes' }) }, async ({ fake, profile, sandbox }) => {
      const before = countLogins(sandbox.journal);
      sandbox.set({ delay: 50 });
      assert.deepEqual(await Promise.all([signIn(fake.app, profile), signIn(fake.app, profile)]), [true, true]);
      assert.equal(countLogins(sandbox.journal), before + 1);
      assert.equal(fake.app.sessions.status(profile).phase, 'valid');
      await (await fake.app.sessions.open(profile)).refresh();
    }));

  it('are cancelled together, after which a further one prompts again', () =>
    withApp(
      {
        partner: 'bizmail',
        signedIn: false,
        replies: ({ credentials }) => ({ username: [cancel, credentials.username ?? ''] }),
      },
      async ({ fake, profile }) => {
        assert.deepEqual(await Promise.all([signIn(fake.app, profile), signIn(fake.app, profile)]), [false, false]);
        assert.equal(await signIn(fake.app, profile), true);
      },
    ));

  it('do not close the session that other commands use, whether they succeed or fail', () =>
    withApp({}, async ({ fake, profile, sandbox }) => {
      const session = await fake.app.sessions.open(profile);
      sandbox.fail({ status: 503 }, { call: 'login', times: 1 });
      const [isSignedIn] = await Promise.all([signIn(fake.app, profile), session.refresh()]);
      assert.equal(isSignedIn, false);
      assert.equal(await fake.app.sessions.open(profile), session);
      await session.refresh();
    }));
});

describe('a sign-in that the keyring does not store', () => {
  it('lasts for this window, and the message and the status say so', () =>
    withApp({ signedIn: false }, async ({ fake, profile, sandbox }) => {
      fake.secretStore.failing.add('set');
      assert.equal(await signIn(fake.app, profile), true);
      const { phase, storage, lastError } = fake.app.sessions.status(profile);
      assert.deepEqual([phase, storage, lastError?.code], ['valid', 'windowOnly', 'store']);
      const [notification] = fake.notifications;
      assert.match(
        notification?.message ?? '',
        /the keyring of this machine could not be written, so a sign-in lasts for this window only/,
      );
      assert.ok(notification?.actions.some(({ command }) => command === 'storageHelp'));
      assert.deepEqual(fake.statusMessages, []);
      const session = await fake.app.sessions.open(profile);
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.ok(!fake.logLines.join('\n').includes('D-Bus'), 'the message of the keyring may quote a secret');
    }));

  it('stays usable after another sign-in was cancelled or failed', () =>
    withApp(
      {
        partner: 'bizmail',
        signedIn: false,
        replies: ({ credentials }) => ({ password: [credentials.password ?? '', 'wrong', cancel] }),
      },
      async ({ fake, profile, sandbox }) => {
        fake.secretStore.failing.add('set');
        assert.equal(await signIn(fake.app, profile), true);
        assert.equal(await signIn(fake.app, profile), false);
        const session = await fake.app.sessions.open(profile);
        assert.equal(await session.accessToken(), sandbox.tokens('bizmail')?.accessToken);
      },
    ));

  it('is saved by the next refresh when the keyring works again', () =>
    withApp({ signedIn: false }, async ({ fake, profile, connection }) => {
      fake.secretStore.failing.add('set');
      await signIn(fake.app, profile);
      fake.secretStore.failing.clear();
      await (await fake.app.sessions.open(profile)).refresh();
      const record = fake.secrets.get(profile.id);
      assert.ok(record?.session !== undefined && 'tokens' in record.session);
      assert.equal(record.key, connection.key);
      assert.equal(fake.app.sessions.status(profile).storage, 'kept');
    }));

  it('is not attempted when the keyring cannot be read, and the message names the keyring', () =>
    withApp({ signedIn: false }, async ({ fake, profile, sandbox }) => {
      fake.secretStore.failing.add('get');
      assert.equal(await signIn(fake.app, profile), false);
      assert.equal(sandbox.journal.length, 0);
      const [notification] = fake.notifications;
      assert.match(
        notification?.message ?? '',
        /the keyring of this machine could not be read\. Unlock it or set one up/,
      );
      assert.deepEqual(
        notification?.actions.map(({ command }) => command),
        ['signIn', 'storageHelp', 'showLog'],
      );
    }));
});
