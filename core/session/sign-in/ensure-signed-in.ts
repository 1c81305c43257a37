import { configurationError, PartnerAuthError } from '../../lib/errors.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import type { StoredSession } from '../../stores/stored-record.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import { requiresLogin } from '../refresh/requires-login.ts';
import { isNewer, type SessionReplica } from '../session-replica.ts';
import type { SessionState } from '../state.ts';
import type { CallOptions } from '../token-source.ts';
import {
  accountOf,
  accountFieldOf,
  checkCredentialTypes,
  type Credentials,
  type CredentialsSource,
} from './credentials.ts';

/** Options of `ensureSignedIn()`. */
export interface EnsureSignedInOptions extends CallOptions {
  /** Whether to replace the session of another account. Default false: it is left as it is, and the call fails. */
  readonly replace?: boolean | undefined;
}

interface EnsureParts {
  readonly definition: PartnerDefinition;
  readonly state: SessionState;
  readonly replica: SessionReplica;
  /** Refreshes, unless the session waits after a failure. */
  readonly refresh: () => Promise<unknown>;
  /** Signs in and saves the session. `held` is the store's lock; without it, the lock is acquired. */
  readonly login: (credentials: Credentials, held?: HeldLock) => Promise<void>;
  /** How long to wait for the store's lock, in ms. */
  readonly lockTimeout: number;
}

/** Signs in where there is no usable session: once for all callers in this process, and all processes with one store. */
export class EnsuredSignIn {
  readonly #parts: EnsureParts;
  #flight: { readonly login: Promise<boolean>; readonly account: string | undefined } | undefined;

  constructor(parts: EnsureParts) {
    this.#parts = parts;
  }

  async run(source: CredentialsSource, replace: boolean, signal: AbortSignal | undefined): Promise<void> {
    const { definition, state } = this.#parts;
    if (typeof source !== 'function') checkCredentialTypes(definition, source);
    const account = typeof source === 'function' ? undefined : accountOf(definition, source);
    while (!(await this.#isSignedIn(account, replace))) {
      if (signal?.aborted === true) return;
      const flight = this.#flight;
      if (flight !== undefined && isOther(flight.account, account)) {
        await flight.login.catch(() => undefined);
        continue;
      }
      const signedIn = await (flight ?? this.#start(source, account, replace)).login;
      if (signedIn && this.#isOwn(state.record, account, replace)) return;
    }
  }

  #start(source: CredentialsSource, account: string | undefined, replace: boolean) {
    const login = this.#underLock(source, account, replace).finally(() => (this.#flight = undefined));
    // If no caller is left, a failure must not become an unhandled rejection.
    login.catch(() => undefined);
    return (this.#flight = { login, account });
  }

  /** Whether the session of this process is usable, refreshed first if its access token has expired. */
  async #isSignedIn(account: string | undefined, replace: boolean): Promise<boolean> {
    const { state, refresh } = this.#parts;
    if (!this.#isOwn(state.record, account, replace)) return false;
    const { phase } = state.status();
    if (phase !== 'expired') return phase === 'valid' || phase === 'due';
    try {
      await refresh();
    } catch (error) {
      if (error instanceof PartnerAuthError && requiresLogin(error)) return false;
      throw error;
    }
    // Another process may have signed in with another account.
    return this.#isOwn(state.record, account, replace);
  }

  /** Resolves false if it has adopted a usable session instead of signing in. */
  async #underLock(source: CredentialsSource, account: string | undefined, replace: boolean): Promise<boolean> {
    const { state, replica, login, lockTimeout } = this.#parts;
    const run = { started: false };
    try {
      return await replica.lock(
        async (held) => {
          run.started = true;
          const newest = await replica.newest();
          if (newest?.isStored === true && isNewer(newest.record, state.record)) replica.adopt(newest.record);
          const { phase } = state.status();
          const isUsable = newest !== undefined && ['valid', 'due', 'expired'].includes(phase);
          // One that has expired is refreshed without this lock, which a refresh acquires too.
          if (this.#isOwn(newest?.record, account, replace) && isUsable) return false;
          await login(await this.#credentials(source, newest?.record, replace), held);
          return true;
        },
        { timeout: lockTimeout },
      );
    } catch (error) {
      if (run.started || (error instanceof PartnerAuthError && error.code === 'lock')) throw error;
      // As a login: the store cannot be locked, so that the session is one of this process only.
      await login(await this.#credentials(source, state.record, replace));
      return true;
    }
  }

  async #credentials(
    source: CredentialsSource,
    record: StoredSession | undefined,
    replace: boolean,
  ): Promise<Credentials> {
    const credentials: unknown = typeof source === 'function' ? await (source as () => unknown)() : source;
    checkCredentialTypes(this.#parts.definition, credentials);
    this.#isOwn(record, accountOf(this.#parts.definition, credentials), replace);
    return credentials;
  }

  /**
   * Whether there is a session that is not known to be that of another account.
   *
   * @throws PartnerAuthError `configuration` if it is, and must not be replaced.
   */
  #isOwn(record: StoredSession | undefined, account: string | undefined, replace: boolean): boolean {
    if (record === undefined) return false;
    if (!isOther(record.account, account)) return true;
    if (replace) return false;
    const field = accountFieldOf(this.#parts.definition) ?? 'credentials';
    throw configurationError(
      field,
      `The session belongs to another account, ${plainLine(record.account ?? '', 80)}. It was left as it is: pass { replace: true } to replace it, or use another store.`,
    );
  }
}

function isOther(account: string | undefined, other: string | undefined): boolean {
  return account !== undefined && other !== undefined && account !== other;
}
