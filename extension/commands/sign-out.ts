import { isPartnerAuthError } from '../../core/index.ts';
import { logText, type CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { isUnconfirmed, remainderMessage, type Remainder } from '../model/sign-out-messages.ts';
import { runCommand } from './run-command.ts';

/** Deletes the tokens of one profile, and revokes them if the partner supports it. Keeps the key and the login fields. */
export async function signOut(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'signOut', async () => {
    const remainder = await deleteTokens(app, profile);
    if (remainder === undefined || !isUnconfirmed(remainder))
      app.ui.showStatusMessage(app.t('Signed out of {0}.', profile.label));
    reportRemainders(app, [remainder]);
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
  const confirmed = t('Sign Out');
  if (signedIn.length > 1 && (await ui.confirm(question, detail, confirmed)) !== confirmed) return;
  const { remainders, isComplete } = await deleteTokensOf(app, signedIn);
  if (isComplete && !remainders.some(isUnconfirmed)) ui.showStatusMessage(t('Signed out of all profiles.'));
  reportRemainders(app, remainders);
}

/** Removes a profile from the settings, together with everything stored for it. */
export async function removeProfile(app: App, profile: CheckedProfile): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const question = t('Remove the profile {0}?', profile.label);
  const detail = t('Its tokens, its key and its stored login fields are deleted. This cannot be undone.');
  await runCommand(app, profile, 'removeProfile', async () => {
    const confirmed = t('Remove');
    if ((await ui.confirm(question, detail, confirmed)) !== confirmed) return;
    const remainder = await deleteTokens(app, profile);
    app.drafts.delete(profile.id);
    await (await sessions.store(profile)).forget();
    await profiles.remove(profile.id);
    reportRemainders(app, [remainder]);
  });
}

/** Signs out of the profiles one after the other. One that fails shows its error and does not keep the others. */
export async function deleteTokensOf(
  app: App,
  profiles: readonly CheckedProfile[],
): Promise<{ readonly remainders: readonly Remainder[]; readonly isComplete: boolean }> {
  const remainders: Remainder[] = [];
  let isComplete = true;
  for (const profile of profiles) {
    const isDone = await runCommand(app, profile, 'signOut', async () => {
      const remainder = await deleteTokens(app, profile);
      if (remainder !== undefined) remainders.push(remainder);
    });
    isComplete &&= isDone;
  }
  return { remainders, isComplete };
}

/**
 * Shows what the partners may still accept, until when, and how to change that. Does not wait for the user, so that a sign-out
 * from the Accounts menu or another extension is complete before the message is closed.
 */
export function reportRemainders(app: App, given: readonly (Remainder | undefined)[]): void {
  const remainders = given.filter((remainder) => remainder !== undefined);
  const [first, ...others] = remainders;
  if (first === undefined) return;
  const message = remainderMessage(remainders, app, () => retrySignOut(app, remainders));
  const severity = remainders.some(isUnconfirmed) ? 'warning' : 'info';
  const { label } = first.profile;
  void runCommand(app, { label }, 'signOut', () =>
    app.ui.notify(message, severity, others.length === 0 ? first.profile.id : undefined),
  );
}

async function retrySignOut(app: App, all: readonly Remainder[]): Promise<void> {
  const { t, ui } = app;
  const remainders = all.filter(({ retry }) => retry !== undefined);
  const labels = remainders.map(({ profile }) => profile.label).join(', ');
  const left = await ui.withProgress(t('Signing out of {0}', labels), () => Promise.all(remainders.map(retried)));
  const unconfirmed = left.filter((remainder) => remainder !== undefined);
  if (unconfirmed.length === 0) ui.showStatusMessage(t('{0} has revoked the refresh token.', labels));
  reportRemainders(app, unconfirmed);
}

/** What is left after the partner was called again. */
async function retried({ profile, retry }: Remainder): Promise<Remainder | undefined> {
  const result = await retry?.();
  if (result === undefined || result.revoked) return undefined;
  return { profile, error: result.error, refreshExpiresAt: result.refreshExpiresAt, retry: result.retry };
}

/** Signs out, and revokes the tokens if the partner supports it. Resolves what is left at the partner, if anything. */
export async function deleteTokens(app: App, profile: CheckedProfile): Promise<Remainder | undefined> {
  const { sessions, now, log } = app;
  const { phase, refused, refreshExpiresAt } = sessions.status(profile);
  const hasTokens = phase !== 'signedOut' && (phase !== 'ended' || refused === true);
  const remainder = { profile, error: undefined, refreshExpiresAt, retry: undefined };
  let openError: unknown;
  const session = await sessions.open(profile).catch((error: unknown) => void (openError = error));
  if (session !== undefined) {
    const { revoked, error, retry } = await session.signOut();
    if (revoked || !hasTokens) return undefined;
    if (error !== undefined) return { ...remainder, error, retry };
    return profile.definition.logout === undefined ? remainder : undefined;
  }
  // Without its key the session cannot notify the partner, but signing out must still work.
  const store = await sessions.store(profile);
  await store.lock(() => store.write({ version: 1, signedOutAt: now() }));
  if (!hasTokens) return undefined;
  if (profile.definition.logout === undefined) return remainder;
  log.warn(
    `${profile.label}: signed out without the partner: ${isPartnerAuthError(openError) ? logText(openError) : ''}`,
  );
  return { ...remainder, error: openError ?? new Error('not opened') };
}
