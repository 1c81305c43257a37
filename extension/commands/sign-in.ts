import { isPartnerAuthError, PartnerAuthError } from '../../core/index.ts';
import { solveChallenges, type Challenge, type CheckedProfile, type SecretRecord } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { explainError } from '../model/messages.ts';
import { credentialsOf, rememberStep, restartAfter, signInSteps, type KnownValues } from '../model/sign-in-steps.ts';
import { runWizard, type Answers, type WizardStart } from '../model/wizard.ts';
import { runCommand } from './run-command.ts';

/**
 * Signs in, prompting only for what is not stored. Stores nothing before the partner has accepted it. Resolves true when
 * signed in, and false when the user cancelled or an error was shown.
 */
export async function signIn(app: App, profile: CheckedProfile): Promise<boolean> {
  const isSignedIn = await runCommand(app, profile, 'signIn', async () => {
    const store = await app.sessions.store(profile);
    const stored = await store.secrets();
    let known: KnownValues = { key: stored?.key, iv: stored?.iv, credentials: stored?.credentials ?? {} };
    let start: WizardStart = {};
    for (;;) {
      const given = known;
      const title = app.t('Sign in to {0}', profile.label);
      const steps = (answers: Answers) => signInSteps(profile, given, answers, app.t);
      const answers = await runWizard(title, steps, app.ui.showStep, start);
      if (answers === undefined) throw cancelledError();
      try {
        await login(app, profile, known, answers);
        confirmSignIn(app, profile);
        return;
      } catch (error) {
        const restart = isPartnerAuthError(error) ? restartAfter(profile, error) : undefined;
        if (restart === undefined) throw error;
        start = {
          answers: restart.keep(answers, known),
          at: restart.at,
          problem: explainError(error, profile.label, app.t).message,
        };
        known = restart.forget(known);
        app.log.warn(`${profile.label}: ${error instanceof Error ? error.message : ''}`);
      }
    }
  });
  // A session that still exists must go on with the stored key, not with the one that was tried.
  if (!isSignedIn) await app.sessions.release(profile);
  return isSignedIn;
}

function confirmSignIn({ t, ui, sessions }: App, profile: CheckedProfile): void {
  if (sessions.status(profile).storage !== 'windowOnly') {
    ui.showStatusMessage(t('Signed in to {0}.', profile.label));
    return;
  }
  // Shown at every sign-in; otherwise the user would not know why the next window asks again.
  const message = t('Signed in to {0} for this window only: this machine cannot store secrets.', profile.label);
  const help = { title: t('How to Fix It'), command: 'storageHelp' } as const;
  void ui.notify({ message, requiresUser: true, actions: [help] }, 'warning');
}

function cancelledError(): PartnerAuthError {
  return new PartnerAuthError('aborted', 'The sign-in was cancelled.');
}

async function login(app: App, profile: CheckedProfile, known: KnownValues, answers: Answers): Promise<void> {
  const material = { key: answers.key ?? known.key, iv: answers.iv ?? known.iv };
  const credentials = credentialsOf(profile, known, answers);
  const { password, ...rest } = credentials;
  const remember = answers[rememberStep] === 'yes' || known.credentials.password !== undefined;
  const session = await app.sessions.reopen(profile, material, (record): SecretRecord => ({
    ...record,
    ...(material.key !== undefined && { key: material.key }),
    ...(material.iv !== undefined && { iv: material.iv }),
    credentials: remember && password !== undefined ? { ...rest, password } : rest,
  }));
  const progress = app.t('Signing in to {0}', profile.label);
  await solveChallenges(
    (given) => app.ui.withProgress(progress, (signal) => session.login(given, { signal })),
    profile.definition,
    credentials,
    (challenge) => askChallenge(app, profile, challenge),
  );
}

/** @throws PartnerAuthError `aborted` if the user cancels. */
async function askChallenge(app: App, profile: CheckedProfile, challenge: Challenge): Promise<string> {
  const { t, ui } = app;
  const { label } = profile.definition;
  const ask = async (id: string, prompt: string, problem?: string): Promise<string> => {
    const step = {
      kind: 'input',
      id,
      prompt,
      validate: (value: string) => (value.trim() === '' ? t('This is required.') : undefined),
    } as const;
    const title = t('Sign in to {0}', profile.label);
    const answers = await runWizard(title, () => [step], ui.showStep, problem === undefined ? {} : { problem });
    if (answers === undefined) throw cancelledError();
    return (answers[id] ?? '').trim();
  };
  switch (challenge.kind) {
    case 'oneTimeCode': {
      const isRejected = challenge.error.code === 'invalidOneTimeCode';
      const problem = isRejected ? explainError(challenge.error, profile.label, t).message : undefined;
      return ask('otp', t('One-time code for {0}', label), problem);
    }
    case 'captcha': {
      const close = ui.showImage(t('Captcha from {0}', label), challenge.image);
      try {
        return await ask('captcha', t('Text in the image'));
      } finally {
        close();
      }
    }
  }
}
