import type { AuthExchange } from '../exchange/auth-exchange.ts';
import type { PartnerResponse } from '../exchange/partner-response.ts';
import { errorCodes, PartnerAuthError, type PartnerAuthErrorCode } from '../lib/errors.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import type { PartnerSession } from '../session/partner-session.ts';
import type { RequestOptions } from '../session/request/check-request.ts';
import type { SessionStatus } from '../session/state.ts';
import type { AccessTokenOptions, CallOptions } from '../session/token-source.ts';
import { isUsable, phaseOf } from '../tokens/expiry.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import { fakeResponse, type FakeResponse } from './fake-response.ts';

/** An access token without an expiry, or a token set; `issuedAt` is now unless it is given. */
export type FakeTokens = string | (Partial<TokenSet> & Pick<TokenSet, 'accessToken'>);

/** The error of a failing call, or its code. */
export type FakeFailure = PartnerAuthErrorCode | PartnerAuthError;

/** The failure of every call to the partner, or that of each method. */
export type FakeFailures = FakeFailure | Readonly<Partial<Record<FakeMethod, FakeFailure | undefined>>>;

type FakeMethod = (typeof methods)[number];
const methods = [
  'login',
  'ensureSignedIn',
  'adopt',
  'refresh',
  'accessToken',
  'request',
  'stream',
  'fetch',
  'signOut',
] as const satisfies readonly (keyof PartnerSession)[];

/** Options of `fakeSession()`. */
export interface FakeSessionOptions {
  /**
   * The tokens that the session hands out. Of a list, the first from the start, and each refresh or sign-in moves on to the
   * next one; the last one stays. An empty list is a session that is signed out, and signs in with `fake-access-token`.
   * Default: signed in with `fake-access-token`.
   */
  readonly tokens?: FakeTokens | readonly FakeTokens[] | undefined;
  /** Which calls fail, and how: `'network'` for all, `{ refresh: 'sessionEnded' }` for one method. Default: none. */
  readonly fail?: FakeFailures | undefined;
  /** The response to `request()`, `stream()` and `fetch()`. Default: HTTP 200 with the body `{}`. */
  readonly respond?: ((path: string, options: RequestOptions) => FakeResponse | Promise<FakeResponse>) | undefined;
  /** The account that is signed in. Default: none. */
  readonly account?: string | undefined;
}

/** A call that a fake session received. */
export interface FakeCall {
  /** The method of the session. */
  readonly method: FakeMethod;
  /** Of `request()`, `stream()` and `fetch()`: the path, with its query. */
  readonly path?: string | undefined;
  /** Credentials of `login()`, tokens of `adopt()`, options of a call. */
  readonly argument?: unknown;
}

/** A session without a partner, for tests of the code that uses one. */
export interface FakeSession extends PartnerSession {
  /** The calls so far, oldest first. */
  readonly calls: readonly FakeCall[];
  /** Changes which calls fail from now on; undefined for none. */
  fail(failures: FakeFailures | undefined): void;
  /** Calls the listeners for `exchange`, as after a login, refresh or logout. */
  emit(event: 'exchange', exchange: AuthExchange): void;
}

const refreshMargin = 300_000;

/**
 * Creates a session without a partner, a network or a store, for unit tests. It hands out `tokens`, fails as `fail` says, and
 * keeps a list of its `calls`. What it does not imitate is the protocol: use the sandbox for that.
 *
 * @throws TypeError for an unknown option.
 */
