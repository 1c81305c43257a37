import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { runCommand } from './run-command.ts';

/** Deletes the tokens of one profile, and revokes them if the partner supports it. Keeps the key and the login fields. */
export async function signOut(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'signOut', async () => {
    await deleteTokens(app, profile);
    app.ui.showStatusMessage(app.t('Signed out of {0}.', profile.label));
  });
}

export async function signOutAll(app: App): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const signedIn = profiles.list().filter((profile) => sessions.status(profile).phase !== 'signedOut');
  const confirm = t('Sign Out');
  if (signedIn.length > 1 && (await ui.ask(t('Sign out of all {0} profiles?', signedIn.length), confirm)) !== confirm)
    return;
  let isComplete = true;
  for (const profile of signedIn) {
    isComplete = (await runCommand(app, profile, 'signOut', () => deleteTokens(app, profile))) && isComplete;
  }
  if (isComplete) ui.showStatusMessage(t('Signed out of all profiles.'));
}

/** Removes a profile from the settings, together with everything stored for it. */
export async function removeProfile(app: App, profile: CheckedProfile): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const confirm = t('Remove');
  const question = t('Remove {0} and its tokens, key and credentials?', profile.label);
  if ((await ui.ask(question, confirm)) !== confirm) return;
  await runCommand(app, profile, 'removeProfile', async () => {
    await deleteTokens(app, profile);
    app.drafts.delete(profile.id);
    await (await sessions.store(profile)).forget();
    await profiles.remove(profile.id);
  });
}

/** Signs out, and revokes the tokens if the partner supports it. */
export async function deleteTokens({ sessions, now }: App, profile: CheckedProfile): Promise<void> {
  const session = await sessions.open(profile).catch(() => undefined);
  if (session !== undefined) {
    await session.signOut();
    return;
  }
  // Without its key the session cannot notify the partner, but signing out must still work.
  const store = await sessions.store(profile);
  await store.lock(() => store.write({ version: 1, signedOutAt: now() }));
}
