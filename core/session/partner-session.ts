import type { AuthExchange } from '../exchange/auth-exchange.ts';
import type { PartnerResponse, StreamedResponse } from '../exchange/partner-response.ts';
import type { SessionChanges } from './options.ts';
import type { RequestOptions } from './request/check-request.ts';
import type { AdoptedTokens } from './sign-in/adopt.ts';
import type { CredentialsOf, Partner } from './partner-types.ts';
import type { CredentialsSource } from './sign-in/credentials.ts';
import type { EnsureSignedInOptions } from './sign-in/ensure-signed-in.ts';
import type { SignOutResult } from './sign-in/sign-out.ts';
import type { SessionStatus } from './state.ts';
import type { AccessTokenOptions, CallOptions, TokenSource } from './token-source.ts';

/** Options of `close()`. */
export interface CloseOptions {
  /** How long to wait for calls in flight, in ms from 0 to 86,400,000 (a day). Default 5,000 (5 seconds). */
  readonly drain?: number | undefined;
}

/**
 * A session with one partner: logs in, refreshes tokens when they are due and makes calls. `openSession()` opens one;
 * `fakeSession()` of `partner-auth/testing`, or an object of your own, takes its place in tests.
 *
 * `P` is the partner, by which `login()` knows its credentials. Without it, any object of strings is accepted.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any session can be passed where the partner is not known
export interface PartnerSession<P extends Partner = any> extends TokenSource, AsyncDisposable {
  /** A snapshot of the session, without secrets and without I/O. */
  readonly status: SessionStatus;

  /**
   * Signs in and replaces the stored session. After an error `oneTimeCodeRequired`, call it again with the code alone
   * (`login({ otp })`). The code may also be passed together with the credentials.
   *
   * @throws PartnerAuthError `configuration`, `invalidCredentials`, `oneTimeCodeRequired`, `invalidOneTimeCode`,
   * `captchaRequired`, `accountUnavailable`, `store` (signed in, but not saved), or any error of an exchange.
   */
  login(credentials: CredentialsOf<P>, options?: CallOptions): Promise<void>;

  /**
   * Signs in only if there is no usable session: any number of concurrent calls, in all processes and threads with one store,
   * make one login. An access token that has expired is refreshed. `credentials` may be a function, which is called only if
   * a login is required.
   *
   * A session of another account is never replaced without `replace: true`. It is recognized by the credential that the
   * partner definition marks as the account; where a function is passed, only when it has been called.
   *
   * @throws PartnerAuthError as `login()`, `configuration` if the session is that of another account, `lock`, or an error of
   * the refresh, such as `network`.
   */
  ensureSignedIn(credentials: CredentialsSource<P>, options?: EnsureSignedInOptions): Promise<void>;

  /**
   * Signs in with a refresh token that another program was issued, such as a browser in which the account signs in by passkey.
   * The token is proven by a refresh at once, before anything is replaced; if that fails, the stored session stays as it
   * was. The program that the token was copied from may be signed out by it.
   *
   * Of several programs with one store that adopt the same token at the same time, one sends it, and the others use its
   * session.
   *
   * @throws PartnerAuthError `configuration`, `sessionEnded` if the partner refuses the token, `refreshInterrupted` if an
   * earlier attempt with it got no response, `accountUnavailable`, `lock`, `store`, or any error of an exchange.
   * @throws TypeError for an unknown field.
   */
  adopt(tokens: AdoptedTokens, options?: CallOptions): Promise<void>;

  /**
   * Refreshes the tokens: joins a refresh in flight, adopts the tokens that another process has just received, or calls
   * the partner. Fails without a call while the partner has stated to wait, up to an hour.
   *
   * If the session has ended because the partner refused the refresh token (`status.refused`), asks with it once more, at
   * most once a second: a partner may refuse everything while its database is away. If it is granted, the session continues.
   *
   * @throws PartnerAuthError `signedOut`, `sessionEnded`, `refreshInterrupted`, `accountUnavailable`, `store`, `lock`,
   * or an error of any exchange, such as `network`. Only after the first four may a new login be required.
   */
  refresh(options?: CallOptions): Promise<void>;

  /**
   * Resolves with an access token that is valid for at least `minValidity` seconds, refreshed first if it is due. If
   * the refresh fails, a current token that is valid for that long is returned anyway. If the partner's tokens have a
   * shorter lifetime than `minValidity`, one refresh is made and its token is returned until half of its lifetime has
   * passed. After failures, calls fail with the last error without asking the partner, for 1 second and up to 60 seconds,
   * or as long as the partner states, up to an hour.
   *
   * @throws PartnerAuthError as `refresh()`.
   * @throws TypeError if `minValidity` is not a number from 0.
   */
  accessToken(options?: AccessTokenOptions): Promise<string>;

  /**
   * Makes a protected call to a path below the base URL, with the access token, the partner's headers, and the payload
   * encoded as the partner requires. If the partner refuses the token, it is refreshed once, unless it was replaced
   * meanwhile, and the call is repeated once. Resolves with the response, also if the partner returned an error; so does a
   * refusal of the fresh token, or one whose refresh failed in another way than those below.
   *
   * @throws PartnerAuthError as `accessToken()`, `cipher` if the response cannot be decrypted, or if there is none. If the
   * partner refused the token and the session has ended: `sessionEnded`, `refreshInterrupted`, `accountUnavailable`, or
   * `signedOut` if another process signed out.
   * @throws TypeError for a method, path, header or other option that is not allowed, a GET with a payload or body, or a
   * value that cannot be sent.
   */
  request<T = unknown>(path: string, options?: RequestOptions & CallOptions): Promise<PartnerResponse<T>>;

  /**
   * Makes a protected call as `request()`, and resolves as soon as the response begins: its body is a stream, so that it may
   * be of any size. Only a response that may be JSON is read up to 1 MiB first, because it may be an error, and an encrypted
   * one to its end. `timeout` then limits the wait for each piece of the body, and `signal` ends the reading too.
   *
   * @throws as `request()`.
   */
  stream(path: string, options?: RequestOptions & CallOptions): Promise<StreamedResponse>;

  /**
   * The `fetch()` of the web platform for clients that accept one, such as those that are generated from an OpenAPI
   * document: `request()` with its signature. URLs must be below `apiUrl` or else `baseUrl`, or start with a slash. For a partner that takes
   * encrypted payloads, a body of text is encrypted, and the response is the decrypted one. Redirects are not followed.
   *
   * @throws PartnerAuthError as `request()`; the reason of the signal if that aborts the call.
   * @throws TypeError for a URL that is not below `baseUrl`, or a header that the session sets.
   */
  readonly fetch: typeof globalThis.fetch;

  /**
   * Changes options of the open session, with the ranges of `openSession()`; what is omitted stays. Takes effect at once:
   * with `autoRefresh`, tokens that are due by the new margin are refreshed now.
   *
   * @throws PartnerAuthError `configuration` for a value out of range, `closed`.
   * @throws TypeError for another option.
   */
  configure(changes: SessionChanges): void;

  /**
   * Removes the session from this process and from the store, then notifies the partner if it has a logout call.
   * Resolves with whether the partner confirmed it, and if not, with why, until when it may accept the refresh token, and
   * a function that tries again. The session is removed in any case.
   *
   * @throws PartnerAuthError `store` or `lock` if other processes that share the store may still have the session.
   */
  signOut(): Promise<SignOutResult>;

  /**
   * Calls `listener` with each change of `status`. Returns an unsubscribe function. A listener that throws, or returns a
   * promise that rejects, is logged and affects nothing else.
   */
  on(event: 'change', listener: (status: SessionStatus) => void): () => void;
  /**
   * Calls `listener` with each login, refresh and logout as it was sent and received. Its secrets are masked unless
   * `reveal` is true (default false). Otherwise as for `change`.
   */
  on(
    event: 'exchange',
    listener: (exchange: AuthExchange) => void,
    options?: {
      /** Default false. */
      readonly reveal?: boolean | undefined;
    },
  ): () => void;

  /**
   * Waits for calls in flight, and for bodies of `stream()` and `fetch` that are being read, up to `drain` ms; then these
   * fail with code `closed`, which is not retryable. New calls fail with it at once. Always waits for a refresh in flight,
   * whose new tokens would be lost otherwise, and tries once more to save tokens that could not be saved. Closes timers,
   * watchers and connections. A program that serves requests stops its server first.
   *
   * @throws TypeError for a `drain` out of range.
   */
  close(options?: CloseOptions): Promise<void>;
}