export function fakeSession(options: FakeSessionOptions = {}): FakeSession {
  assertKnownKeys('fakeSession', options, ['tokens', 'fail', 'respond', 'account']);
  const { tokens = 'fake-access-token', account } = options;
  const respond: NonNullable<FakeSessionOptions['respond']> = options.respond ?? (() => ({}));
  let failures = checkFailures(options.fail);
  const waiting = (Array.isArray(tokens) ? [...(tokens as readonly FakeTokens[])] : [tokens as FakeTokens]).map(
    tokenSet,
  );
  let current = waiting.shift();
  let ended: PartnerAuthError | undefined;
  let lastError: PartnerAuthError | undefined;
  let isClosed = false;
  const calls: FakeCall[] = [];
  const listeners = { change: new Set<(status: SessionStatus) => void>(), exchange: new Set<ExchangeListener>() };

  function status(): SessionStatus {
    const { issuedAt, accessExpiresAt, refreshExpiresAt } = current ?? {};
    const state = current && { tokens: current, ...(ended && { ended }) };
    return {
      phase: phaseOf(state, Date.now(), refreshMargin),
      refreshing: false,
      ...(issuedAt !== undefined && { issuedAt }),
      ...(accessExpiresAt !== undefined && { accessExpiresAt }),
      ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
      ...(account !== undefined && current !== undefined && { account }),
      ...(lastError && { lastError }),
    };
  }

  function change(): void {
    for (const listener of [...listeners.change]) listener(status());
  }

  // Asynchronous, because a session reports every failure as a rejection.
  async function enter(call: FakeCall, { signal }: CallOptions = {}): Promise<void> {
    await Promise.resolve();
    if (isClosed)
      throw new PartnerAuthError('closed', 'The session object was closed. Open a new one with openSession().');
    if (signal?.aborted === true) throw new PartnerAuthError('aborted', 'The call was aborted by its signal.');
    calls.push(call);
    failAs(call.method);
  }

  function failAs(method: FakeMethod): void {
    const error = failureOf(failures, method);
    if (error === undefined) return;
    lastError = error;
    if (isEnd(error)) ended = error;
    change();
    throw error;
  }

  function renew(): TokenSet {
    current = waiting.shift() ?? current ?? tokenSet('fake-access-token');
    ended = undefined;
    lastError = undefined;
    change();
    return current;
  }

  /** The current tokens, refreshed first if they have expired. */
  function usableTokens(minValidity = 0): TokenSet {
    if (current === undefined) throw new PartnerAuthError('signedOut', 'Nobody is signed in. Sign in with login().');
    if (isUsable(current, Date.now(), minValidity * 1000)) return current;
    if (ended !== undefined) throw ended;
    failAs('refresh');
    return renew();
  }

  async function respondTo(method: FakeMethod, path: string, argument: RequestOptions & CallOptions) {
    await enter({ method, path, argument }, argument);
    usableTokens();
    return fakeResponse(await respond(path, argument));
  }

  function close(): Promise<void> {
    isClosed = true;
    return Promise.resolve();
  }

  return {
    get status() {
      return status();
    },
    calls,
    login: async (credentials, callOptions) => {
      await enter({ method: 'login', argument: credentials }, callOptions);
      renew();
    },
    ensureSignedIn: async (source, callOptions) => {
      await enter({ method: 'ensureSignedIn', argument: source }, callOptions);
      if (!['valid', 'due'].includes(status().phase)) renew();
    },
    adopt: async (adopted, callOptions) => {
      await enter({ method: 'adopt', argument: adopted }, callOptions);
      renew();
    },
    refresh: async (callOptions) => {
      await enter({ method: 'refresh' }, callOptions);
      if (current === undefined) throw new PartnerAuthError('signedOut', 'Nobody is signed in. Sign in with login().');
      renew();
    },
    accessToken: async (callOptions: AccessTokenOptions = {}) => {
      await enter({ method: 'accessToken', argument: callOptions }, callOptions);
      return usableTokens(callOptions.minValidity).accessToken;
    },
    request: async <T>(path: string, requestOptions: RequestOptions & CallOptions = {}) =>
      (await respondTo('request', path, requestOptions)) as PartnerResponse<T>,
    stream: async (path, requestOptions = {}) => {
      const { bytes, body: _body, text: _text, ...start } = await respondTo('stream', path, requestOptions);
      return { ...start, body: new Blob([new Uint8Array(bytes)]).stream() };
    },
    fetch: async (input, init) => {
      const request = new Request(typeof input === 'string' ? new URL(input, 'http://fake.invalid') : input, init);
      const { pathname, search } = new URL(request.url);
      const body = request.body === null ? {} : { body: await request.text() };
      const method = request.method as NonNullable<RequestOptions['method']>;
      const headers = Object.fromEntries(request.headers);
      const response = await respondTo('fetch', pathname + search, { method, headers, ...body });
      const isEmpty = [204, 205, 304].includes(response.status);
      return new Response(isEmpty ? null : response.text, {
        status: response.status,
        headers: Object.entries(response.headers).flatMap(([name, values = []]) =>
          [values].flat().map((value): [string, string] => [name, value]),
        ),
      });
    },
    configure: () => undefined,
    signOut: async () => {
      await enter({ method: 'signOut' });
      current = undefined;
      ended = undefined;
      change();
      return { revoked: true };
    },
    on(event: 'change' | 'exchange', listener: ((status: SessionStatus) => void) & ExchangeListener) {
      const set: Set<typeof listener> = listeners[event] as Set<typeof listener>;
      set.add(listener);
      return () => void set.delete(listener);
    },
    close,
    [Symbol.asyncDispose]: close,
    fail: (next) => void (failures = checkFailures(next)),
    emit: (_event, exchange) => {
      for (const listener of [...listeners.exchange]) listener(exchange);
    },
  };
}

type ExchangeListener = (exchange: AuthExchange) => void;

function tokenSet(tokens: FakeTokens): TokenSet {
  const given = typeof tokens === 'string' ? { accessToken: tokens } : tokens;
  return { issuedAt: Date.now(), refreshToken: 'fake-refresh-token', ...given };
}

function failureOf(failures: FakeFailures | undefined, method: FakeMethod): PartnerAuthError | undefined {
  const isOne = typeof failures === 'string' || failures instanceof PartnerAuthError;
  const failure = isOne ? failures : failures?.[method];
  return typeof failure === 'string' ? new PartnerAuthError(failure, `A fake failure: ${failure}.`) : failure;
}

/** @throws TypeError for a method or code that does not exist. */
function checkFailures(failures: FakeFailures | undefined): FakeFailures | undefined {
  if (failures === undefined || failures instanceof PartnerAuthError) return failures;
  if (typeof failures === 'object') assertKnownKeys('fail', failures, methods);
  for (const failure of typeof failures === 'object' ? Object.values(failures) : [failures]) {
    if (typeof failure === 'string' && !errorCodes.includes(failure))
      throw new TypeError('fail must be an error code, a PartnerAuthError, or one of them for each method.');
  }
  return failures;
}

function isEnd({ code }: PartnerAuthError): boolean {
  return code === 'sessionEnded' || code === 'refreshInterrupted' || code === 'accountUnavailable';
}
