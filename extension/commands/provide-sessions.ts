import { isPartnerAuthError } from '../../core/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import { accountOf, isAccountOf, requestedName, type Account } from '../model/account.ts';
import type { App } from '../model/app.ts';
import { explainError } from '../model/messages.ts';
import { signIn } from './sign-in.ts';
import { signOut } from './sign-out.ts';

/** Same shape as VS Code's `AuthenticationSession`, without importing it. */
export interface ProvidedSession {
  readonly id: string;
  readonly accessToken: string;
  readonly account: Account;
  readonly scopes: readonly string[];
}

export interface SessionChanges {
  readonly added: readonly ProvidedSession[];
  readonly removed: readonly ProvidedSession[];
  readonly changed: readonly ProvidedSession[];
}

/** Implements VS Code's `AuthenticationProvider`: one session for each profile that is signed in, with its id as scope. */
export interface SessionProvider {
  getSessions(scopes: readonly string[] | undefined, account?: Account): Promise<ProvidedSession[]>;
  createSession(scopes: readonly string[], account?: Account): Promise<ProvidedSession>;
  removeSession(sessionId: string): Promise<void>;
  /** Reads the profiles that have been added to the settings, and reports what has changed. */
  update(): Promise<void>;
  dispose(): void;
}

/** Seconds. The other extension must be able to use the token. */
const minValidity = 60;

/** `onChange` is called with each change after the sessions that exist at the start. */
export function sessionProvider(app: App, onChange: (changes: SessionChanges) => void): SessionProvider {
  const { sessions, profiles, t } = app;
  let published: ReadonlyMap<string, Published> | undefined;

  const isSignedIn = (profile: CheckedProfile): boolean => sessions.status(profile).phase !== 'signedOut';
  const accountNow = (profile: CheckedProfile): Account => accountOf(profile, sessions.status(profile).account);
  const sessionOf = (profile: CheckedProfile, accessToken: string, account: Account): ProvidedSession => ({
    id: `${account.id} ${account.label}`,
    accessToken,
    account,
    scopes: [profile.id],
  });
  const listed = (profile: CheckedProfile): ProvidedSession => sessionOf(profile, '', accountNow(profile));

  async function load(list: readonly CheckedProfile[]): Promise<void> {
    await Promise.allSettled(list.map((profile) => sessions.load(profile)));
  }

  function publish(): void {
    const current = new Map(
      profiles
        .list()
        .filter(isSignedIn)
        .map((profile) => {
          const session = listed(profile);
          return [session.id, { session, issuedAt: sessions.status(profile).issuedAt }];
        }),
    );
    const before = published;
    published = current;
    if (before === undefined) return;
    const changes = changesBetween(before, current);
    if (Object.values(changes).some((list: readonly unknown[]) => list.length > 0)) onChange(changes);
  }

  const unsubscribe = sessions.onDidChange(() => {
    if (published !== undefined) publish();
  });
  const update = async (): Promise<void> => {
    await load(profiles.list());
    publish();
  };
  const seeded = update();

  /** The session with its token. Undefined if only a sign-in helps, or if another account is signed in than requested. */
  async function withToken(profile: CheckedProfile, requested?: Account): Promise<ProvidedSession | undefined> {
    for (;;) {
      const account = accountNow(profile);
      if (!isSignedIn(profile) || (requested !== undefined && requested.label !== account.label)) return undefined;
      let token: string;
      try {
        token = await requestToken(profile);
      } catch (error) {
        const explanation = explainError(error, profile.label, t);
        const reason = isPartnerAuthError(error) ? error.message : 'unexpected error';
        app.log.warn(`${profile.label}: no token could be issued to another extension: ${reason}`);
        if (explanation.actions.some(({ command }) => command === 'signIn')) return undefined;
        throw new Error(explanation.message, { cause: error });
      }
      // Another account may have signed in meanwhile, and the token may be of either.
      if (accountNow(profile).label === account.label) return sessionOf(profile, token, account);
    }
  }

  async function requestToken(profile: CheckedProfile): Promise<string> {
    const session = await sessions.open(profile);
    // A token that is about to expire is better than none, such as when the partner is unreachable.
    return session.accessToken({ minValidity }).catch((error: unknown) => {
      if (isPartnerAuthError(error) && error.retryable) return session.accessToken();
      throw error;
    });
  }

  return {
    async getSessions(scopes, account) {
      await seeded;
      const requested = profiles.list().filter(({ id }) => isRequested(id, scopes));
      await load(requested);
      // VS Code calls this without scopes at every start to list the accounts, which requires no token.
      if (scopes === undefined) {
        const list = requested.filter(isSignedIn).map(listed);
        return list.filter((session) => account === undefined || session.account.label === account.label);
      }
      const results = await Promise.allSettled(requested.map((profile) => withToken(profile, account)));
      const found = results.flatMap((result) =>
        result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
      );
      // An empty list would mean signed out, although the partner may only be unreachable.
      const failure = results.find((result) => result.status === 'rejected');
      if (found.length === 0 && failure !== undefined) throw failure.reason;
      return found;
    },

    async createSession(scopes, account) {
      const { profile, name } = resolve(scopes, account);
      // VS Code calls this only if there is no session, or to replace it: `forceNewSession`.
      if (!(await signIn(app, profile, name)))
        throw new Error(t('The sign-in to {0} was cancelled or failed.', profile.label));
      const session = await withToken(profile);
      if (session === undefined) throw new Error(t('You are not signed in to {0}.', profile.label));
      return session;
    },

    async removeSession(sessionId) {
      await seeded;
      const profile = profiles.list().find((candidate) => isSignedIn(candidate) && listed(candidate).id === sessionId);
      if (profile === undefined) {
        // Already removed, such as by another window.
        await update();
        return;
      }
      await signOut(app, profile);
      if (isSignedIn(profile)) throw new Error(t('The sign-out of {0} failed.', profile.label));
    },

    update,
    dispose: unsubscribe,
  };

  /** The profile to sign in to, and the name of the requested account. */
  function resolve(
    scopes: readonly string[],
    account: Account | undefined,
  ): { readonly profile: CheckedProfile; readonly name: string | undefined } {
    const list = profiles.list().filter(({ id }) => isRequested(id, scopes));
    const active = profiles.active();
    const owner = account && list.find((candidate) => isAccountOf(candidate, account));
    const profile = owner ?? list.find(({ id }) => id === active?.id) ?? list[0];
    if (profile === undefined)
      throw new Error(t('There is no profile "{0}". Request one that exists.', scopes.join(' ')));
    const name = account && requestedName(profile, account);
    if (account !== undefined && name === undefined)
      throw new Error(t('The account "{0}" is not an account of the requested profile.', account.label));
    return { profile, name };
  }
}

interface Published {
  readonly session: ProvidedSession;
  readonly issuedAt: number | undefined;
}

function changesBetween(before: ReadonlyMap<string, Published>, after: ReadonlyMap<string, Published>): SessionChanges {
  const sessionsOf = (map: ReadonlyMap<string, Published>, isIncluded: (id: string, entry: Published) => boolean) =>
    [...map].filter(([id, entry]) => isIncluded(id, entry)).map(([, { session }]) => session);
  return {
    added: sessionsOf(after, (id) => !before.has(id)),
    removed: sessionsOf(before, (id) => !after.has(id)),
    changed: sessionsOf(after, (id, { issuedAt }) => before.has(id) && before.get(id)?.issuedAt !== issuedAt),
  };
}

function isRequested(profileId: string, scopes: readonly string[] | undefined): boolean {
  return scopes === undefined || scopes.length === 0 || (scopes.length === 1 && scopes[0] === profileId);
}
