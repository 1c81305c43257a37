import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { signIn, signInOtherAccount } from '../../../extension/commands/sign-in.ts';
import { removeProfile } from '../../../extension/commands/sign-out.ts';
import type { SecretRecord } from '../../../core/profiles/secret-record.ts';
import { keyStep } from '../../../extension/model/sign-in-steps.ts';
import type { CheckedProfile } from '../../../core/profiles/index.ts';
import { back, cancel, english, type FakeApp } from '../../helpers/fake-app.ts';
import { correctReplies, withApp } from '../../helpers/with-app.ts';

const steps = {
  tconnect: ['key', 'iv', 'username', 'password', 'client_id', 'client_secret', 'remember'],
  bizmail: ['username', 'password', 'remember'],
  cloudreve: ['email', 'password', 'remember'],
};
const partnerNames = Object.keys(steps) as (keyof typeof steps)[];
const logins = (journal: readonly { readonly call: string }[]): number =>
  journal.filter(({ call }) => call === 'login').length;

for (const partner of partnerNames) {
  describe(`sign-in to ${partner}`, () => {
    it('prompts once for each unknown value, with step numbers', () =>
      withApp({ partner, signedIn: false }, async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), true);
        assert.deepEqual(
          fake.steps.map(({ step }) => step.id),
          steps[partner],
        );
        assert.deepEqual(
          fake.steps.map(({ position }) => position.step),
          steps[partner].map((_, index) => index + 1),
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
      for (const id of steps[partner]) {
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
          const order = steps[partner];
          const at = order.indexOf('password');
          const ids = fake.steps.map(({ step }) => step.id);
          const account = order[at - 1] ?? '';
          assert.deepEqual(ids, [...order, 'password', account, ...order.slice(at)]);
          const second = fake.steps[order.length];
          assert.equal(second?.position.problem, `${profile.label} rejected the credentials.`);
          assert.equal(second.step.value, undefined);
          const kept = fake.steps[order.length + 1]?.step;
          assert.equal(kept?.value, connection.credentials[account]);
          assert.equal(logins(sandbox.journal), 2);
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
        assert.deepEqual(ids, [...steps.tconnect, ...steps.tconnect]);
        const again = fake.steps[steps.tconnect.length];
        assert.match(again?.position.problem ?? '', /Check the key, the IV and the partner code/);
        assert.equal(fake.steps[steps.tconnect.length + 2]?.step.value, connection.credentials.username);
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

describe('sign-in with a challenge', () => {
  const server = { twoFactor: true };

  it('asks for a one-time code again after a wrong one', () =>
    withApp(
      {
        partner: 'cloudreve',
        server,
        signedIn: false,
        replies: (_, sandbox) => ({ otp: ['12', () => sandbox.oneTimeCode()] }),
      },
      async ({ fake, profile, sandbox }) => {
        assert.equal(await signIn(fake.app, profile), true);
        const codes = fake.steps.filter(({ step }) => step.id === 'otp');
        assert.deepEqual(
          codes.map(({ position }) => position.problem),
          [undefined, `${profile.label} rejected the one-time code.`],
        );
        assert.equal(logins(sandbox.journal), 1);
      },
    ));

  for (const pasted of ['{0} {1}', ' {0}{1}\n', '{0}-{1}', '\u200b{0}\u00a0{1}']) {
    it(`accepts a one-time code that is entered as ${JSON.stringify(pasted)}`, () =>
      withApp(
        {
          partner: 'cloudreve',
          server,
          signedIn: false,
          replies: (_, sandbox) => ({
            otp: () => {
              const code = sandbox.oneTimeCode();
              return pasted.replace('{0}', code.slice(0, 3)).replace('{1}', code.slice(3));
            },
          }),
        },
        async ({ fake, profile, sandbox }) => {
          assert.equal(await signIn(fake.app, profile), true);
          assert.equal(fake.steps.filter(({ step }) => step.id === 'otp').length, 1);
          assert.equal(logins(sandbox.journal), 1);
        },
      ));
  }

  it('signs in with values that were pasted with blanks and invisible characters', () =>
    withApp(
      {
        signedIn: false,
        replies: ({ key, iv = '', credentials }) => ({
          key: `0x${key}\u200b`,
          iv: ` ${iv}\r\n`,
          username: `\ufeff${credentials.username ?? ''} `,
          client_id: `"${credentials.client_id ?? ''}"`,
          client_secret: `${credentials.client_secret ?? ''}\n`,
        }),
      },
      async ({ fake, profile, connection, sandbox }) => {
        assert.equal(await signIn(fake.app, profile), true);
        assert.deepEqual(sandbox.journal[0]?.payload, connection.credentials);
        assert.equal(fake.secrets.get(profile.id)?.key, connection.key);
      },
    ));

  it('succeeds after a code that was entered too late for its login', () =>
    withApp(
      {
        partner: 'cloudreve',
        server,
        signedIn: false,
        replies: (_, sandbox) => {
          const late = (): string => {
            sandbox.advance(700);
            return sandbox.oneTimeCode();
          };
          return { otp: [late, () => sandbox.oneTimeCode()] };
        },
      },
      async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), true);
      },
    ));

  it('stores nothing when cancelled at the one-time code', () =>
    withApp(
      { partner: 'cloudreve', server, signedIn: false, replies: () => ({ otp: cancel }) },
      async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), false);
        assert.equal(fake.secrets.size, 0);
        assert.deepEqual(fake.notifications, []);
      },
    ));

  it('shows a captcha, submits the trimmed text and closes the image', async () => {
    let ticket = '';
    const recordTicket = (response: unknown): unknown => {
      ticket = (response as { data: { ticket: string } }).data.ticket;
      return response;
    };
    await withApp(
      {
        partner: 'cloudreve',
        server: { captcha: true },
        signedIn: false,
        replies: (_, sandbox) => ({ captcha: () => ` ${sandbox.captchaText(ticket) ?? ''} ` }),
      },
      async ({ fake, profile, sandbox }) => {
        sandbox.fail({ rewrite: recordTicket }, { call: 'captcha', times: Infinity });
        assert.equal(await signIn(fake.app, profile), true, inspect(fake.notifications));
        assert.equal(fake.images.shown.length, 1);
        assert.match(fake.images.shown[0] ?? '', /^data:image\//);
        assert.equal(fake.images.open, 0);
      },
    );
  });

  it('says that the text of a captcha was wrong, and shows a new image on request', () => {
    const tickets: string[] = [];
    return withApp(
      {
        partner: 'cloudreve',
        server: { captcha: true },
        signedIn: false,
        replies: (_, sandbox) => ({
          captcha: ['wrong', { button: 'newImage' }, () => sandbox.captchaText(tickets.at(-1) ?? '') ?? ''],
        }),
      },
      async ({ fake, profile, sandbox }) => {
        const recordTickets = (response: unknown): unknown => {
          tickets.push((response as { data: { ticket: string } }).data.ticket);
          return response;
        };
        sandbox.fail({ rewrite: recordTickets }, { call: 'captcha', times: Infinity });
        assert.equal(await signIn(fake.app, profile), true, inspect(fake.notifications));
        assert.deepEqual(
          fake.steps.filter(({ step }) => step.id === 'captcha').map(({ position }) => position.problem),
          [undefined, 'That text was not correct. Enter the text of the new image.', undefined],
        );
        assert.equal(new Set(fake.images.shown).size, 3);
        assert.equal(fake.images.open, 0);
      },
    );
  });

  for (const captchaKind of ['turnstile', 'recaptcha', 'cap'] as const) {
    it(`says that ${captchaKind} needs a browser, and what is left to do`, () =>
      withApp(
        { partner: 'cloudreve', server: { captcha: true, captchaKind }, signedIn: false },
        async ({ fake, profile }) => {
          assert.equal(await signIn(fake.app, profile), false);
          assert.deepEqual(fake.images.shown, []);
          assert.match(
            fake.notifications[0]?.message ?? '',
            /requires a captcha that only a browser can show.*administrator.*library/,
          );
          assert.deepEqual(
            fake.notifications[0]?.actions.map(({ command }) => command),
            ['showLog'],
          );
        },
      ));
  }

  it('closes the image when cancelled at the captcha', () =>
    withApp({ partner: 'cloudreve', server: { captcha: true }, signedIn: false }, async ({ fake, profile }) => {
      assert.equal(await signIn(fake.app, profile), false);
      assert.deepEqual([fake.images.shown.length, fake.images.open, fake.secrets.size], [1, 0, 0]);
    }));
});

