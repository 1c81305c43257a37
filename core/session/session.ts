import type { AuthExchange } from '../exchange/auth-exchange.ts';
import type { PartnerRequest, RequestResult } from '../exchange/protected-calls.ts';
import type { OpenResponse, PartnerResponse, StreamedResponse } from '../exchange/partner-response.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { logText } from '../lib/log-text.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { isTombstone, type StoredSession } from '../stores/stored-record.ts';
import type { HeldLock } from '../stores/token-store.ts';
import { isUsable, shouldExtend } from '../tokens/expiry.ts';
import type { SendOptions } from '../transport/http.ts';
import type { CredentialsIn } from '../transport/proxy.ts';
import { abortable } from './abortable.ts';
import { captureCaller, errorForCaller } from './caller.ts';
import { CallsInFlight } from './calls-in-flight.ts';
import { checkCallOptions, type Method } from './call-options.ts';
import { checkBoolean, marginOf, type SessionChanges, type SessionOptions } from './options.ts';
import type { CloseOptions, PartnerSession } from './partner-session.ts';
import type { Partner, RequiredOptions } from './partner-types.ts';
import { PendingWork } from './pending-work.ts';
import { endError, refreshSession } from './refresh/refresh.ts';
import { requiresLogin } from './refresh/requires-login.ts';
import { assertNotRefused, recordRefusal } from './refresh/sign-in-again.ts';
import { checkRequest, type RequestOptions } from './request/check-request.ts';
import { fetchBy, type Fetch } from './request/fetch.ts';
import { toPartnerRequest, type ForwardedCall, type ForwardingSession } from './request/forward.ts';
import { protectedCall, Refusals } from './request/protected-call.ts';
import { closeUnused, takeStream } from './request/read-body.ts';
import { isNewer } from './session-replica.ts';
import { sessionParts } from './session-parts.ts';
import { checkAdopted, proveUnderLock, type AdoptedTokens } from './sign-in/adopt.ts';
import { checkCredentialTypes, type CredentialsSource } from './sign-in/credentials.ts';
import { EnsuredSignIn, type EnsureSignedInOptions } from './sign-in/ensure-signed-in.ts';
import type { SignedIn } from './sign-in/login.ts';
import { newSession } from './sign-in/new-session.ts';
import { signOutUnderLock, type SignOutResult } from './sign-in/sign-out.ts';
import type { SessionState, SessionStatus } from './state.ts';
import type { AccessTokenOptions, CallOptions } from './token-source.ts';
import { watchStore } from './watch-store.ts';

// `inspect.custom` by its registered name: importing node:util would load much that is not used here.
const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** How long `close()` waits for calls in flight, in ms, and at most. */
const defaultDrain = 5_000;
const maxDrain = 86_400_000;

/**
 * Opens a session with one partner and restores its stored state. Makes no network call.
 *
 * @throws PartnerAuthError `configuration` for a missing or invalid setting, `store` if the store cannot be read.
 * @throws TypeError for an unknown option.
 */
export function openSession<const P extends Partner>(
  options: SessionOptions<P> & RequiredOptions<P>,
): Promise<PartnerSession<P>>;
export async function openSession(options: SessionOptions): Promise<PartnerSession> {
  const caller = captureCaller('openSession', openSession);
  try {
    return await new OpenSession(options, 'url').restore();
  } catch (error) {
    throw errorForCaller(error, caller);
  }
}

/** Opens the session of a profile, which keeps the user and password of its proxy with its secrets, as errors then say. */
export async function openProfileSession(options: SessionOptions): Promise<PartnerSession> {
  return new OpenSession(options, 'profile').restore();
}

