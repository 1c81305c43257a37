import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { keyringCanary } from '../model/ids.ts';
import { runCommand } from './run-command.ts';
import { signOutAndReport } from './sign-out.ts';

/** Offers to forget what is stored for a profile that was removed from the settings by hand. */
export async function offerToForget(app: App, profile: CheckedProfile): Promise<void> {
  const { t, ui, profiles, sessions, stored } = app;
  await runCommand(app, profile, 'removeProfile', async () => {
    if (!(await stored.ids()).includes(profile.id)) return;
    const question = t(
      'The profile {0} ({1}) is no longer in your settings. Forget its session, key and password too?',
      profile.label,
      profile.id,
    );
    const forget = t('Forget');
    if ((await ui.ask(question, forget, t('Keep'))) !== forget) return;
    // It may have been added again meanwhile.
    if (profiles.list().some(({ id }) => id === profile.id)) return;
    await signOutAndReport(app, profile);
    await (await sessions.store(profile)).forget();
    await sessions.keepOnly(profiles.list());
    ui.showStatusMessage(t('What was stored for {0} was forgotten.', profile.label));
  });
}

/** Signs out of every profile, and deletes all secrets, including those of profiles that are no longer in the settings. */
export async function forgetEverything(app: App): Promise<void> {
  const { t, ui, profiles, sessions, stored } = app;
  const confirm = t('Forget Everything');
  const question = t(
    'Sign out of all profiles and forget every session, key and password, also of profiles that are no longer in your settings? The profiles themselves stay in your settings.',
  );
  if ((await ui.ask(question, confirm)) !== confirm) return;
  await runCommand(app, { label: t('Partner Auth') }, 'forgetEverything', async () => {
    const list = profiles.list();
    for (const profile of list) {
      // What cannot be signed out of is forgotten nevertheless.
      if (sessions.status(profile).phase !== 'signedOut')
        await runCommand(app, profile, 'signOut', () => signOutAndReport(app, profile));
    }
    await sessions.keepOnly([]);
    await stored.forgetAll({ listed: list.map(({ id }) => id), except: [keyringCanary] });
    await Promise.all(list.map((profile) => sessions.load(profile)));
    ui.showStatusMessage(t('Every session, key and password was forgotten.'));
  });
}