describe('a sign-in that does not complete', () => {
  const cloudreve = { partner: 'cloudreve', signedIn: false } as const;
  const valuesOf = (steps: readonly { readonly step: { readonly id: string; readonly value?: string } }[]) =>
    steps.map(({ step: { id, value } }) => [id, value]);

  for (const cancelled of ['captcha', 'otp', 'remember', 'password'] as const) {
    it(`offers what was typed again after it was cancelled at the step ${cancelled}`, () =>
      withApp(
        {
          ...cloudreve,
          server: cancelled === 'otp' ? { twoFactor: true } : { captcha: true },
          replies: () => ({ [cancelled]: cancel }),
        },
        async ({ fake, profile, connection: { credentials } }) => {
          assert.equal(await signIn(fake.app, profile), false);
          assert.equal(fake.steps.at(-1)?.step.id, cancelled);
          const stepCount = fake.steps.length;
          await signIn(fake.app, profile);
          const [email, password] = valuesOf(fake.steps.slice(stepCount));
          assert.deepEqual(email, ['email', credentials.email]);
          assert.deepEqual(password, ['password', cancelled === 'password' ? undefined : credentials.password]);
          assert.deepEqual(fake.secrets.size, 0);
        },
      ));
  }

  it('forgets what was typed once signed in', () =>
    withApp(
      { ...cloudreve, replies: ({ credentials }) => ({ password: [cancel, credentials.password ?? ''] }) },
      async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), false);
        assert.equal(await signIn(fake.app, profile), true);
        const stepCount = fake.steps.length;
        await signIn(fake.app, profile);
        assert.deepEqual(valuesOf(fake.steps.slice(stepCount)), [
          ['password', undefined],
          ['remember', 'no'],
        ]);
      },
    ));

  it('forgets what was typed with the profile', () =>
    withApp({ ...cloudreve, replies: () => ({ remember: cancel }), buttons: ['Remove'] }, async ({ fake, profile }) => {
      await signIn(fake.app, profile);
      await removeProfile(fake.app, profile);
      assert.deepEqual(fake.app.drafts.take(profile, Date.now()).answers, {});
    }));

  for (const [what, fault] of [
    ['an interrupted connection', 'resetBefore'],
    ['a failure of the partner', { status: 503 }],
    ['a limit on requests', { status: 429 }],
  ] as const) {
    it(`sends what was typed again after ${what}, without prompts`, () =>
      withApp(cloudreve, async ({ fake, profile, sandbox }) => {
        sandbox.fail(fault, { call: 'login', times: Infinity });
        assert.equal(await signIn(fake.app, profile), false);
        assert.equal(fake.notifications.length, 1, inspect(fake.notifications));
        assert.doesNotMatch(fake.notifications[0]?.message ?? '', /session is kept/);
        const stepCount = fake.steps.length;
        sandbox.heal();
        assert.equal(await signIn(fake.app, profile), true);
        assert.equal(fake.steps.length, stepCount);
      }));
  }

  it('prompts again after an error that sending it again cannot fix', () =>
    withApp({ ...cloudreve, server: { accountState: 'blocked' } }, async ({ fake, profile }) => {
      await signIn(fake.app, profile);
      const stepCount = fake.steps.length;
      await signIn(fake.app, profile);
      assert.deepEqual(
        fake.steps.slice(stepCount).map(({ step }) => step.id),
        steps.cloudreve,
      );
    }));

  it('goes back from a captcha to the steps before it, with what was typed', () =>
    withApp(
      { ...cloudreve, server: { captcha: true }, replies: () => ({ captcha: [back, cancel] }) },
      async ({ fake, profile, connection: { credentials } }) => {
        assert.equal(await signIn(fake.app, profile), false);
        const ids = fake.steps.map(({ step }) => step.id);
        assert.deepEqual(ids, [...steps.cloudreve, 'captcha', 'remember', 'captcha']);
        assert.deepEqual(
          fake.steps.filter(({ step }) => step.id === 'captcha').map(({ position }) => [position.step, position.total]),
          [
            [4, undefined],
            [4, undefined],
          ],
        );
        assert.deepEqual(fake.app.drafts.take(profile, Date.now()).answers, { ...credentials, remember: 'no' });
      },
    ));
});

