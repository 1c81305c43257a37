/**
 * Why a call failed. Stable: a `switch` over `error.code` stays exhaustive within a major version.
 *
 * | code | what happened |
 * | --- | --- |
 * | `configuration` | a setting or credential is missing or invalid; `setting` names it; nothing was sent, or the partner reports it |
 * | `invalidCredentials` | the partner refused the credentials |
 * | `oneTimeCodeRequired` | the password was accepted; call `login({ otp })` next |
 * | `invalidOneTimeCode` | the one-time code was refused or has expired |
 * | `captchaRequired` | the partner requires a captcha; `challenge` has its image and ticket, if it is a picture |
 * | `accountUnavailable` | the account is blocked, not activated or deleted |
 * | `signedOut` | there is no session; call `login()` |
 * | `sessionEnded` | the partner refused the refresh token; sign in again, or call `refresh()` to ask it once more. Or there is none, and the access token has expired or was refused |
 * | `refreshInterrupted` | an earlier refresh got no response and its refresh token is now refused; sign in again |
 * | `cipher` | a ciphertext could not be decrypted; the reason is withheld on purpose |
 * | `network` | the partner could not be reached, or the connection broke |
 * | `timeout` | no complete response before the deadline |
 * | `tls` | the partner's certificate is not trusted, expired, or for another host |
 * | `rateLimited` | the partner limits the number of calls (HTTP 429); `retryAfter` is how long to wait, if it states it |
 * | `partnerUnavailable` | HTTP 5xx, or the partner's own code for a failure on its side |
 * | `partnerRefused` | the partner returned an error that no rule of its definition matches |
 * | `invalidResponse` | the response does not match the partner definition; `retryable` if a gateway or proxy may have sent it |
 * | `redirect` | the partner returned a redirect; redirects are never followed |
 * | `responseTooLarge` | the response is larger than 1 MiB, or than `maxResponseSize` for a protected call |
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

/** A captcha for the user to solve: show `image`, and pass its text together with `ticket` to the next `login()`. */
export interface CaptchaChallenge {
  /** A picture with text. */
  readonly kind: 'captcha';
  /** The image as a `data:` URL. */
  readonly image: string;
  /** Identifies the captcha; valid once. */
  readonly ticket: string;
}

/** What a `PartnerAuthError` has in addition to its code and message. */
export interface PartnerAuthErrorDetails {
  /** Whether the same call may succeed later without any change. Default: depends on the error code. */
  readonly retryable?: boolean | undefined;
  /** HTTP status of the partner's response. */
  readonly status?: number | undefined;
  /** The partner's id of the failed request, to be quoted to its support. */
  readonly correlationId?: string | undefined;
  /** Path of the option, credential or definition field to change, such as `cipher.key`. */
  readonly setting?: string | undefined;
  /** How long the partner asks to wait, in seconds. */
  readonly retryAfter?: number | undefined;
  /** Present with `captchaRequired` if the captcha is a picture. */
  readonly challenge?: CaptchaChallenge | undefined;
  /** True if the response is not in the partner's own form, so that a gateway or proxy may have sent it. */
  readonly foreign?: true | undefined;
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
 * The only error class of this package. Safe to log as a whole: its message and properties contain no token, password,
 * key or ciphertext, and it has no `cause`.
 */
export class PartnerAuthError extends Error {
  /** The same for all errors of this package. */
  override readonly name = 'PartnerAuthError';
  /** What happened. Stable across versions. */
  declare readonly code: PartnerAuthErrorCode;
  /** Whether the same call may succeed later without any change. */
  declare readonly retryable: boolean;
  /** HTTP status of the partner's response. */
  declare readonly status?: number;
  /** The partner's id of the failed request, to be quoted to its support. */
  declare readonly correlationId?: string;
  /** Path of the option, credential or definition field to change, such as `cipher.key`. */
  declare readonly setting?: string;
  /** How long the partner asks to wait, in seconds. */
  declare readonly retryAfter?: number;
  /** Present with `captchaRequired` if the captcha is a picture. */
  declare readonly challenge?: CaptchaChallenge;
  /** True if the response is not in the partner's own form, so that a gateway or proxy may have sent it. */
  declare readonly foreign?: true;

  constructor(code: PartnerAuthErrorCode, message: string, details: PartnerAuthErrorDetails = {}) {
    super(message);
    const { retryable = retryableCodes.has(code), ...rest } = details;
    // Not writable: a session decides by them after its listeners have received the error.
    for (const [name, value] of Object.entries({ code, retryable, ...rest })) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
    Object.defineProperty(this, brand, { value: true });
  }

  /** Keeps the message in JSON logs, since `JSON.stringify` skips the non-enumerable `message` of an error. */
  toJSON(): Record<string, unknown> {
    return { ...(this as Record<string, unknown>), message: this.message };
  }
}

/** Whether `value` is a `PartnerAuthError`, including one of another copy of this package or another realm. */
export function isPartnerAuthError(value: unknown): value is PartnerAuthError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** The error for a setting that is missing or invalid. */
export function configurationError(setting: string, message: string): PartnerAuthError {
  return new PartnerAuthError('configuration', message, { setting });
}
