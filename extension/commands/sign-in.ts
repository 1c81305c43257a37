import { isPartnerAuthError, PartnerAuthError } from '../../core/index.ts';
import { solveChallenges, type Challenge, type CheckedProfile, type SecretRecord } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { explain } from '../model/messages.ts';
import { credentialsOf, rememberStep, restartStep, signInSteps, type Known } from '../model/sign-in-steps.ts';
import { runWizard, type Answers, type WizardStart } from '../model/wizard.ts';
import { runCommand } from './run-command.ts';

/**
 * Signs in, asking only for what is not known. Nothing is stored before the partner has accepted it. Resolves true when
 * signed in, false when the user gave up or was told why it can not be.
 */
export async function signIn(app: App, profile: CheckedProfile): Promise<boolean> {
  const done = await runCommand(app, profile, 'signIn', async () => {
    const store = await app.sessions.store(profile);
    const stored = await store.secrets();
    let known: Known = { key: stored?.key, iv: stored?.iv, credentials: stored?.credentials ?? {} };
    let start: WizardStart = {};
    for (;;) {
      const given = known;
      const title = app.t('Sign in to {0}', profile.label);
      const steps = (answers: Answers) => signInSteps(profile, given, answers, app.t);
      const answers = await runWizard(title, steps, app.ui.showStep, start);
      if (answers === undefined) throw givenUp();
      try {
        await attempt(app, profile, known, answers);
        tellSuccess(app, profile);
        return;
      } catch (error) {
        const again = isPartnerAuthError(error) ? restartStep(profile, error) : undefined;
        if (again === undefined) throw error;
        start = {
          answers: again.keep(answers, known),
          at: again.at,
          problem: explain(error, profile.label, app.t).message,
        };
        known = again.forget(known);
        app.log.warn(`${profile.label}: ${error instanceof Error ? error.message : ''}`);
      }
    }
  });
  // The stored key, not the one that was tried, serves the session that may still be there.
  if (!done) await app.sessions.release(profile);
  return done;
}

function tellSuccess({ t, ui, sessions }: App, profile: CheckedProfile): void {
  if (sessions.status(profile).storage !== 'windowOnly') {
    ui.brief(t('Signed in to {0}.', profile.label));
    return;
  }
  // Said with each sign-in: else the next one would be a riddle.
  const message = t('Signed in to {0} for this window only: this machine keeps no secrets.', profile.label);
  const help = { title: t('How to Fix It'), run: 'storageHelp' } as const;
  void ui.explain({ message, mustAct: true, actions: [help] }, 'warning');
}

function givenUp(): PartnerAuthError {
  return new PartnerAuthError('aborted', 'The sign-in was cancelled.');
}

async function attempt(app: App, profile: CheckedProfile, known: Known, answers: Answers): Promise<void> {
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
    (given) => app.ui.progress(progress, (signal) => session.login(given, { signal })),
    profile.definition,
    credentials,
    (challenge) => askChallenge(app, profile, challenge),
  );
}

/** @throws PartnerAuthError `aborted` if the user gives up. */
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
    if (answers === undefined) throw givenUp();
    return (answers[id] ?? '').trim();
  };
  switch (challenge.kind) {
    case 'oneTimeCode': {
      const refused = challenge.error.code === 'invalidOneTimeCode';
      const problem = refused ? explain(challenge.error, profile.label, t).message : undefined;
      return ask('otp', t('One-time code for {0}', label), problem);
    }
    case 'captcha': {
      const close = ui.showPicture(t('Captcha from {0}', label), challenge.image);
      try {
        return await ask('captcha', t('Text in the picture'));
      } finally {
        close();
      }
    }
  }
}