describe('an error of a sign-in', () => {
  it('does not keep its Try Again button from signing in while it is shown', () =>
    withApp({ partner: 'cloudreve', signedIn: false }, async ({ fake: { app }, profile, sandbox }) => {
      sandbox.fail({ status: 503 }, { call: 'login', times: Infinity });
      let isSignedIn = false;
      const retrying: typeof app = {
        ...app,
        ui: {
          ...app.ui,
          async notify() {
            sandbox.heal();
            isSignedIn = await signIn(retrying, profile);
          },
        },
      };
      await signIn(retrying, profile);
      assert.equal(isSignedIn, true);
      assert.equal(app.sessions.status(profile).phase, 'valid');
    }));
});

describe('a remembered password', () => {
  const options = { partner: 'cloudreve', replies: () => ({ remember: 'yes' }) } as const;
  const spoil = async ({ app }: FakeApp, profile: CheckedProfile): Promise<void> => {
    const store = await app.sessions.store(profile);
    await store.update((record) => ({ ...record, credentials: { ...record.credentials, password: 'outdated' } }));
  };

  it('that is no longer accepted is said to be so, and is neither sent nor stored any more', () =>
    withApp(
      { ...options, replies: () => ({ remember: 'yes', password: cancel }), signedIn: false },
      async ({ fake, profile, sandbox, connection: { credentials } }) => {
        const store = await fake.app.sessions.store(profile);
        await store.update((record) => ({ ...record, credentials: { ...credentials, password: 'outdated' } }));
        assert.equal(await signIn(fake.app, profile), false);
        const [first] = fake.steps;
        assert.deepEqual([first?.step.id, first?.step.value], ['password', undefined]);
        assert.equal(first?.position.problem, `${profile.label} no longer accepts the remembered password.`);
        assert.equal(fake.secrets.get(profile.id)?.credentials?.password, undefined);
        assert.equal(fake.secrets.get(profile.id)?.credentials?.email, credentials.email);
        await signIn(fake.app, profile);
        assert.equal(logins(sandbox.journal), 1);
      },
    ));

  it('that is no longer accepted leaves the session and the choice to remember it', () =>
    withApp(options, async ({ fake, profile, connection: { credentials } }) => {
      await spoil(fake, profile);
      const { session } = fake.secrets.get(profile.id) ?? {};
      const stepCount = fake.steps.length;
      assert.equal(await signIn(fake.app, profile), true);
      assert.ok(session);
      const asked = fake.steps.slice(stepCount);
      assert.deepEqual(
        asked.map(({ step }) => [step.id, step.value]),
        [
          ['password', undefined],
          ['remember', 'yes'],
        ],
      );
      assert.equal(fake.secrets.get(profile.id)?.credentials?.password, credentials.password);
    }));

  it('that another window has replaced meanwhile is kept', () =>
    withApp(
      { ...options, replies: () => ({ password: cancel }), signedIn: false },
      async ({ fake, profile, connection: { credentials } }) => {
        const { app } = fake;
        const store = await app.sessions.store(profile);
        const remember = (password: string) =>
          store.update((record) => ({ ...record, credentials: { ...credentials, password } }));
        await remember('outdated');
        const withSignInProgress: typeof app.ui.withSignInProgress = (title, id, work) =>
          app.ui.withSignInProgress(title, id, work).finally(() => remember('newer'));
        await signIn({ ...app, ui: { ...app.ui, withSignInProgress } }, profile);
        assert.equal(fake.secrets.get(profile.id)?.credentials?.password, 'newer');
      },
    ));

  for (const choice of ['yes', 'no'] as const) {
    it(`is offered with the last choice, "${choice}"`, () =>
      withApp({ partner: 'cloudreve', replies: () => ({ remember: choice }) }, async ({ fake, profile }) => {
        await signInOtherAccount(fake.app, profile);
        assert.equal(fake.steps.at(-1)?.step.value, choice);
      }));
  }

  it('is not sent for another account', () =>
    withApp(
      {
        ...options,
        replies: () => ({ remember: 'yes', email: 'bob@example.com', password: 'of-bob' }),
        signedIn: false,
      },
      async ({ fake, profile, sandbox, connection: { credentials } }) => {
        const store = await fake.app.sessions.store(profile);
        await store.update((record) => ({ ...record, credentials }));
        let shown = 0;
        const showStep: typeof fake.app.ui.showStep = async (step, position) =>
          ++shown > 3 ? undefined : fake.app.ui.showStep(step, position);
        await signInOtherAccount({ ...fake.app, ui: { ...fake.app.ui, showStep } }, profile);
        assert.deepEqual(
          fake.steps.slice(0, 3).map(({ step }) => [step.id, step.value]),
          [
            ['email', credentials.email],
            ['password', undefined],
            ['remember', 'yes'],
          ],
        );
        const sent = sandbox.journal.find(({ call }) => call === 'login')?.payload;
        assert.deepEqual(sent, { email: 'bob@example.com', password: 'of-bob' });
        assert.equal(fake.secrets.get(profile.id)?.credentials?.password, credentials.password, 'nothing was accepted');
      },
    ));

  it('names the account while it is sent', () =>
    withApp(options, async ({ fake, profile, connection: { credentials } }) => {
      await signIn(fake.app, profile);
      assert.equal(fake.progress.at(-1), `Signing in to ${profile.label} as ${credentials.email}`);
    }));
});

