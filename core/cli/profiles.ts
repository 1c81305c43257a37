import { isPartnerAuthError, PartnerAuthError, type PartnerSession } from '../index.ts';
import type { CheckedProfile, ProfileProblem, SecretRecord } from '../profiles/index.ts';
import { openFileProfiles, problemText, type FileProfiles } from '../profiles/files/index.ts';
import type { Given } from './grammar/given.ts';
import { didYouMean } from './grammar/suggest.ts';
import { debug, debugExchange, isVerbose } from './terminal/debug.ts';
import { hide, note } from './terminal/output.ts';
import { configurationFailure } from './usage-error.ts';

/** The user's profiles, for as long as `work` runs. */
export async function withProfiles<T>(work: (files: FileProfiles) => Promise<T>): Promise<T> {
  const files = openFileProfiles(process.env, { log: { debug, info: debug, warn: debug, error: note } });
  try {
    return await work(files);
  } finally {
    await files.close();
  }
}

/** The profile that the verb is about, by its argument NAME. */
export async function selectProfile(files: FileProfiles, given: Given): Promise<CheckedProfile> {
  const name = given.argument('NAME');
  try {
    const profile = await files.select(name);
    given.profile = profile.id;
    return profile;
  } catch (error) {
    if (name === undefined || !isPartnerAuthError(error) || error.setting !== 'profile') throw error;
    const { ids } = await files.list();
    const hint = ids.includes(name) ? '' : didYouMean(name, ids);
    throw hint === '' ? error : configurationFailure(`${error.message}${hint}`, 'profile');
  }
}

/** Opens the session of the profile that the verb is about. */
export async function withSession<T>(
  given: Given,
  work: (session: PartnerSession, profile: CheckedProfile, files: FileProfiles) => Promise<T>,
): Promise<T> {
  return withProfiles(async (files) => {
    const profile = await selectProfile(files, given);
    const pool = await files.pool();
    const stored = await (await pool.store(profile)).secrets();
    hideSecrets(profile, stored);
    // Without a key, no session can be opened.
    if (profile.cipher !== undefined && stored?.key === undefined)
      throw new PartnerAuthError('signedOut', `${profile.id} is not signed in.`);
    const session = await pool.open(profile);
    watch(session);
    return work(session, profile, files);
  });
}

/**
 * Reports that a sign-in is needed before something is started that would only fail.
 *
 * @throws PartnerAuthError `signedOut` or `sessionEnded`.
 */
export function assertSignedIn({ status }: PartnerSession, id: string): void {
  const { phase, accessExpiresAt = 0 } = status;
  if (phase === 'signedOut') throw new PartnerAuthError('signedOut', `${id} is not signed in.`);
  if (phase === 'ended' && accessExpiresAt <= Date.now())
    throw new PartnerAuthError('sessionEnded', `The session of ${id} has ended.`);
}

/** Masks the secrets of a profile in messages: a session knows only those that it uses itself. */
export function hideSecrets({ definition }: CheckedProfile, stored: Partial<SecretRecord> | undefined): void {
  const { key, iv, clientSecret, credentials = {}, proxyCredentials, clientCertificatePassphrase } = stored ?? {};
  const secret = definition.credentials.flatMap((field) =>
    field.secret === true ? credentials[field.name] : undefined,
  );
  hide([key, iv, clientSecret, proxyCredentials?.password, clientCertificatePassphrase, ...secret]);
}

/** Shows the exchanges of a session, if the user has asked for them. */
export function watch(session: PartnerSession): void {
  if (isVerbose()) session.on('exchange', debugExchange);
}

/** Reports what is wrong in the files, without which the rest of them works. */
export function reportProblems(problems: readonly ProfileProblem[], paths: FileProfiles['paths']): void {
  for (const problem of problems) note(problemText(problem, paths));
}
