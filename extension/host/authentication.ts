import { authentication, EventEmitter, type AuthenticationProviderAuthenticationSessionsChangeEvent } from 'vscode';
import { sessionProvider } from '../commands/provide-sessions.ts';
import type { App, Disposable } from '../model/app.ts';
import { authenticationProvider } from '../model/ids.ts';
import type { ProfileSettings } from './profile-settings.ts';

/**
 * Registers an authentication provider with one account per profile. Other extensions call
 * `getSession('partner-auth', [profileId])` and get a token after the user has allowed it.
 */
export function registerAuthentication(app: App, profiles: ProfileSettings, label: string): Disposable {
  const changed = new EventEmitter<AuthenticationProviderAuthenticationSessionsChangeEvent>();
  const provider = sessionProvider(app, (changes) => changed.fire(changes));
  const listener = profiles.onDidChange(() => void provider.update());
  const registration = authentication.registerAuthenticationProvider(
    authenticationProvider,
    label,
    {
      onDidChangeSessions: changed.event,
      getSessions: (scopes, { account }) => provider.getSessions(scopes, account),
      createSession: (scopes, { account }) => provider.createSession(scopes, account),
      removeSession: (sessionId) => provider.removeSession(sessionId),
    },
    { supportsMultipleAccounts: true },
  );
  return {
    dispose() {
      registration.dispose();
      listener.dispose();
      provider.dispose();
      changed.dispose();
    },
  };
}
