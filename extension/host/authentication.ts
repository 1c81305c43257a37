import {
  authentication,
  EventEmitter,
  type AuthenticationProvider,
  type AuthenticationProviderAuthenticationSessionsChangeEvent,
  type AuthenticationSession,
} from 'vscode';
import { isPartnerAuthError } from '../../core/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import { signIn } from '../commands/sign-in.ts';
import { signOut } from '../commands/sign-out.ts';
import type { App, Disposable } from '../model/app.ts';
import { authenticationProvider } from '../model/ids.ts';
import { explainError } from '../model/messages.ts';

/**
 * Registers an authentication provider with one account per profile. Other extensions call
 * `getSession('partner-auth', [profileId])` and get a token after the user has allowed it.
 */
export function registerAuthentication(app: App, label: string): Disposable {
  const { sessions, profiles } = app;
  const changed = new EventEmitter<AuthenticationProviderAuthenticationSessionsChangeEvent>();
  const published = new Map<
    string,
    { readonly session: AuthenticationSession; readonly issuedAt: number | undefined }
  >();

  const unsubscribe = sessions.onDidChange((profileId) => {
    const profile = profiles.list().find(({ id }) => id === profileId);
    const before = published.get(profileId);
    const status = profile && sessions.status(profile);
    if (profile === undefined || status === undefined || status.phase === 'signedOut') {
      if (before === undefined) return;
      published.delete(profileId);
      changed.fire({ added: [], removed: [before.session], changed: [] });
    } else if (before?.issuedAt !== status.issuedAt) {
      const session = toSession(profile, '');
      published.set(profileId, { session, issuedAt: status.issuedAt });
      changed.fire(
        before === undefined
          ? { added: [session], removed: [], changed: [] }
          : { added: [], removed: [], changed: [session] },
      );
    }
  });

  function toSession(
    profile: CheckedProfile,
    accessToken: string,
    scopes: readonly string[] = [profile.id],
  ): AuthenticationSession {
    const { account } = sessions.status(profile);
    return {
      id: profile.id,
      accessToken,
      account: { id: profile.id, label: account === undefined ? profile.label : `${account} (${profile.label})` },
      scopes,
    };
  }

  const provider: AuthenticationProvider = {
    onDidChangeSessions: changed.event,
    async getSessions(scopes, { account }) {
      const matching = profiles.list().filter((profile) => {
        if (sessions.status(profile).phase === 'signedOut') return false;
        if (account !== undefined && account.id !== profile.id) return false;
        return scopes === undefined || scopes.length === 0 || (scopes.length === 1 && scopes[0] === profile.id);
      });
      // VS Code calls this without scopes at every start to list the accounts, which requires no token.
      if (scopes === undefined) return matching.map((profile) => toSession(profile, ''));
      const results = await Promise.all(matching.map((profile) => sessionWithToken(profile)));
      return results.filter((session) => session !== undefined);
    },
    async createSession(scopes) {
      const profile =
        profiles.list().find(({ id }) => id === scopes[0]) ?? (scopes.length === 0 ? profiles.active() : undefined);
      if (profile === undefined)
        throw new Error(app.t('There is no profile "{0}". Request one that exists.', scopes[0] ?? ''));
      const { phase } = sessions.status(profile);
      if ((phase === 'signedOut' || phase === 'ended') && !(await signIn(app, profile)))
        throw new Error(app.t('The sign-in was cancelled.'));
      try {
        return toSession(profile, await requestToken(profile));
      } catch (error) {
        throw new Error(explainError(error, profile.label, app.t).message, { cause: error });
      }
    },
    async removeSession(sessionId) {
      const profile = profiles.list().find(({ id }) => id === sessionId);
      if (profile !== undefined) await signOut(app, profile);
    },
  };

  async function sessionWithToken(profile: CheckedProfile): Promise<AuthenticationSession | undefined> {
    try {
      return toSession(profile, await requestToken(profile));
    } catch (error) {
      app.log.warn(
        `${profile.label}: no token could be issued to another extension: ${isPartnerAuthError(error) ? error.message : 'unexpected error'}`,
      );
      return undefined;
    }
  }

  async function requestToken(profile: CheckedProfile): Promise<string> {
    return (await sessions.open(profile)).accessToken({ minValidity: 60 });
  }

  const registration = authentication.registerAuthenticationProvider(authenticationProvider, label, provider, {
    supportsMultipleAccounts: true,
  });
  return {
    dispose() {
      registration.dispose();
      unsubscribe();
      changed.dispose();
    },
  };
}
