import { isPartnerAuthError, PartnerAuthError } from '../../core/index.ts';
import {
  logText,
  solveChallenges,
  type Challenge,
  type CheckedProfile,
  type ProfileStore,
  type SecretRecord,
  type SessionPool,
} from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { explainError } from '../model/messages.ts';
import { tidy } from '../model/pasted.ts';
import {
  accountOf,
  credentialsFor,
  credentialsOf,
  otherAccount,
  rememberStep,
  restartAfter,
  signInProblem,
  signInSteps,
  type KnownValues,
} from '../model/sign-in-steps.ts';
import { pressed, runWizard, type Answers, type ShowStep, type Step, type WizardStart } from '../model/wizard.ts';
import { runCommand } from './run-command.ts';

/** The sign-ins in progress, by profile. */
const inProgress = new WeakMap<SessionPool, Map<string, Promise<boolean>>>();

/**
 * Signs in, prompting only for what is not stored. Stores nothing before the partner has accepted it. Joins a sign-in of
 * the same profile that is in progress. What was entered is offered again if the sign-in does not complete. Resolves true
 * when signed in, and false when the user cancelled or an error was shown. `account` is prefilled, unless the stored login
 * fields are those of this account.
 */
export function signIn(app: App, profile: CheckedProfile, account?: string): Promise<boolean> {
  return joinSignIn(app, profile, {}, account);
}

/** As `signIn`, but prompts for the account and its password although they are stored. */
export function signInOtherAccount(app: App, profile: CheckedProfile): Promise<boolean> {
  return joinSignIn(app, profile, { [otherAccount]: pressed });
}

function joinSignIn(app: App, profile: CheckedProfile, initial: Answers, account?: string): Promise<boolean> {
  const signIns = inProgress.get(app.sessions) ?? new Map<string, Promise<boolean>>();
  inProgress.set(app.sessions, signIns);
  const key = `${profile.id} ${profile.partner} ${profile.baseUrl}`;
  const joined = signIns.get(key);
  if (joined !== undefined) return joined;
  const signingIn = completeSignIn(app, profile, initial, account).finally(() => signIns.delete(key));
  const outcome = signingIn.then(
    () => true,
    () => false,
  );
  signIns.set(key, outcome);
  // Not joined: while its error is shown, a button of the notification may sign in again.
  return runCommand(app, profile, 'signIn', () => signingIn);
}

async function completeSignIn(
  app: App,
  profile: CheckedProfile,
  initial: Answers,
  account: string | undefined,
): Promise<void> {
  const { t, ui, log, drafts, now } = app;
  const store = await app.sessions.store(profile);
  const stored = knownValues(await store.secrets());
  const requested = credentialsFor(profile, stored.credentials, account);
  let known: KnownValues = { ...stored, credentials: requested.known };
  const draft = drafts.take(profile, now());
  // What was entered before may be for another account than the requested one.
  let entered: Answers = { ...(account === undefined && draft.answers), ...requested.prefilled, ...initial };
  let skipsPrompts = draft.resend && account === undefined && Object.keys(initial).length === 0;
  let start: WizardStart = {};
  const show: ShowStep = async (step, position) => {
    const result = await ui.showStep(step, position);
    if (typeof result === 'object')
      entered = { ...entered, ...('value' in result ? { [step.id]: result.value } : { [result.button]: pressed }) };
    return result;
  };
  try {
    for (;;) {
      const [given, prefill] = [known, entered];
      const steps = (answers: Answers): readonly Step[] => signInSteps(profile, given, answers, t, prefill);
      const answered = answersOf(steps(entered), entered);
      const isComplete = steps(answered).every(({ id }) => answered[id] !== undefined);
      const title = t('Sign in to {0}', profile.label);
      const answers =
        skipsPrompts && isComplete ? answered : await runWizard(title, steps, show, { ...start, answers: answered });
      skipsPrompts = false;
      if (answers === undefined) throw cancelledError();
      const stepIds = steps(answers).map(({ id }) => id);
      try {
        const result = await login(app, profile, known, answers, stepIds.length);
        if (result !== 'back') {
          confirmSignIn(app, profile, result.unsaved);
          return;
        }
        const at = stepIds.at(-1);
        start = at === undefined ? {} : { at };
      } catch (error) {
        const restart = isPartnerAuthError(error) ? restartAfter(profile, error) : undefined;
        if (restart === undefined || !isPartnerAuthError(error)) throw error;
        const { password } = known.credentials;
        const wasRemembered = password !== undefined && answers.password === undefined;
        if (wasRemembered && error.code === 'invalidCredentials') await forgetPassword(app, store, password);
        start = { at: restart.at, problem: signInProblem(profile, error, wasRemembered, t) };
        entered = restart.keep(answers, known);
        known = restart.forget(known);
        log.warn(`${profile.label}: ${logText(error)}`);
      }
    }
  } catch (error) {
    drafts.keep(profile, { answers: entered, resend: isPartnerAuthError(error) && error.retryable }, now());
    throw error;
  }
}

