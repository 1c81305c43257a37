import { isPartnerAuthError } from '../../core/index.ts';
import { logText, networkSecretsOf, type CheckedProfile, type SecretRecord } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { enteredNetworkSecrets } from '../model/network-steps.ts';
import { isAboutToken, refreshTokenStep, refreshTokenSteps, tokenRefusal } from '../model/refresh-token-steps.ts';
import { restartAfter, signInProblem, type KnownValues } from '../model/sign-in-steps.ts';
import { runWizard, type Answers, type Step, type WizardStart } from '../model/wizard.ts';
import { cancelledError, confirmSignIn, joinSignIn, knownValues } from './sign-in.ts';

/**
 * Signs in with a refresh token that a browser or another program was issued. It is proven by a refresh before it replaces
 * anything. Joins a sign-in of the same profile that is in progress. Resolves as `signIn`.
 */
export function signInWithRefreshToken(app: App, profile: CheckedProfile): Promise<boolean> {
  return joinSignIn(app, profile, 'signInWithRefreshToken', () => completeSignIn(app, profile));
}

/** Ids of the steps, apart from the token, where the sign-in restarts after an error. */
const materialSteps = ['key', 'clientSecret', 'proxyUsername', 'passphrase'];

type MaterialValues = Pick<KnownValues, 'key' | 'iv' | 'clientSecret' | 'asked'>;

async function completeSignIn(app: App, profile: CheckedProfile): Promise<void> {
  const { t, ui, log, drafts, sessions, now } = app;
  const stored = knownValues(await (await sessions.store(profile)).secrets());
  let known: MaterialValues = stored;
  const draft = drafts.take(profile, now());
  let answers: Answers = draft.resend ? draft.answers : {};
  let start: WizardStart = {};
  try {
    for (;;) {
      const given = known;
      const steps = (soFar: Answers): readonly Step[] => refreshTokenSteps(profile, given, soFar, t);
      if (steps(answers).some(({ id }) => answers[id] === undefined)) {
        const title = t('Sign in to {0}', profile.label);
        const entered = await runWizard(title, steps, ui.showStep, { ...start, answers });
        if (entered === undefined) throw cancelledError();
        answers = entered;
      }
      try {
        confirmSignIn(app, profile, await adopt(app, profile, known, answers));
        return;
      } catch (error) {
        if (!isPartnerAuthError(error)) throw error;
        const { [refreshTokenStep]: _, ...material } = answers;
        const restart = restartAfter(profile, error);
        if (isAboutToken(error)) {
          start = { at: refreshTokenStep, problem: tokenRefusal(error, profile.label, t) };
          answers = material;
        } else if (restart !== undefined && materialSteps.includes(restart.at)) {
          start = { at: restart.at, problem: signInProblem(profile, error, false, t, answers) };
          const before = { ...stored, ...known };
          answers = restart.keep(answers, before);
          known = restart.forget(before);
        } else {
          throw error;
        }
        log.warn(`${profile.label}: ${logText(error)}`);
      }
    }
  } catch (error) {
    // Only for Try Again: a token that was entered is copied again more safely than sent twice.
    if (isPartnerAuthError(error) && error.retryable) drafts.keep(profile, { answers, resend: true }, now());
    throw error;
  }
}

/** Resolves as `SessionPool.signIn()`. */
function adopt(app: App, profile: CheckedProfile, known: MaterialValues, answers: Answers) {
  const material = {
    key: answers.key ?? known.key,
    iv: answers.iv ?? known.iv,
    clientSecret: answers.clientSecret ?? known.clientSecret,
    ...enteredNetworkSecrets(profile, answers),
  };
  const change = (record: SecretRecord): SecretRecord => ({
    ...record,
    ...(material.key !== undefined && { key: material.key }),
    ...(material.iv !== undefined && { iv: material.iv }),
    ...(material.clientSecret !== undefined && { clientSecret: material.clientSecret }),
    ...networkSecretsOf(material),
  });
  const refreshToken = answers[refreshTokenStep] ?? '';
  return app.sessions.signIn(profile, material, change, (session) =>
    app.ui.withSignInProgress(app.t('Signing in to {0}', profile.label), profile.id, (signal) =>
      session.adopt({ refreshToken }, { signal }),
    ),
  );
}
