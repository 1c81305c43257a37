import { isPartnerAuthError, PartnerAuthError, type PartnerSession } from '../../core/index.ts';
import type { App } from '../model/app.ts';
import { explain } from '../model/messages.ts';
import type { CheckedProfile } from '../model/profile.ts';
import type { SecretRecord } from '../model/secret-record.ts';
import { credentialsOf, rememberStep, restartStep, signInSteps, type Known } from '../model/sign-in-steps.ts';
import { runWizard, type Answers, type WizardStart } from '../model/wizard.ts';
import { explained } from './with-profile.ts';

/**
 * Signs in, asking only for what is not known. Nothing is stored before the partner has accepted it. Resolves true when
 * signed in, false when the user gave up or was told why it can not be.
 */
export async function signIn(app: App, profile: CheckedProfile): Promise<boolean> {
  const done = await explained(app, profile, 'signIn', async () => {
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
  const session = await app.sessions.reopen(profile, material);
  const credentials = credentialsOf(profile, known, answers);
  const store = await app.sessions.store(profile);
  store.bring((record): SecretRecord => {
    const { password, ...rest } = credentials;
    const remember = answers[rememberStep] === 'yes' || known.credentials.password !== undefined;
    return {
      ...record,
      ...(material.key !== undefined && { key: material.key }),
      ...(material.iv !== undefined && { iv: material.iv }),
      credentials: remember && password !== undefined ? { ...rest, password } : rest,
    };
  });
  try {
    await login(app, profile, session, credentials);
  } finally {
    store.bring(undefined);
  }
}

async function login(
  app: App,
  profile: CheckedProfile,
  session: PartnerSession,
  credentials: Readonly<Record<string, string>>,
): Promise<void> {
  const progress = app.t('Signing in to {0}', profile.label);
  let next = credentials;
  for (;;) {
    const current = next;
    try {
      await app.ui.progress(progress, (signal) => session.login(current, { signal }));
      return;
    } catch (error) {
      const more = isPartnerAuthError(error) ? await oneMoreStep(app, profile, credentials, error) : undefined;
      if (more === undefined) throw error;
      next = more;
    }
  }
}

/** The credentials of the next login call after the partner asked for a code or a captcha; undefined for other errors. */
async function oneMoreStep(
  app: App,
  profile: CheckedProfile,
  credentials: Readonly<Record<string, string>>,
  error: PartnerAuthError,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { t, ui } = app;
  const { oneTimeCode, captcha, label } = profile.definition;
  const title = t('Sign in to {0}', profile.label);
  const ask = async (id: string, prompt: string, problem?: string): Promise<string> => {
    const step = {
      kind: 'input',
      id,
      prompt,
      validate: (value: string) => (value.trim() === '' ? t('This is required.') : undefined),
    } as const;
    const answers = await runWizard(title, () => [step], ui.showStep, problem === undefined ? {} : { problem });
    if (answers === undefined) throw givenUp();
    return (answers[id] ?? '').trim();
  };
  if (oneTimeCode !== undefined && (error.code === 'oneTimeCodeRequired' || error.code === 'invalidOneTimeCode')) {
    const problem = error.code === 'invalidOneTimeCode' ? explain(error, profile.label, t).message : undefined;
    const code = { [oneTimeCode.codeField]: await ask('otp', t('One-time code for {0}', label), problem) };
    // A code that was refused may have been too late for its login: then only a login from its start takes another.
    return problem === undefined ? code : { ...credentials, ...code };
  }
  if (captcha !== undefined && error.challenge !== undefined) {
    const { image, ticket } = error.challenge;
    const close = ui.showPicture(t('Captcha from {0}', label), image);
    try {
      const text = await ask('captcha', t('Text in the picture'));
      return { ...credentials, [captcha.answerField]: text, [captcha.ticketField]: ticket };
    } finally {
      close();
    }
  }
  return undefined;
}
