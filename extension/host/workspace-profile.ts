import type { Logger } from '../../core/index.ts';
import { plainLine } from '../../core/profiles/index.ts';
import type { Disposable, Ui } from '../model/app.ts';
import type { Translate } from '../model/translate.ts';
import type { ProfileSettings } from './profile-settings.ts';

/** Asks once for each workspace whether it may select one of the user's profiles, and logs a selected one that does not exist. */
export function askForWorkspaceProfile(profiles: ProfileSettings, ui: Ui, log: Logger, t: Translate): Disposable {
  const asked = new Set<string>();
  const ask = async (): Promise<void> => {
    const profile = profiles.undecided();
    if (profile === undefined || asked.has(`${profile.id} ${profile.origin}`)) return;
    asked.add(`${profile.id} ${profile.origin}`);
    const use = t('Use Profile');
    const ignore = t('Do Not Use');
    const message = t(
      'The settings of this workspace select your profile {0} at {1}. Use it in this workspace?',
      profile.label,
      new URL(profile.baseUrl).host,
    );
    const chosen = await ui.ask(message, use, ignore);
    // A message that is merely closed is shown again in the next window.
    if (chosen === use || chosen === ignore) await profiles.decide(profile, chosen === use);
  };
  let reported: string | undefined;
  const reportMissing = (): void => {
    const missing = profiles.missing();
    if (missing === reported) return;
    reported = missing;
    if (missing !== undefined)
      log.warn(`The setting partnerAuth.profile is ignored: there is no profile "${plainLine(missing, 64)}".`);
  };
  const start = (): void => {
    reportMissing();
    void ask().catch(() => log.error('The profile of the workspace could not be decided.'));
  };
  start();
  return profiles.onDidChange(start);
}
