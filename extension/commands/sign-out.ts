import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { runCommand } from './run-command.ts';

/** Forgets the tokens of one profile, and revokes them where the partner has a call for it. Key and login fields stay. */
export async function signOut(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'signOut', async () => {
    await forgetTokens(app, profile);
    app.ui.brief(app.t('Signed out of {0}.', profile.label));
  });
}

export async function signOutAll(app: App): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const signedIn = profiles.list().filter((profile) => sessions.status(profile).phase !== 'signedOut');
  const confirm = t('Sign Out');
  if (signedIn.length > 1 && (await ui.ask(t('Sign out of all {0} profiles?', signedIn.length), confirm)) !== confirm)
    return;
  let all = true;
  for (const profile of signedIn) {
    all = (await runCommand(app, profile, 'signOut', () => forgetTokens(app, profile))) && all;
  }
  if (all) ui.brief(t('Signed out of all profiles.'));
}

/** Removes a profile from the settings together with everything stored for it. */
export async function removeProfile(app: App, profile: CheckedProfile): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const confirm = t('Remove');
  const question = t('Remove {0} with its tokens, key and login fields?', profile.label);
  if ((await ui.ask(question, confirm)) !== confirm) return;
  await runCommand(app, profile, 'removeProfile', async () => {
    await forgetTokens(app, profile);
    await (await sessions.store(profile)).forget();
    await profiles.remove(profile.id);
  });
}

async function forgetTokens({ sessions, now }: App, profile: CheckedProfile): Promise<void> {
  const session = await sessions.open(profile).catch(() => undefined);
  if (session !== undefined) {
    await session.signOut();
    return;
  }
  // Without its key the session can not tell the partner, but signing out must work all the same.
  const store = await sessions.store(profile);
  await store.lock(() => store.write({ version: 1, signedOutAt: now() }));
}
