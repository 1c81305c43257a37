import type { BorrowedSession, Editor, OfferedProfile } from '../broker/index.ts';
import { isPartnerAuthError, PartnerAuthError, type PartnerSession } from '../index.ts';
import type { CheckedProfile, ProfileProblem, SecretRecord } from '../profiles/index.ts';
import { openFileProfiles, problemText, type FileProfiles } from '../profiles/files/index.ts';
import type { Given } from './grammar/given.ts';
import { didYouMean } from './grammar/suggest.ts';
import { editorStatus, statusOf, type Status } from './status.ts';
import { debug, debugExchange, isVerbose } from './terminal/debug.ts';
import { fromEnvironment } from './terminal/environment.ts';
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

/** The profile that a verb is about: of the command line, or of the VS Code in whose terminal it runs. */
export type Selected =
  | { readonly of: 'commandLine'; readonly profile: CheckedProfile }
  | { readonly of: 'editor'; readonly profile: OfferedProfile; readonly editor: Editor };

/** The profile that the verb is about, by its argument NAME. VS Code counts only for what the command line does not have. */
export async function selectAny(files: FileProfiles, given: Given): Promise<Selected> {
  const name = given.argument('NAME');
  try {
    const profile = await files.select(name);
    given.profile = profile.id;
    return { of: 'commandLine', profile };
  } catch (error) {
    if (!isPartnerAuthError(error) || error.setting !== 'profile') throw error;
    const { ids } = await files.list();
    const wanted = name ?? fromEnvironment('PARTNER_AUTH_PROFILE');
    if (wanted === undefined ? ids.length > 0 : ids.includes(wanted)) throw error;
    const editor = await editorOfTerminal();
    const offered = editor?.profiles ?? [];
    const profile = wanted === undefined && offered.length === 1 ? offered[0] : offered.find(({ id }) => id === wanted);
    if (editor !== undefined && profile !== undefined) {
      given.profile = profile.id;
      given.isOfEditor = true;
      return { of: 'editor', profile, editor };
    }
    const known = offered.map(({ id }) => id);
    const others = known.length === 0 ? '' : ` Known in VS Code: ${known.join(', ')}.`;
    const hint = wanted === undefined ? '' : didYouMean(wanted, [...ids, ...known]);
    throw others + hint === '' ? error : configurationFailure(`${error.message}${others}${hint}`, 'profile');
  }
}

/** The VS Code in one of whose terminals this runs. */
export async function editorOfTerminal(): Promise<Editor | undefined> {
  const { findEditor } = await import('../broker/index.ts');
  return findEditor(process.env, ({ message }) => note(`The profiles of VS Code are missing here. ${message}`));
}

/** The profile of the command line that the verb is about, by its argument NAME. */
export async function selectProfile(files: FileProfiles, given: Given): Promise<CheckedProfile> {
  const selected = await selectAny(files, given);
  if (selected.of === 'commandLine') return selected.profile;
  given.isOfEditor = false;
  throw configurationFailure(
    `${selected.profile.id} is a profile of VS Code, where you sign in to it and edit it. The verbs for it here are status, token, request, exec, gateway and refresh.`,
    'profile',
  );
}

/** What a verb can do with a session. */
export type VerbSession = Pick<BorrowedSession, 'status' | 'accessToken' | 'refresh' | 'stream'>;

/** Opens the session of the profile that the verb is about. */
export async function withSession<T>(
  given: Given,
  work: (session: VerbSession, profile: OfferedProfile | CheckedProfile, known: () => Promise<Status>) => Promise<T>,
): Promise<T> {
  return withProfiles(async (files) => {
    const selected = await selectAny(files, given);
    if (selected.of === 'editor') {
      if (selected.profile.problem !== undefined) throw selected.profile.problem;
      debug(
        `VS Code makes the calls of ${selected.profile.id}. Its logins and refreshes are shown there: Partner Auth: Explain Last Exchange.`,
      );
      const session = selected.editor.session(selected.profile);
      const known = (): Status => editorStatus({ ...selected.profile, status: { storage: 'kept', ...session.status } });
      return work(session, selected.profile, async () => Promise.resolve(known()));
    }
    const { profile } = selected;
    const pool = await files.pool();
    const stored = await (await pool.store(profile)).secrets();
    hideSecrets(profile, stored);
    // Without a key, no session can be opened.
    if (profile.cipher !== undefined && stored?.key === undefined)
      throw new PartnerAuthError('signedOut', `${profile.id} is not signed in.`);
    const session = await pool.open(profile);
    watch(session);
    return work(session, profile, () => statusOf(files, profile));
  });
}

/**
 * Reports that a sign-in is needed before something is started that would only fail.
 *
 * @throws PartnerAuthError `signedOut` or `sessionEnded`.
 */
export function assertSignedIn({ status }: VerbSession, id: string): void {
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
