/**
 * Why a call failed. Stable: a `switch` over `error.code` stays exhaustive within a major version.
 *
 * | code | what happened |
 * | --- | --- |
 * | `configuration` | a setting or credential is missing or wrong; `setting` names it; nothing was sent |
 * | `invalidCredentials` | the partner refused the credentials |
 * | `oneTimeCodeRequired` | the password was accepted; call `login({ otp })` next |
 * | `invalidOneTimeCode` | the one-time code was refused or has expired |
 * | `captchaRequired` | the partner requires a captcha; `challenge` has its picture and ticket |
 * | `accountUnavailable` | the account is blocked, not activated or deleted |
 * | `signedOut` | there is no session; call `login()` |
 * | `sessionEnded` | the partner refused the refresh token; only a new login helps |
 * | `refreshInterrupted` | an earlier refresh got no response and its refresh token is now refused; sign in again |
 * | `cipher` | a ciphertext could not be decrypted; deliberately says no more |
 * | `network` | the partner could not be reached, or the connection broke |
 * | `timeout` | no complete response before the deadline |
 * | `tls` | the partner's certificate is not trusted, expired, or for another host |
 * | `rateLimited` | HTTP 429; `retryAfter` is how long to wait, if the partner says |
 * | `partnerUnavailable` | HTTP 5xx, or the partner's own code for a failure on its side |
 * | `partnerRefused` | the partner returned an error that no rule of its definition explains |
 * | `invalidResponse` | the response is not what the partner definition describes |
 * | `redirect` | the partner returned a redirect, which is never followed with credentials |
 * | `responseTooLarge` | the response is over 1 MiB |
 * | `store` | the session could not be read or saved |
 * | `lock` | another process held the session's lock for too long |
 * | `aborted` | the caller's `AbortSignal` fired |
 * | `closed` | the session object was closed |
 */
export type PartnerAuthErrorCode = (typeof errorCodes)[number];

export const errorCodes = [
  'configuration',
  'invalidCredentials',
  'oneTimeCodeRequired',
  'invalidOneTimeCode',
  'captchaRequired',
  'accountUnavailable',
  'signedOut',
  'sessionEnded',
  'refreshInterrupted',
  'cipher',
  'network',
  'timeout',
  'tls',
  'rateLimited',
  'partnerUnavailable',
  'partnerRefused',
  'invalidResponse',
  'redirect',
  'responseTooLarge',
  'store',
  'lock',
  'aborted',
  'closed',
] as const;

/** What a captcha needs from a person: show `image`, and send its text with `ticket` in the next login. */
export interface CaptchaChallenge {
  readonly kind: 'captcha';
  /** The picture as a `data:` URL. */
  readonly image: string;
  readonly ticket: string;
}

export interface PartnerAuthErrorDetails {
  /** Whether the same call may succeed later without any change. Default: depends on the code. */
  readonly retryable?: boolean;
  /** HTTP status of the partner's response. */
  readonly status?: number | undefined;
  /** The partner's own id of the failed request, to quote to its support. */
  readonly correlationId?: string | undefined;
  /** The option, credential or definition field to change, as a path such as `cipher.key`. */
  readonly setting?: string | undefined;
  /** Seconds that the partner asks to wait. */
  readonly retryAfter?: number | undefined;
  readonly challenge?: CaptchaChallenge | undefined;
}

const retryableCodes: ReadonlySet<PartnerAuthErrorCode> = new Set([
  'network',
  'timeout',
  'rateLimited',
  'partnerUnavailable',
  'lock',
  'store',
]);

const brand = Symbol.for('partner-auth.error');

/**
 * The one error class of this package. Safe to log whole: message and properties hold no token, password, key or
 * ciphertext, and no foreign error hangs below it.
 */
export class PartnerAuthError extends Error {
  override readonly name = 'PartnerAuthError';
  readonly code: PartnerAuthErrorCode;
  readonly retryable: boolean;
  declare readonly status?: number;
  declare readonly correlationId?: string;
  declare readonly setting?: string;
  declare readonly retryAfter?: number;
  declare readonly challenge?: CaptchaChallenge;

  constructor(code: PartnerAuthErrorCode, message: string, details: PartnerAuthErrorDetails = {}) {
    super(message);
    this.code = code;
    const { retryable = retryableCodes.has(code), ...rest } = details;
    this.retryable = retryable;
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
    Object.defineProperty(this, brand, { value: true });
  }

  /** What `JSON.stringify` shows: without it an error is `{}`, and its message is lost in JSON logs. */
  toJSON(): Record<string, unknown> {
    return { ...(this as Record<string, unknown>), message: this.message };
  }
}

/** True for a `PartnerAuthError` of any copy of this package, across realms and bundles too. */
export function isPartnerAuthError(value: unknown): value is PartnerAuthError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** Shorthand for the most common mistake: a setting that is missing or wrong. */
export function configurationError(setting: string, message: string): PartnerAuthError {
  return new PartnerAuthError('configuration', message, { setting });
}
