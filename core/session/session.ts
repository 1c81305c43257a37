import type { AuthExchange } from '../exchange/auth-exchange.ts';
import type { PartnerResponse } from '../exchange/partner-calls.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import { isTombstone } from '../stores/stored-record.ts';
import { isUsable } from '../tokens/expiry.ts';
import { abortable } from './abortable.ts';
import type { SessionOptions } from './options.ts';
import { PendingWork } from './pending-work.ts';
import { refreshSession } from './refresh/refresh.ts';
import { checkRequest, type RequestOptions } from './request/check-request.ts';
import { protectedCall } from './request/protected-call.ts';
import { sessionParts } from './session-parts.ts';
import type { Credentials } from './sign-in/credentials.ts';
import type { SignedIn } from './sign-in/login.ts';
import { signOutUnderLock } from './sign-in/sign-out.ts';
import type { SessionState, SessionStatus } from './state.ts';
import type { AccessTokenOptions, CallOptions, TokenSource } from './token-source.ts';

// `inspect.custom` by its registered name: importing node:util evaluates much that nobody here needs.
const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** The signed-in state of one profile. Made by `openSession()`. */
export class PartnerSession implements TokenSource, AsyncDisposable {
  readonly #parts: ReturnType<typeof sessionParts>;
  readonly #state: SessionState;
  readonly #stopWatching: () => void;
  #flight: Promise<boolean> | undefined;
  #storeChanged = false;
  /** What reads or writes the store outside a refresh. */
  readonly #storing = new PendingWork();
  #closing: Promise<void> | undefined;

  /** Use `openSession()`, which restores what the store holds. */
  constructor(options: SessionOptions) {
    this.#parts = sessionParts(options, () => void this.#refreshOnce());
    this.#state = this.#parts.state;
    const changed = (): unknown => this.#storing.add(this.#onStoreChange());
    this.#stopWatching = this.#parts.store.onDidChange?.(changed) ?? (() => undefined);
  }