describe('a failed sign-in', () => {
  it('reports an unreachable partner, and offers to sign in again', () =>
    withApp({ signedIn: false }, async ({ fake, sandbox, profile }) => {
      await sandbox.close();
      assert.equal(await signIn(fake.app, profile), false);
      const [explanation] = fake.notifications;
      assert.match(explanation?.message ?? '', /could not be reached/);
      assert.deepEqual(
        explanation?.actions.map(({ command }) => command),
        ['signIn', 'showLog'],
      );
      assert.equal(fake.secrets.size, 0);
    }));

  it('reports a blocked account', () =>
    withApp(
      { partner: 'cloudreve', server: { accountState: 'blocked' }, signedIn: false },
      async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), false);
        assert.match(fake.notifications[0]?.message ?? '', /blocked, not activated or deleted/);
      },
    ));

  it('leaves an existing session unchanged', () =>
    withApp(
      { replies: ({ credentials }) => ({ password: [credentials.password ?? '', 'wrong', cancel] }) },
      async ({ fake, profile }) => {
        const before = fake.secrets.get(profile.id);
        assert.equal(await signIn(fake.app, profile), false);
        assert.deepEqual(fake.secrets.get(profile.id), before);
        assert.equal(fake.app.sessions.status(profile).phase, 'valid');
      },
    ));

  it('shows no secret in logs, messages or titles', () =>
    withApp(
      { replies: ({ credentials }) => ({ password: ['wrong', credentials.password ?? ''] }) },
      async ({ fake, sandbox, secrets }) => {
        const { accessToken, refreshToken } = sandbox.tokens('tconnect') ?? { accessToken: '?', refreshToken: '?' };
        const { logLines, statusMessages, notifications, progress } = fake;
        // A masked field may hold a secret that was typed before.
        const shown = fake.steps.map(({ step, position }) => ({
          ...step,
          position,
          ...(step.kind === 'input' && step.secret === true && { value: '•' }),
        }));
        const visible = inspect(
          { logLines, statusMessages, notifications, progress, shown, savedProfiles: fake.savedProfiles },
          { depth: 9 },
        );
        for (const secret of [...secrets, accessToken, refreshToken]) assert.ok(!visible.includes(secret), secret);
      },
    ));
});

describe('concurrent sign-ins to one profile', () => {
  it('show one prompt and log in once', () =>
    withApp({ signedIn: false }, async ({ fake, profile, sandbox }) => {
      const results = await Promise.all([1, 2, 3].map(() => signIn(fake.app, profile)));
      assert.deepEqual(results, [true, true, true]);
      assert.deepEqual(
        fake.steps.map(({ step }) => step.id),
        steps.tconnect,
      );
      assert.equal(logins(sandbox.journal), 1);
      assert.equal(fake.app.sessions.status(profile).phase, 'valid');
      assert.deepEqual(fake.statusMessages, [`Signed in to ${profile.label}.`]);
    }));

  it('log in once with a remembered password', () =>
    withApp({ partner: 'bizmail', replies: () => ({ remember: 'yes' }) }, async ({ fake, profile, sandbox }) => {
      const before = logins(sandbox.journal);
      sandbox.set({ delay: 50 });
      assert.deepEqual(await Promise.all([signIn(fake.app, profile), signIn(fake.app, profile)]), [true, true]);
      assert.equal(logins(sandbox.journal), before + 1);
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
