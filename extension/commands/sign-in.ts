import { isPartnerAuthError, PartnerAuthError } from '../../core/index.ts';
import {
  logText,
  solveChallenges,
  type Challenge,
  type CheckedProfile,
  type SecretRecord,
  type SessionPool,
} from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { explainError } from '../model/messages.ts';
import { tidy } from '../model/pasted.ts';
import {
  credentialsFor,
  credentialsOf,
  rememberStep,
  restartAfter,
  signInSteps,
  type KnownValues,
} from '../model/sign-in-steps.ts';
import { runWizard, type Answers, type WizardStart } from '../model/wizard.ts';
import { runCommand } from './run-command.ts';

/** The sign-ins in progress, by profile. */
const inProgress = new WeakMap<SessionPool, Map<string, Promise<boolean>>>();

/**
 * Signs in, prompting only for what is not stored. Stores nothing before the partner has accepted it. Joins a sign-in of
 * the same profile that is in progress. Resolves true when signed in, and false when the user cancelled or an error was
 * shown. `account` is prefilled, unless the stored login fields are those of this account.
 */
export async function signIn(app: App, profile: CheckedProfile, account?: string): Promise<boolean> {
  const signIns = inProgress.get(app.sessions) ?? new Map<string, Promise<boolean>>();
  inProgress.set(app.sessions, signIns);
  const key = `${profile.id} ${profile.partner} ${profile.baseUrl}`;
  const joined = signIns.get(key);
  if (joined !== undefined) return joined;
  const signingIn = signInOnce(app, profile, account).finally(() => signIns.delete(key));
  signIns.set(key, signingIn);
  return signingIn;
}

async function signInOnce(app: App, profile: CheckedProfile, account: string | undefined): Promise<boolean> {
  return runCommand(app, profile, 'signIn', async () => {
    const store = await app.sessions.store(profile);
    const stored = await store.secrets();
    const credentials = credentialsFor(profile, stored?.credentials ?? {}, account);
    let known: KnownValues = { key: stored?.key, iv: stored?.iv, credentials: credentials.known };
    let start: WizardStart = { answers: credentials.prefilled };
    for (;;) {
      const given = known;
      const title = app.t('Sign in to {0}', profile.label);
      const steps = (answers: Answers) => signInSteps(profile, given, answers, app.t);
      const answers = await runWizard(title, steps, app.ui.showStep, start);
      if (answers === undefined) throw cancelledError();
      try {
        const unsaved = await login(app, profile, known, answers);
        confirmSignIn(app, profile, unsaved);
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
        app.log.warn(`${profile.label}: ${isPartnerAuthError(error) ? logText(error) : ''}`);
      }
    }
  });
}

function confirmSignIn({ t, ui, log, sessions }: App, profile: CheckedProfile, unsaved?: PartnerAuthError): void {
  if (unsaved !== undefined) {
    log.error(`${profile.label}: ${unsaved.message}`);
    void ui.notify(explainError(unsaved, profile.label, t), 'warning', profile.id);
    return;
  }
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

/** Resolves with the error of the store if the session is signed in for this window only. */
async function login(
  app: App,
  profile: CheckedProfile,
  known: KnownValues,
  answers: Answers,
): Promise<PartnerAuthError | undefined> {
  const material = { key: answers.key ?? known.key, iv: answers.iv ?? known.iv };
  const credentials = credentialsOf(profile, known, answers);
  const { password, ...rest } = credentials;
  const remember = answers[rememberStep] === 'yes' || known.credentials.password !== undefined;
  const change = (record: SecretRecord): SecretRecord => ({
    ...record,
    ...(material.key !== undefined && { key: material.key }),
    ...(material.iv !== undefined && { iv: material.iv }),
    credentials: remember && password !== undefined ? { ...rest, password } : rest,
  });
  const progress = app.t('Signing in to {0}', profile.label);
  return app.sessions.signIn(profile, material, change, (session) =>
    solveChallenges(
      (given) => app.ui.withProgress(progress, (signal) => session.login(given, { signal })),
      profile.definition,
      credentials,
      (challenge) => askChallenge(app, profile, challenge),
    ),
  );
}

/** @throws PartnerAuthError `aborted` if the user cancels. */
async function askChallenge(app: App, profile: CheckedProfile, challenge: Challenge): Promise<string> {
  const { t, ui } = app;
  const { label } = profile.definition;
  app.log.info(`${profile.label}: ${logText(challenge.error)}`);
  const ask = async (id: string, prompt: string, problem?: string): Promise<string> => {
    const step = {
      kind: 'input',
      id,
      prompt,
      tidy: (value: string) => tidy(id === 'otp' ? 'code' : 'name', value, t),
      validate: (value: string) => (value.trim() === '' ? t('This is required.') : undefined),
    } as const;
    const title = t('Sign in to {0}', profile.label);
    const answers = await runWizard(title, () => [step], ui.showStep, problem === undefined ? {} : { problem });
    if (answers === undefined) throw cancelledError();
    return answers[id] ?? '';
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
