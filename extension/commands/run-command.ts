import { isPartnerAuthError } from '../../core/index.ts';
import type { CheckedProfile, Profile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import type { CommandName } from '../model/ids.ts';
import { explain } from '../model/messages.ts';

/** The profile a command is about: the one it was given by id, which must exist, else the active one. */
export function chosenProfile({ profiles }: App, id: unknown): CheckedProfile | undefined {
  return typeof id === 'string' ? profiles.list().find((profile) => profile.id === id) : profiles.active();
}

/**
 * Runs the work of `command` and tells the user what went wrong, in words of their own language. Resolves whether all went
 * well; never rejects.
 */
export async function runCommand(
  app: App,
  { label, id }: Pick<Profile, 'label'> & Partial<Pick<Profile, 'id'>>,
  command: CommandName,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isPartnerAuthError(error) && (error.code === 'aborted' || error.code === 'closed')) return false;
    app.log.error(`${label}: ${describe(error)}`);
    await app.ui.explain(explain(error, label, app.t, command), 'error', id);
    return false;
  }
}

/** The profile as saved in the user's settings; undefined after the user was told that they can not be written. */
export async function saveProfile(app: App, profile: Profile): Promise<CheckedProfile | undefined> {
  const { t, ui, log, profiles } = app;
  const written = await profiles.save(profile).then(
    () => true,
    (error: unknown) => {
      log.error(describe(error));
      return false;
    },
  );
  const found = written ? profiles.list().find(({ id }) => id === profile.id) : undefined;
  if (found === undefined) {
    const message = t(
      'The profile {0} could not be written to your settings. Fix or save the file first.',
      profile.label,
    );
    await ui.explain(
      { message, mustAct: true, actions: [{ title: t('Open Settings'), run: 'openSettings' }] },
      'error',
    );
  }
  return found;
}

/** Of an error that nobody foresaw only its name and where it came from: its message may quote anything. */
function describe(error: unknown): string {
  if (isPartnerAuthError(error)) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'unexpected error';
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return [error.name, ...frames].join('\n');
}
