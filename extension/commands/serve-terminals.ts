import { isPartnerAuthError, PartnerAuthError } from '../../core/index.ts';
import type { BrokerHost } from '../../core/broker/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';

/**
 * What programs in the terminals of this window can use: the sessions of all profiles for calls, and an access token itself
 * after the user has allowed it once for the profile. The decision counts until the window closes.
 */
export function terminalHost(app: App): BrokerHost {
  const { t, log, profiles, sessions, ui } = app;
  const decisions = new Map<string, Promise<boolean>>();

  function find(id: string): CheckedProfile {
    const profile = profiles.list().find((candidate) => candidate.id === id);
    if (profile === undefined)
      throw new PartnerAuthError('configuration', `There is no profile "${id}" in VS Code.`, { setting: 'profile' });
    return profile;
  }

  /** Why its session cannot be used, which its status does not say. */
  async function problemOf(profile: CheckedProfile): Promise<PartnerAuthError | undefined> {
    try {
      await sessions.assertReadable(profile);
      return undefined;
    } catch (error) {
      if (!isPartnerAuthError(error)) throw error;
      return error;
    }
  }

  async function decide({ label }: CheckedProfile): Promise<boolean> {
    const allow = t('Allow');
    const chosen = await ui.confirm(
      t('Allow programs in the terminals of this window to read the access token of {0}?', label),
      t(
        '"partner-auth" was run in a terminal for the token itself. Who has it can call the partner until it expires. Calls with "partner-auth request", "exec" and "gateway" do not need this permission. It lasts until the window is closed.',
      ),
      allow,
    );
    return chosen === allow;
  }

  return {
    log,
    async profiles() {
      return Promise.all(
        profiles.list().map(async (profile) => {
          const { id, label, partner, baseUrl, definition } = profile;
          const problem = await problemOf(profile);
          const status = sessions.status(profile);
          return { id, label, partner, baseUrl, definition, status, ...(problem !== undefined && { problem }) };
        }),
      );
    },
    async session({ id, partner, baseUrl }) {
      const profile = find(id);
      // A gateway that was started for one server must not send its calls to another one.
      if (profile.partner !== partner || profile.baseUrl !== baseUrl)
        throw new PartnerAuthError(
          'configuration',
          `The profile ${id} was changed in VS Code. Start the program again.`,
          {
            setting: 'profile',
          },
        );
      await sessions.load(profile);
      if (sessions.status(profile).phase === 'signedOut')
        throw new PartnerAuthError('signedOut', `${id} is not signed in.`);
      return sessions.open(profile);
    },
    async allowToken(id) {
      const profile = find(id);
      // Another server or account is asked for again.
      const subject = JSON.stringify([id, profile.origin, sessions.status(profile).account]);
      const decision = decisions.get(subject) ?? decide(profile);
      decisions.set(subject, decision);
      // What could not be asked was not decided.
      return decision.catch((error: unknown) => {
        decisions.delete(subject);
        throw error;
      });
    },
  };
}