  /** Reads the store; no network. Called once by `openSession()`. */
  async restore(): Promise<this> {
    const { replica } = this.#parts;
    try {
      const stored = await replica.readStored();
      replica.adopt(stored === undefined || isTombstone(stored) ? undefined : stored);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get status(): SessionStatus {
    return this.#state.status();
  }

  /**
   * Signs in and replaces what the store holds. After an error `oneTimeCodeRequired`, call it again with the code alone
   * (`login({ otp })`); passing the code along with the credentials does both steps in one.
   *
   * @throws PartnerAuthError `configuration`, `invalidCredentials`, `oneTimeCodeRequired`, `invalidOneTimeCode`,
   * `captchaRequired`, `accountUnavailable`, `store` (signed in, but not saved), or what any exchange may fail with.
   */
  async login(credentials: Credentials, { signal }: CallOptions = {}): Promise<void> {
    this.#assertUsable(signal);
    const { login, replica, timeout } = this.#parts;
    await replica.assertWritable();
    const signedIn = await login(credentials, { signal, timeout });
    this.#assertUsable();
    await this.#storing.add(this.#signIn(signedIn));
  }

  /**
   * Gets a new token set: joins a refresh in flight, adopts what another process just got, or asks the partner.
   *
   * @throws PartnerAuthError `signedOut`, `sessionEnded`, `refreshInterrupted`, `store`, `lock`, or what any exchange may
   * fail with. Only the first three mean that a new login is needed.
   */
  async refresh({ signal }: CallOptions = {}): Promise<void> {
    this.#assertUsable(signal);
    await abortable(this.#refreshOnce(), signal);
  }

  /**
   * An access token that will be valid for at least `minValidity` seconds, refreshed first if it is due. If a refresh
   * fails and the token at hand is good enough, that one is returned. A partner whose tokens live shorter than
   * `minValidity` gets one refresh, and its new token is returned.
   *
   * @throws PartnerAuthError as `refresh()`. TypeError for a `minValidity` that is not a number from 0.
   */
  async accessToken({ minValidity = 0, signal }: AccessTokenOptions = {}): Promise<string> {
    this.#assertUsable(signal);
    // With NaN, the Number() of a missing setting, no token would ever be good enough: a refresh with each call.
    if (!(minValidity >= 0)) throw new TypeError('minValidity must be a number of seconds from 0.');
    const needed = minValidity * 1000;
    // A second round only if the first one joined or adopted a token set that is not good enough.
    for (let round = 1; ; round++) {
      const record = this.#state.record;
      // Read once: it looks at two clocks, which is most of what a call with a valid token costs.
      const now = this.#state.now();
      if (record !== undefined && isUsable(record.tokens, now, needed)) {
        if (record.ended !== undefined || !this.#state.isDue(now) || !this.#state.mayRetry())
          return record.tokens.accessToken;
      }
      let asked: boolean;
      try {
        asked = await abortable(this.#refreshOnce(), signal);
      } catch (error) {
        const current = this.#state.record?.tokens;
        const aborted = error instanceof PartnerAuthError && error.code === 'aborted';
        if (!aborted && current !== undefined && isUsable(current, this.#state.now(), needed))
          return current.accessToken;
        throw error;
      }
      const current = this.#state.record;
      if ((asked || round === 2) && current !== undefined) return current.tokens.accessToken;
    }
  }

  /**
   * A protected call below the base URL: the payload goes out as the partner takes it, with its headers and the access
   * token. If the partner does not accept the token, it is refreshed once, unless it was replaced meanwhile, and the call
   * is repeated once. Then the response is returned, whatever it is.
   *
   * @throws PartnerAuthError as `accessToken()`, or if no response came. TypeError for a path or header that is not
   * allowed.
   */
  async request(path: string, options: RequestOptions & CallOptions = {}): Promise<PartnerResponse> {
    const { signal, ...rest } = options;
    this.#assertUsable(signal);
    return protectedCall(
      this.#parts.calls,
      {
        accessToken: () => this.accessToken({ signal }),
        current: () => this.#state.record?.tokens.accessToken,
        refresh: () => abortable(this.#refreshOnce(), signal),
      },
      checkRequest(path, rest, this.#parts.options),
      { signal, timeout: this.#parts.timeout },
    );
  }

  /**
   * Forgets the session here and for all who share the store, and notifies the partner if it has a logout. It is forgotten
   * even if the partner cannot be notified.
   *
   * @throws PartnerAuthError `store` or `lock` if others who share the store may still have the session.
   */
  async signOut(): Promise<{ readonly revoked: boolean }> {
    this.#assertUsable();
    await this.#flight?.catch(() => undefined);
    const { replica, options, log } = this.#parts;
    const hasLogout = options.definition.logout !== undefined;
    const revoked = await this.#storing.add(
      replica.lock((held) => signOutUnderLock({ ...this.#parts, hasLogout }, held)),
    );
    log.info('Signed out.');
    return { revoked };
  }

  /**
   * `change`: calls back with each change of `status` other than the passing of time within a phase. `exchange`: calls back
   * with each login, refresh and logout as it went over the wire, its secrets masked unless `reveal` is true. Returns an
   * unsubscribe function.
   */
  on(event: 'change', listener: (status: SessionStatus) => void): () => void;
  on(
    event: 'exchange',
    listener: (exchange: AuthExchange) => void,
    options?: { readonly reveal?: boolean },
  ): () => void;
  on(
    event: string,
    listener: (value: never) => void,
    { reveal = false }: { readonly reveal?: boolean } = {},
  ): () => void {
    if (event === 'change') return this.#state.subscribe(listener as (status: SessionStatus) => void);
    if (event === 'exchange')
      return this.#parts.exchanges.subscribe(listener as (exchange: AuthExchange) => void, reveal);
    throw new TypeError('The events are "change" and "exchange".');
  }

  /**
   * Waits for a refresh in flight, whose new token would be lost otherwise, tries once more to save what could not be saved,
   * then frees timers, watches and connections.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  toJSON(): SessionStatus {
    return this.status;
  }

  [inspectCustom](): object {
    return { PartnerSession: this.status };
  }

  async #close(): Promise<void> {
    this.#stopWatching();
    this.#state.stop();
    await this.#flight?.catch(() => undefined);
    await this.#storing.settled();
    await this.#parts.replica.saveUnsaved();
    this.#parts.transport.close();
  }

  #refreshOnce(): Promise<boolean> {
    if (this.#flight === undefined) {
      this.#state.refreshing = true;
      this.#flight = this.#refresh().finally(() => {
        this.#flight = undefined;
        this.#state.refreshing = false;
        this.#state.announce();
        if (this.#storeChanged) void this.#storing.add(this.#onStoreChange());
      });
      // Without a caller left to see it, a failure must not end the process.
      this.#flight.catch(() => undefined);
      this.#state.announce();
    }
    return this.#flight;
  }

  async #refresh(): Promise<boolean> {
    try {
      const asked = await refreshSession({ ...this.#parts, isDue: () => this.#state.isDue() });
      this.#state.succeeded();
      return asked;
    } catch (error) {
      const known = error instanceof PartnerAuthError ? error : undefined;
      this.#state.failed(known);
      this.#parts.log.warn(`The refresh failed: ${known?.message ?? 'unexpected error'}`);
      throw error;
    }
  }

  async #signIn({ tokens, account }: SignedIn): Promise<void> {
    const { definition, origin, partnerCode } = this.#parts.options;
    await this.#parts.replica.replace({
      version: 1,
      sessionId: nodeCrypto().randomUUID(),
      generation: 1,
      partner: definition.id,
      origin,
      ...(partnerCode !== undefined && { partnerCode }),
      ...(account !== undefined && { account }),
      tokens,
    });
    this.#parts.log.info('Signed in.');
  }

  async #onStoreChange(): Promise<void> {
    const isBusy = (): boolean => this.#closing !== undefined || this.#flight !== undefined;
    do this.#storeChanged = this.#flight !== undefined;
    while (await this.#parts.replica.takeOver(isBusy));
  }

  #assertUsable(signal?: AbortSignal): void {
    if (this.#closing !== undefined)
      throw new PartnerAuthError('closed', 'The session object was closed. Open a new one with openSession().');
    if (signal?.aborted === true) throw new PartnerAuthError('aborted', 'The call was aborted by its signal.');
  }
}
