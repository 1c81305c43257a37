import { checkConnection } from '../../core/index.ts';
import { connectionOf, networkSecretsOf, type CheckedProfile, type SecretRecord } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { editableFields, editedProfile, editSteps } from '../model/edit-steps.ts';
import type { Probe } from '../model/connection-steps.ts';
import { runWizard } from '../model/wizard.ts';
import { runCommand, saveProfile } from './run-command.ts';
import { deleteTokens, reportRemainders } from './sign-out.ts';

/** Changes one field of a profile. Everything else is kept, the secrets too. */
export async function editProfile(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'editProfile', async () => {
    const { t, ui, sessions } = app;
    const secrets: Partial<SecretRecord> = (await (await sessions.store(profile)).secrets()) ?? {};
    const title = t('Edit {0}', profile.label);
    const field = await ui.pick(title, editableFields(profile, secrets, t));
    if (field === undefined) return;
    const probe: Probe = (connection, signal) => sessions.probe(connection, signal, profile);
    const answers = await runWizard(title, (given) => editSteps(field, profile, secrets, given, t, probe), ui.showStep);
    if (answers === undefined) return;
    const edited = editedProfile(field, profile, answers);
    const origin = checkConnection(connectionOf({ ...edited.profile, source: profile.source })).origin;
    const isMoved = origin !== profile.origin;
    const carried = isMoved ? await confirmMove(app, profile, origin, secrets) : {};
    if (carried === undefined) return;

    const saved = await saveProfile(app, edited.profile);
    if (saved === undefined) return;
    const changes = { ...networkSecretsOf(secrets), ...carried, ...edited.secrets };
    const store = await sessions.store(saved);
    // What was entered for the other server must not stay behind.
    if (isMoved) await store.forget();
    if (Object.keys(changes).length > 0) await store.update((record) => ({ ...record, ...changes }));
    // The next call opens the session with what is stored now.
    await sessions.release(saved);
    ui.showStatusMessage(t('The profile {0} was changed.', saved.label));
  });
}

/**
 * Signs out of the server that the profile leaves. Resolves the secrets to use for the other one, which the user decides, and
 * undefined if the profile is to stay.
 */
async function confirmMove(
  app: App,
  profile: CheckedProfile,
  origin: string,
  { key, iv, clientSecret, credentials }: Partial<SecretRecord>,
): Promise<Partial<Pick<SecretRecord, 'key' | 'iv' | 'clientSecret' | 'credentials'>> | undefined> {
  const { t, ui, sessions } = app;
  const carried = {
    ...(key !== undefined && { key }),
    ...(iv !== undefined && { iv }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(credentials !== undefined && { credentials }),
  };
  const isSignedIn = sessions.status(profile).phase !== 'signedOut';
  if (Object.keys(carried).length === 0 && !isSignedIn) return carried;
  const [use, enterAgain] = [t('Use Them'), t('Enter Them Again')];
  const chosen = await ui.confirm(
    t('Use the key and the login fields of {0} for {1} too?', profile.label, origin),
    t(
      '{0} moves from {1} to {2} and is signed out. Its key and login fields were entered for {1}.',
      profile.label,
      profile.origin,
      origin,
    ),
    use,
    enterAgain,
  );
  if (chosen !== use && chosen !== enterAgain) return undefined;
  if (isSignedIn) reportRemainders(app, [await deleteTokens(app, profile)]);
  return chosen === use ? carried : {};
}