function knownValues(stored: SecretRecord | undefined): KnownValues {
  const { key, iv, credentials = {}, rememberPassword = credentials.password !== undefined } = stored ?? {};
  return { key, iv, credentials, remember: rememberPassword };
}

/** Those of `entered` that are still asked: a key may have been stored meanwhile. */
function answersOf(steps: readonly Step[], entered: Answers): Answers {
  const ids = new Set([otherAccount, ...steps.map(({ id }) => id)]);
  return Object.fromEntries(Object.entries(entered).filter(([id]) => ids.has(id)));
}

/** Sent again, it could lock the account. */
async function forgetPassword({ log }: App, store: ProfileStore, rejected: string): Promise<void> {
  const forget = (record: SecretRecord): SecretRecord => {
    const { password, ...credentials } = record.credentials ?? {};
    return password === rejected ? { ...record, credentials, rememberPassword: true } : record;
  };
  await store.update(forget).catch(() => log.error('A password that is no longer accepted could not be deleted.'));
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

/**
 * Resolves with the error of the store if the session is signed in for this window only, and `back` if the user went back
 * from a challenge to the `stepCount` steps before it.
 */
async function login(
  app: App,
  profile: CheckedProfile,
  known: KnownValues,
  answers: Answers,
  stepCount: number,
): Promise<{ readonly unsaved: PartnerAuthError | undefined } | 'back'> {
  const material = { key: answers.key ?? known.key, iv: answers.iv ?? known.iv };
  const credentials = credentialsOf(profile, known, answers);
  const { password, ...rest } = credentials;
  const choice = answers[rememberStep];
  const remember = choice === undefined ? known.credentials.password !== undefined : choice === 'yes';
  const change = (record: SecretRecord): SecretRecord => ({
    ...record,
    ...(material.key !== undefined && { key: material.key }),
    ...(material.iv !== undefined && { iv: material.iv }),
    credentials: remember && password !== undefined ? { ...rest, password } : rest,
    ...(password !== undefined && { rememberPassword: remember }),
  });
  const account = accountOf(profile, known, answers);
  const progress =
    account === undefined
      ? app.t('Signing in to {0}', profile.label)
      : app.t('Signing in to {0} as {1}', profile.label, account);
  const wentBack = cancelledError();
  try {
    const unsaved = await app.sessions.signIn(profile, material, change, (session) =>
      solveChallenges(
        (given) => app.ui.withSignInProgress(progress, profile.id, (signal) => session.login(given, { signal })),
        profile.definition,
        credentials,
        async (challenge) => {
          const reply = await askChallenge(app, profile, account, challenge, stepCount);
          if (reply === 'back') throw wentBack;
          if (reply === undefined) throw cancelledError();
          return 'value' in reply ? reply.value : undefined;
        },
      ),
    );
    return { unsaved };
  } catch (error) {
    if (error === wentBack) return 'back';
    throw error;
  }
}

async function askChallenge(
  { t, ui, log }: App,
  profile: CheckedProfile,
  account: string | undefined,
  challenge: Challenge,
  stepCount: number,
): ReturnType<ShowStep> {
  const partner = profile.definition.label;
  const position = { step: stepCount + 1, total: undefined, title: t('Sign in to {0}', profile.label) };
  const validate = (value: string): string | undefined => (value === '' ? t('This is required.') : undefined);
  log.info(`${profile.label}: ${logText(challenge.error)}`);
  switch (challenge.kind) {
    case 'oneTimeCode': {
      const prompt = t('One-time code for {0}', partner);
      return ui.showStep(
        {
          kind: 'input',
          id: 'otp',
          prompt: account === undefined ? prompt : `${prompt} (${account})`,
          tidy: (value) => tidy('code', value, t),
          validate,
        },
        {
          ...position,
          problem: challenge.wasRefused ? explainError(challenge.error, profile.label, t).message : undefined,
        },
      );
    }
    case 'captcha': {
      const close = ui.showImage({
        title: t('Captcha from {0}', partner),
        alt: t('Image of a text to type, from {0}', partner),
        hint: t('Type the text of this image into the field at the top. The arrow there requests a new picture.'),
        dataUri: challenge.image,
      });
      try {
        const result = await ui.showStep(
          {
            kind: 'input',
            id: 'captcha',
            prompt: t('Text in the image'),
            buttons: [{ id: 'newImage', label: t('New picture'), icon: 'refresh' }],
            tidy: (value) => tidy('name', value, t),
            validate,
          },
          {
            ...position,
            problem: challenge.wasRefused
              ? t('That text was not correct. Enter the text of the new image.')
              : undefined,
          },
        );
        return typeof result === 'object' && 'value' in result ? { value: result.value.trim() } : result;
      } finally {
        close();
      }
    }
  }
}
