import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { signIn, signInOtherAccount } from '../../../extension/commands/sign-in.ts';
import { removeProfile } from '../../../extension/commands/sign-out.ts';
import type { CheckedProfile } from '../../../core/profiles/index.ts';
import { back, cancel, type FakeApp } from '../../helpers/fake-app.ts';
import { countLogins, signInSteps, withApp } from '../../helpers/with-app.ts';

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
        signInSteps.cloudreve,
      );
    }));

  it('goes back from a captcha to the steps before it, with what was typed', () =>
    withApp(
      { ...cloudreve, server: { captcha: true }, replies: () => ({ captcha: [back, cancel] }) },
      async ({ fake, profile, connection: { credentials } }) => {
        assert.equal(await signIn(fake.app, profile), false);
        const ids = fake.steps.map(({ step }) => step.id);
        assert.deepEqual(ids, [...signInSteps.cloudreve, 'captcha', 'remember', 'captcha']);
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
        assert.equal(countLogins(sandbox.journal), 1);
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

  it('reports in a dialog what only the user can resolve, and in a message what waiting can', () =>
    withApp({ partner: 'cloudreve', signedIn: false }, async ({ fake, profile, sandbox }) => {
      sandbox.set({ accountState: 'blocked' });
      await signIn(fake.app, profile);
      assert.equal(fake.reports.length, 1);
      sandbox.fail({ status: 503 }, { call: 'login', times: Infinity });
      await signIn(fake.app, profile);
      assert.deepEqual([fake.reports.length, fake.notifications.length], [1, 2]);
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
