import { isPartnerAuthError, type SignOutResult } from '../../core/index.ts';
import { logText, type CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { unrevokedMessage } from '../model/messages.ts';
import { runCommand } from './run-command.ts';

/** Deletes the tokens of one profile, and revokes them if the partner supports it. Keeps the key and the login fields. */
export async function signOut(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'signOut', async () => {
    const result = await deleteTokens(app, profile);
    if (isRevoked(profile, result)) app.ui.showStatusMessage(app.t('Signed out of {0}.', profile.label));
    else await reportUnrevoked(app, profile, result);
  });
}

export async function signOutAll(app: App): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const signedIn = profiles.list().filter((profile) => sessions.status(profile).phase !== 'signedOut');
  if (signedIn.length === 0) {
    ui.showStatusMessage(t('You are not signed in to any profile.'));
    return;
  }
  const question = t('Sign out of all {0} profiles?', signedIn.length);
  const detail = t('Their tokens are deleted. Keys and stored login fields are kept.');
  if (signedIn.length > 1 && !(await ui.confirm(question, detail, t('Sign Out')))) return;
  let isComplete = true;
  const reports: Promise<void>[] = [];
  for (const profile of signedIn) {
    isComplete =
      (await runCommand(app, profile, 'signOut', async () => {
        const result = await deleteTokens(app, profile);
        // Not awaited: the next profile must not wait for the user.
        if (!isRevoked(profile, result)) reports.push(reportUnrevoked(app, profile, result));
      })) && isComplete;
  }
  if (isComplete && reports.length === 0) ui.showStatusMessage(t('Signed out of all profiles.'));
  await Promise.all(reports);
}

/** Removes a profile from the settings, together with everything stored for it. */
export async function removeProfile(app: App, profile: CheckedProfile): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const question = t('Remove the profile {0}?', profile.label);
  const detail = t('Its tokens, its key and its stored login fields are deleted. This cannot be undone.');
  await runCommand(app, profile, 'removeProfile', async () => {
    if (!(await ui.confirm(question, detail, t('Remove')))) return;
    const result = await deleteTokens(app, profile);
    app.drafts.delete(profile.id);
    await (await sessions.store(profile)).forget();
    await profiles.remove(profile.id);
    if (!isRevoked(profile, result)) await reportUnrevoked(app, profile, result);
  });
}

/** Whether nothing is left that the partner could revoke. */
function isRevoked({ definition }: CheckedProfile, { revoked, error }: SignOutOutcome): boolean {
  return revoked || error === undefined || definition.logout === undefined;
}

type SignOutOutcome = Omit<SignOutResult, 'error'> & { readonly error?: unknown };

/** Shows that the partner may still accept the refresh token, until when, and how to change that. */
async function reportUnrevoked(app: App, profile: CheckedProfile, result: SignOutOutcome): Promise<void> {
  const { retry } = result;
  const tryAgain = retry && (async () => retrySignOut(app, profile, retry));
  await app.ui.notify(unrevokedMessage(profile.label, result, app, tryAgain), 'warning', profile.id);
}

async function retrySignOut(app: App, profile: CheckedProfile, retry: () => Promise<SignOutResult>): Promise<void> {
  const { t, ui } = app;
  const result = await ui.withProgress(t('Signing out of {0}', profile.label), retry);
  if (result.revoked) ui.showStatusMessage(t('{0} has revoked the refresh token.', profile.label));
  else await reportUnrevoked(app, profile, result);
}

/** Signs out, and revokes the tokens if the partner supports it. Shows, without waiting for the user, if it does not. */
export async function signOutAndReport(app: App, profile: CheckedProfile): Promise<void> {
  const result = await deleteTokens(app, profile);
  if (!isRevoked(profile, result)) void reportUnrevoked(app, profile, result);
}

async function deleteTokens({ sessions, now, log }: App, profile: CheckedProfile): Promise<SignOutOutcome> {
  const { phase, refreshExpiresAt } = sessions.status(profile);
  let openError: unknown;
  const session = await sessions.open(profile).catch((error: unknown) => void (openError = error));
  if (session !== undefined) return session.signOut();
  // Without its key the session cannot notify the partner, but signing out must still work.
  const store = await sessions.store(profile);
  await store.lock(() => store.write({ version: 1, signedOutAt: now() }));
  if (phase === 'signedOut' || phase === 'ended') return { revoked: false };
  log.warn(
    `${profile.label}: signed out without the partner: ${isPartnerAuthError(openError) ? logText(openError) : ''}`,
  );
  return { revoked: false, error: openError, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}
