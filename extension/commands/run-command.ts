import { isPartnerAuthError, type PartnerDefinition } from '../../core/index.ts';
import { logText, plainLine, type CheckedProfile, type Profile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import type { CommandName } from '../model/ids.ts';
import { explainError } from '../model/messages.ts';
import type { Translate } from '../model/translate.ts';

/** The profile with this id, or undefined if there is none; without an id, the active profile. */
export function resolveProfile({ profiles }: App, id: unknown): CheckedProfile | undefined {
  return id === undefined ? profiles.active() : profiles.list().find((profile) => profile.id === id);
}

/**
 * Runs a command for the profile that its argument names, or for the active one without an argument. With any other argument,
 * as a keybinding or another extension could pass it, says so and runs nothing.
 *
 * @param whenNone runs if there is no profile at all.
 */
export async function forProfile(
  app: App,
  id: unknown,
  run: (app: App, profile: CheckedProfile) => Promise<unknown>,
  whenNone: (app: App) => Promise<unknown>,
): Promise<void> {
  const profile = resolveProfile(app, id);
  if (profile !== undefined) await run(app, profile);
  else if (id === undefined) await whenNone(app);
  else await app.ui.ask(unknownProfileMessage(id, app.t));
}

function unknownProfileMessage(id: unknown, t: Translate): string {
  if (typeof id === 'string' && id !== '') return t('There is no profile "{0}".', plainLine(id, 80));
  return t('The argument of this command must be the id of a profile. Correct "args" in your keybindings, or omit it.');
}

/**
 * Runs the work of `command`, and logs and shows its error in the user's language. Resolves true on success and false on
 * failure; never rejects.
 */
export async function runCommand(
  app: App,
  { label, id }: Pick<Profile, 'label'> & Partial<Pick<Profile, 'id'>>,
  command: CommandName,
  work: () => Promise<void>,
): Promise<boolean> {
  const wasRefused = isRefused(app, id);
  try {
    await work();
    return true;
  } catch (error) {
    if (isPartnerAuthError(error) && (error.code === 'aborted' || error.code === 'closed')) return false;
    app.log.error(`${label}: ${logMessage(error)}`);
    // With a status the partner has been asked, which a refresh does at most once a second.
    const again = wasRefused && isPartnerAuthError(error) && error.status !== undefined ? 'again' : 'once';
    const refused = isRefused(app, id) ? again : undefined;
    const explanation = explainError(error, label, app.t, command, refused);
    if (explanation.requiresUser && prompting.has(command)) await app.ui.report(explanation, id);
    // As the message about the end of a session, which VS Code then shows only once.
    else await app.ui.notify(explanation, refused === undefined ? 'error' : 'warning', id);
    return false;
  }
}

/** The commands that prompt: their user waits for an outcome, and must not miss that there is something to do. */
const prompting: ReadonlySet<CommandName> = new Set([
  'addProfile',
  'editProfile',
  'signIn',
  'signInWithRefreshToken',
  'removeProfile',
  'forgetEverything',
]);

/** Whether the partner may be asked once more with the refresh token that it has refused. */
function isRefused({ profiles, sessions }: App, id: string | undefined): boolean {
  const profile = profiles.list().find((candidate) => candidate.id === id);
  return profile !== undefined && sessions.status(profile).refused === true;
}

/** The ids that a new profile must not get, because it would take over an entry of the settings, or stored secrets. */
export async function takenIds({ profiles, stored }: App): Promise<readonly string[]> {
  return [...profiles.ids(), ...(await stored.ids())];
}

/**
 * Saves the profile in the user's settings, after the definition of its partner if that is a new one. Resolves undefined,
 * after showing an error, if they cannot be written.
 */
export async function saveProfile(
  app: App,
  profile: Profile,
  definition?: PartnerDefinition,
): Promise<CheckedProfile | undefined> {
  const { t, ui, log, profiles } = app;
  const write = async (): Promise<void> => {
    if (definition !== undefined) await profiles.addPartner(definition);
    await profiles.save(profile);
  };
  const isWritten = await write().then(
    () => true,
    (error: unknown) => {
      log.error(logMessage(error));
      return false;
    },
  );
  const saved = isWritten ? profiles.list().find(({ id }) => id === profile.id) : undefined;
  if (saved === undefined) {
    const message = t(
      'The profile {0} could not be saved to your settings. Fix or save the settings file, then try again.',
      profile.label,
    );
    await ui.report({
      message,
      requiresUser: true,
      actions: [{ title: t('Open Settings'), command: 'openSettings' }],
    });
  }
  return saved;
}

/** Of an unexpected error only the name and the stack frames, because its message may quote a secret. */
function logMessage(error: unknown): string {
  if (isPartnerAuthError(error)) return logText(error);
  if (!(error instanceof Error)) return 'unexpected error';
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return [error.name, ...frames].join('\n');
}
