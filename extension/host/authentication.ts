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
import { explain } from '../model/messages.ts';

/**
 * Each profile as an account of VS Code. Other extensions ask with `getSession('partner-auth', [profileId])` and get a token
 * after the user has allowed it.
 */
export function registerAuthentication(app: App, label: string): Disposable {
  const { sessions, profiles } = app;
  const changed = new EventEmitter<AuthenticationProviderAuthenticationSessionsChangeEvent>();
  const known = new Map<string, { readonly session: AuthenticationSession; readonly issuedAt: number | undefined }>();

  const announced = sessions.onDidChange((profileId) => {
    const profile = profiles.list().find(({ id }) => id === profileId);
    const before = known.get(profileId);
    const status = profile && sessions.status(profile);
    if (profile === undefined || status === undefined || status.phase === 'signedOut') {
      if (before === undefined) return;
      known.delete(profileId);
      changed.fire({ added: [], removed: [before.session], changed: [] });
    } else if (before?.issuedAt !== status.issuedAt) {
      const session = described(profile, '');
      known.set(profileId, { session, issuedAt: status.issuedAt });
      changed.fire(
        before === undefined
          ? { added: [session], removed: [], changed: [] }
          : { added: [], removed: [], changed: [session] },
      );
    }
  });

  function described(
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
      const wanted = profiles.list().filter((profile) => {
        if (sessions.status(profile).phase === 'signedOut') return false;
        if (account !== undefined && account.id !== profile.id) return false;
        return scopes === undefined || scopes.length === 0 || (scopes.length === 1 && scopes[0] === profile.id);
      });
      // VS Code itself asks without scopes, at every start, for its list of accounts: no reason to decrypt a token.
      if (scopes === undefined) return wanted.map((profile) => described(profile, ''));
      const results = await Promise.all(wanted.map((profile) => live(profile)));
      return results.filter((session) => session !== undefined);
    },
    async createSession(scopes) {
      const profile =
        profiles.list().find(({ id }) => id === scopes[0]) ?? (scopes.length === 0 ? profiles.active() : undefined);
      if (profile === undefined)
        throw new Error(app.t('There is no profile "{0}". Ask for one that exists.', scopes[0] ?? ''));
      const { phase } = sessions.status(profile);
      if ((phase === 'signedOut' || phase === 'ended') && !(await signIn(app, profile)))
        throw new Error(app.t('The sign-in was cancelled.'));
      try {
        return described(profile, await token(profile));
      } catch (error) {
        throw new Error(explain(error, profile.label, app.t).message, { cause: error });
      }
    },
    async removeSession(sessionId) {
      const profile = profiles.list().find(({ id }) => id === sessionId);
      if (profile !== undefined) await signOut(app, profile);
    },
  };

  async function live(profile: CheckedProfile): Promise<AuthenticationSession | undefined> {
    try {
      return described(profile, await token(profile));
    } catch (error) {
      app.log.warn(
        `${profile.label}: no token for another extension: ${isPartnerAuthError(error) ? error.message : 'unexpected error'}`,
      );
      return undefined;
    }
  }

  async function token(profile: CheckedProfile): Promise<string> {
    return (await sessions.open(profile)).accessToken({ minValidity: 60 });
  }

  const registration = authentication.registerAuthenticationProvider(authenticationProvider, label, provider, {
    supportsMultipleAccounts: true,
  });
  return {
    dispose() {
      registration.dispose();
      announced();
      changed.dispose();
    },
  };
}