/** The session that `openSession()` opens. */
class OpenSession implements PartnerSession, ForwardingSession {
  readonly #onDue = (): void => void this.#refreshOnce();
  readonly #parts: ReturnType<typeof sessionParts>;
  readonly #state: SessionState;
  readonly #stopWatching: () => void;
  #flight: Promise<boolean> | undefined;
  /** Whether `refresh()` has been called for the refresh in flight. */
  #isExplicit = false;
  #storeChanged = false;
  /** The read of the store that the calls during a pause share. */
  #storeLook: Promise<void> | undefined;
  readonly #calls = new CallsInFlight();
  /** Whether the calls that were in flight on `close()` have ended. */
  #isEnded = false;
  /** Reads and writes of the store outside a refresh. */
  readonly #storeWork = new PendingWork();
  readonly #refusals: Refusals;
  readonly #ensured: EnsuredSignIn;
  /** Access tokens that the partner has refused, each while a refresh determines whether the session has ended. */
  readonly #refused = new Set<{ readonly token: string }>();
  /** The access token of a session that has ended, if the partner has refused it too. */
  #refusedToken: string | undefined;
  /** Bound, because clients call it as a function. Not a public field, with which a session could not be cloned. */
  readonly #fetch: Fetch = (input, init) =>
    this.#run(
      'fetch',
      {},
      () => {
        const { calls, options } = this.#parts;
        return fetchBy((request, signal) => this.#call(calls.stream, request, signal), options, input, init ?? {});
      },
      init?.body,
    );
  #closing: Promise<void> | undefined;

