import { isPartnerAuthError, PartnerAuthError } from '../../core/index.ts';
import {
  logText,
  networkSecretsOf,
  solveChallenges,
  storedCredentials,
  type CheckedProfile,
  type ProfileStore,
  type SecretRecord,
  type SessionPool,
} from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { explainError } from '../model/messages.ts';
import { enteredNetworkSecrets } from '../model/network-steps.ts';
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
import { askChallenge } from './ask-challenge.ts';
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
  return joinSignIn(app, profile, 'signIn', () => completeSignIn(app, profile, {}, account));
}

/** As `signIn`, but prompts for the account and its password although they are stored. */
export function signInOtherAccount(app: App, profile: CheckedProfile): Promise<boolean> {
  return joinSignIn(app, profile, 'signIn', () => completeSignIn(app, profile, { [otherAccount]: pressed }));
}

/** Runs the sign-in of `command`, or joins one of the same profile that is in progress. */
export function joinSignIn(
  app: App,
  profile: CheckedProfile,
  command: 'signIn' | 'signInWithRefreshToken',
  complete: () => Promise<void>,
): Promise<boolean> {
  const signIns = inProgress.get(app.sessions) ?? new Map<string, Promise<boolean>>();
  inProgress.set(app.sessions, signIns);
  const key = `${profile.id} ${profile.partner} ${profile.baseUrl}`;
  const joined = signIns.get(key);
  if (joined !== undefined) return joined;
  const signingIn = complete().finally(() => signIns.delete(key));
  const outcome = signingIn.then(
    () => true,
    () => false,
  );
  signIns.set(key, outcome);
  // Not joined: while its error is shown, a button of the notification may sign in again.
  return runCommand(app, profile, command, () => signingIn);
}

async function completeSignIn(app: App, profile: CheckedProfile, initial: Answers, account?: string): Promise<void> {
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
        start = { at: restart.at, problem: signInProblem(profile, error, wasRemembered, t, answers) };
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

export function knownValues(stored: SecretRecord | undefined): KnownValues {
  const {
    key,
    iv,
    clientSecret,
    credentials = {},
    rememberPassword = credentials.password !== undefined,
  } = stored ?? {};
  return { key, iv, ...(clientSecret !== undefined && { clientSecret }), credentials, remember: rememberPassword };
}

/** Those of `entered` that are still asked: a key may have been stored meanwhile. */
export function answersOf(steps: readonly Step[], entered: Answers): Answers {
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

/** Shows that a sign-in has succeeded, and how long it lasts. */
export function confirmSignIn(
  { t, ui, log, sessions }: App,
  profile: CheckedProfile,
  unsaved?: PartnerAuthError,
): void {
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

export function cancelledError(): PartnerAuthError {
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
  const material = {
    key: answers.key ?? known.key,
    iv: answers.iv ?? known.iv,
    clientSecret: answers.clientSecret ?? known.clientSecret,
    ...enteredNetworkSecrets(profile, answers),
  };
  const credentials = credentialsOf(profile, known, answers);
  const { password, ...rest } = storedCredentials(profile.definition, credentials);
  const choice = answers[rememberStep];
  const remember = choice === undefined ? known.credentials.password !== undefined : choice === 'yes';
  const change = (record: SecretRecord): SecretRecord => ({
    ...record,
    ...(material.key !== undefined && { key: material.key }),
    ...(material.iv !== undefined && { iv: material.iv }),
    ...(material.clientSecret !== undefined && { clientSecret: material.clientSecret }),
    ...networkSecretsOf(material),
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