  /** Use `openSession()`, which also restores the stored state. */
  constructor(options: SessionOptions, credentialsIn: CredentialsIn) {
    this.#parts = sessionParts(options, credentialsIn, this.#onDue);
    this.#state = this.#parts.state;
    this.#refusals = new Refusals(() => this.#parts.clock.monotonic());
    const {
      replica,
      options: { definition },
      timeout,
    } = this.#parts;
    this.#ensured = new EnsuredSignIn({
      definition,
      state: this.#state,
      replica,
      refresh: () => this.#refreshUnlessPaused(),
      login: async (credentials, held) => {
        await assertNotRefused(this.#parts, credentials);
        await this.#saveLogin(await this.#login(credentials, { timeout }, held), held);
      },
      lockTimeout: lockTimeout(timeout),
    });
    const onChange = (): void => void this.#storeWork.add(this.#onStoreChange());
    this.#stopWatching = watchStore(this.#parts.store, onChange, this.#parts.log);
  }

  /** Restores the stored state, without a network call. Called by `openSession()`. */
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

  async login(credentials: object, options: CallOptions = {}): Promise<void> {
    await this.#run('login', options, async ({ signal }) => {
      const { replica, timeout } = this.#parts;
      await replica.assertWritable();
      const signedIn = await this.#login(credentials, { signal, timeout });
      await this.#saveLogin(signedIn);
    });
  }

  async ensureSignedIn(credentials: CredentialsSource, options: EnsureSignedInOptions = {}): Promise<void> {
    await this.#run('ensureSignedIn', options, ({ replace = false, signal }) => {
      if (typeof replace !== 'boolean')
        throw new TypeError('The option replace of ensureSignedIn() must be true or false.');
      return abortable(this.#ensured.run(credentials, replace, signal), signal);
    });
  }

  async adopt(tokens: AdoptedTokens, options: CallOptions = {}): Promise<void> {
    await this.#run('adopt', options, ({ signal }) => {
      const adopted = checkAdopted(tokens, this.#parts.options.definition);
      return abortable(this.#storeWork.add(this.#adopt(adopted)), signal);
    });
  }

  async refresh(options: CallOptions = {}): Promise<void> {
    await this.#run('refresh', options, ({ signal }) => abortable(this.#refreshUnlessPaused(true), signal));
  }

  async accessToken(options: AccessTokenOptions = {}): Promise<string> {
    // Without what a call in flight requires, which would take most of the time of one that needs no refresh.
    const { minValidity = 0, signal } = this.#assertCallable('accessToken', options);
    // With NaN, such as the Number() of a missing setting, every call would refresh.
    if (typeof minValidity !== 'number' || !(minValidity >= 0))
      throw new TypeError('minValidity must be a number of seconds from 0.');
    const needed = minValidity * 1000;
    return this.#currentToken(needed) ?? this.#run('accessToken', options, () => this.#validToken(needed, signal));
  }

  async request<T = unknown>(path: string, options: RequestOptions & CallOptions = {}): Promise<PartnerResponse<T>> {
    return this.#run('request', options, async ({ signal, ...rest }) => {
      const request = checkRequest(path, rest, this.#parts.options);
      return (await this.#call(this.#parts.calls.request, request, signal)) as PartnerResponse<T>;
    });
  }

  async stream(path: string, options: RequestOptions & CallOptions = {}): Promise<StreamedResponse> {
    return this.#run('stream', options, ({ signal, ...rest }) => {
      const request = checkRequest(path, rest, this.#parts.options);
      return this.#call(this.#parts.calls.stream, request, signal);
    });
  }

  get fetch(): Fetch {
    return this.#fetch;
  }

  /** The definition of the partner, as the options of the session change it. */
  get definition(): PartnerDefinition {
    return this.#parts.options.definition;
  }

  /** Makes a protected call for a client that speaks plain HTTP. */
  async forward(call: ForwardedCall, signal: AbortSignal): Promise<OpenResponse> {
    const { calls, options } = this.#parts;
    // Not as a call of the program: its errors end in a response, where neither the method nor its caller means anything.
    this.#assertCallable('forward', { signal });
    return this.#calls.add(this.#call(calls.forward, toPartnerRequest(call, options), signal));
  }

  configure(changes: SessionChanges): void {
    this.#assertCallable('configure', {});
    assertKnownKeys('configure', changes, ['refreshMargin', 'autoRefresh']);
    const { refreshMargin, autoRefresh } = changes;
    checkBoolean('autoRefresh', autoRefresh);
    this.#parts.state.configure({
      ...(refreshMargin !== undefined && { margin: marginOf(refreshMargin) }),
      ...(autoRefresh !== undefined && { onDue: autoRefresh ? this.#onDue : undefined }),
    });
  }

  // It has no options, which are refused by name.
  async signOut(options: CallOptions = {}): Promise<SignOutResult> {
    return this.#run('signOut', options, async () => {
      await this.#flight?.catch(() => undefined);
      const { replica, log } = this.#parts;
      const result = await this.#storeWork.add(replica.lockOrContinue((held) => signOutUnderLock(this.#parts, held)));
      log.info('Signed out.');
      return result;
    });
  }

  on(event: 'change', listener: (status: SessionStatus) => void): () => void;
  on(
    event: 'exchange',
    listener: (exchange: AuthExchange) => void,
    options?: { readonly reveal?: boolean | undefined },
  ): () => void;
  on(
    event: string,
    listener: (value: never) => void,
    options: { readonly reveal?: boolean | undefined } = {},
  ): () => void {
    checkCallOptions('on', options);
    if (typeof listener !== 'function') throw new TypeError('The listener must be a function.');
    const { reveal = false } = options;
    if (typeof reveal !== 'boolean') throw new TypeError('The option reveal of on() must be true or false.');
    if (event === 'change') return this.#state.subscribe(listener as (status: SessionStatus) => void);
    if (event === 'exchange')
      return this.#parts.exchanges.subscribe(listener as (exchange: AuthExchange) => void, reveal);
    throw new TypeError('The event must be "change" or "exchange".');
  }

  async close(options: CloseOptions = {}): Promise<void> {
    checkCallOptions('close', options);
    const { drain = defaultDrain } = options;
    if (typeof drain !== 'number' || !(drain >= 0 && drain <= maxDrain))
      throw new TypeError(`The option drain of close() must be a number of ms from 0 to ${maxDrain}.`);
    await (this.#closing ??= this.#close(drain));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The status, so that the session is safe to log. */
  toJSON(): SessionStatus {
    return this.status;
  }

  [inspectCustom](): object {
    return { PartnerSession: this.status };
  }

  async #close(drain: number): Promise<void> {
    this.#stopWatching();
    this.#state.stop();
    const { transport, replica } = this.#parts;
    await settledWithin(drain, this.#calls.settled().then(transport.settled));
    this.#isEnded = true;
    this.#calls.end(closedError());
    await this.#flight?.catch(() => undefined);
    await this.#storeWork.settled();
    await replica.saveUnsaved();
    transport.close();
  }

  /** Runs a call that `close()` waits for. If it fails before it reads its body, which may be in its options, closes that. */
  async #run<O extends CallOptions, T>(
    method: Method,
    options: O,
    work: (options: O) => Promise<T>,
    body?: unknown,
  ): Promise<T> {
    const caller = captureCaller(method, this.#run);
    try {
      this.#assertCallable(method, options);
      return await this.#calls.add(work(options));
    } catch (error) {
      if (error instanceof PartnerAuthError) closeUnused({ body, ...options }.body);
      throw errorForCaller(error, caller);
    }
  }

  #assertCallable<O extends CallOptions>(method: Method, options: O): O {
    checkCallOptions(method, options);
    if (this.#closing !== undefined) throw closedError('Open a new one with openSession().');
    if (options.signal?.aborted === true) throw new PartnerAuthError('aborted', 'The call was aborted by its signal.');
    return options;
  }

  /** The access token, if it needs no refresh and is valid for `needed` more ms. */
  #currentToken(needed: number): string | undefined {
    const { record } = this.#state;
    if (record === undefined) return undefined;
    const { tokens, ended, generation } = record;
    // The store may have the session of a later login.
    if (ended !== undefined && this.#isAccessRefused(record)) return undefined;
    // Read once: it reads two clocks, which takes most of the time of a call with a valid token.
    const now = this.#state.now();
    if (isUsable(tokens, now, needed)) {
      const isFinal = ended !== undefined || !this.#state.isDue(now) || this.#state.backOff.remaining > 0;
      return isFinal ? tokens.accessToken : undefined;
    }
    const isBest = ended === undefined && isUsable(tokens, now) && generation > 1 && !shouldExtend(tokens, now, needed);
    return isBest ? tokens.accessToken : undefined;
  }

  /** An access token that is valid for `needed` more ms if the partner issues one, refreshed first if it is due. */
  async #validToken(needed: number, signal: AbortSignal | undefined): Promise<string> {
    // A second round is made only if the first one joined or adopted a token set that is not valid for long enough.
    for (let round = 1; ; round++) {
      const token = this.#currentToken(needed);
      if (token !== undefined) return token;
      let requested: boolean;
      try {
        requested = await abortable(this.#refreshUnlessPaused(), signal);
      } catch (error) {
        const current = this.#state.record;
        const aborted = error instanceof PartnerAuthError && error.code === 'aborted';
        if (aborted || current === undefined || !isUsable(current.tokens, this.#state.now(), needed)) throw error;
        if (current.ended !== undefined && this.#isAccessRefused(current)) throw endError(current);
        return current.tokens.accessToken;
      }
      const current = this.#state.record;
      if ((requested || round === 2) && current !== undefined) return current.tokens.accessToken;
    }
  }

  #isAccessRefused({ tokens, ended }: StoredSession): boolean {
    return ended?.accessRefused === true || tokens.accessToken === this.#refusedToken;
  }

  async #call<R>(
    send: (request: PartnerRequest, accessToken: string, options: SendOptions) => Promise<RequestResult<R>>,
    request: PartnerRequest,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    const tokens = {
      accessToken: () => this.#validToken(0, signal),
      current: () => this.#state.record?.tokens.accessToken,
      refresh: (refused: string) => abortable(this.#refreshRefused(refused), signal),
      hasEnded: () => this.#state.record?.ended !== undefined,
      refusals: this.#refusals,
    };
    const sendUnlessEnded: typeof send = (...call) => {
      // Its caller knows by now that the session was closed.
      if (this.#isEnded) throw closedError();
      return send(...call);
    };
    const closeStream = takeStream(request.raw?.body);
    try {
      const timeout = request.timeout ?? this.#parts.timeout;
      return await protectedCall(sendUnlessEnded, tokens, request, { signal, timeout });
    } finally {
      closeStream();
    }
  }

  async #refreshRefused(token: string): Promise<void> {
    const refusal = { token };
    this.#refused.add(refusal);
    try {
      await this.#refreshUnlessPaused();
    } catch (error) {
      const { record } = this.#state;
      if (record?.ended === undefined) throw error;
      this.#refusedToken = token;
      // Whatever kept the store from being read, such as its lock.
      throw error instanceof PartnerAuthError && requiresLogin(error) ? error : endError(record);
    } finally {
      this.#refused.delete(refusal);
    }
  }

  /** Resolves as `refreshSession()`. Fails without a request while the session waits after a failure. */
  async #refreshUnlessPaused(isExplicit = false): Promise<boolean> {
    const error = this.#flight === undefined ? this.#state.backOff.error(isExplicit) : undefined;
    if (error === undefined) return this.#refreshOnce(isExplicit);
    const { record } = this.#state;
    // Another process may have refreshed the tokens meanwhile.
    await (this.#storeLook ??= this.#storeWork.add(this.#onStoreChange()).finally(() => (this.#storeLook = undefined)));
    if (this.#state.record === record) throw error;
    return false;
  }

  #refreshOnce(isExplicit = false): Promise<boolean> {
    this.#isExplicit = isExplicit || (this.#isExplicit && this.#flight !== undefined);
    if (this.#flight === undefined) {
      this.#state.refreshing = true;
      this.#flight = this.#refresh().finally(() => {
        this.#flight = undefined;
        this.#state.refreshing = false;
        this.#state.notify();
        if (this.#storeChanged) void this.#storeWork.add(this.#onStoreChange());
      });
      // If no caller is left, a failure must not become an unhandled rejection.
      this.#flight.catch(() => undefined);
      this.#state.notify();
    }
    return this.#flight;
  }

  async #refresh(): Promise<boolean> {
    try {
      const requested = await refreshSession({
        ...this.#parts,
        isDue: () => this.#state.isDue(),
        pauseAfter: (failure) => this.#state.backOff.pauseAfter(failure),
        isExplicit: () => this.#isExplicit,
        isAccessRefused: (token) =>
          token === this.#refusedToken || [...this.#refused].some((refusal) => refusal.token === token),
      });
      this.#state.recordSuccess();
      return requested;
    } catch (error) {
      const authError = error instanceof PartnerAuthError ? error : undefined;
      this.#state.recordFailure(authError);
      this.#parts.log.warn(`The refresh failed: ${authError === undefined ? 'unexpected error' : logText(authError)}`);
      throw error;
    }
  }

  async #adopt(adopted: AdoptedTokens): Promise<void> {
    const { replica, timeout, redactor, log } = this.#parts;
    redactor.keep(adopted.refreshToken, ...(adopted.accessToken === undefined ? [] : [adopted.accessToken]));
    const seen = await replica.readStored().catch(() => undefined);
    const result = await replica.lock(
      async (held) => {
        const proven = await proveUnderLock(this.#parts, adopted, held, seen);
        if (!('session' in proven)) await this.#signIn(proven, held);
        else if (isNewer(proven.session, this.#state.record)) replica.adopt(proven.session);
        return proven;
      },
      { timeout: lockTimeout(timeout) },
    );
    if ('session' in result) log.info('Another program has just adopted this refresh token; using its session.');
    else if (result.failure !== undefined) throw result.failure;
  }

  /** Where the session signs in again by itself, records a refusal, so that the credentials are not sent automatically. */
  async #login(credentials: object, options: SendOptions, held?: HeldLock): Promise<SignedIn> {
    checkCredentialTypes(this.#parts.options.definition, credentials);
    const result = await this.#parts.login(credentials, options, this.#state.record?.tokens);
    if (!('error' in result)) return result;
    await this.#storeWork.add(recordRefusal(this.#parts, credentials, result.error, held));
    throw result.error;
  }

  /** `held` is the lock, if the caller holds it. */
  async #signIn(signedIn: SignedIn, held?: HeldLock): Promise<void> {
    await this.#parts.replica.replace(newSession(this.#parts.options, signedIn), held);
    this.#parts.log.info('Signed in.');
  }

  async #onStoreChange(): Promise<void> {
    const isBusy = (): boolean => this.#closing !== undefined || this.#flight !== undefined;
    do this.#storeChanged = this.#flight !== undefined;
    while (await this.#parts.replica.adoptStored(isBusy));
  }

  async #saveLogin(signedIn: SignedIn, held?: HeldLock): Promise<void> {
    if (this.#isEnded) throw closedError();
    await this.#storeWork.add(this.#signIn(signedIn, held));
  }
}

function closedError(advice = 'If the call was sent, the partner may have acted on it.'): PartnerAuthError {
  return new PartnerAuthError('closed', `The session object was closed. ${advice}`);
}

/** Resolves when `work` has, or after `timeout` ms. */
async function settledWithin(timeout: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeout);
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Longer than another process holds the lock, in ms. */
function lockTimeout(timeout: number): number {
  return timeout * 2 + 30_000;
}
