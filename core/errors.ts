/**
 * Why a call failed. Stable: a `switch` over `error.code` stays exhaustive within a major version.
 *
 * | code | what happened |
 * | --- | --- |
 * | `configuration` | a setting or credential is missing or wrong; `setting` names it; nothing was sent |
 * | `invalidCredentials` | the partner refused the credentials |
 * | `oneTimeCodeRequired` | the password was right; call `login({ otp })` next |
 * | `invalidOneTimeCode` | the one-time code was refused or came too late |
 * | `captchaRequired` | the partner wants a captcha; `challenge` carries its picture and ticket |
 * | `accountUnavailable` | the account is blocked, not activated or gone |
 * | `signedOut` | there is no session; call `login()` |
 * | `sessionEnded` | the partner refused the refresh token; only a new login helps |
 * | `refreshInterrupted` | an earlier refresh got no answer and its refresh token is now refused; sign in again |
 * | `cipher` | a ciphertext could not be decrypted; deliberately says no more |
 * | `network` | the partner could not be reached, or the connection broke |
 * | `timeout` | no complete answer within the deadline |
 * | `tls` | the partner's certificate is not trusted, expired, or for another host |
 * | `rateLimited` | HTTP 429; `retryAfter` says how long to wait, where the partner does |
 * | `partnerUnavailable` | HTTP 5xx, or the partner's own code for trouble on its side |
 * | `partnerRefused` | the partner answered with an error that no rule of its definition explains |
 * | `invalidAnswer` | the answer is not what the partner definition says |
 * | `redirect` | the partner answered with a redirect, which is never followed with credentials |
 * | `answerTooLarge` | the answer is over 1 MiB |
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
  'invalidAnswer',
  'redirect',
  'answerTooLarge',
  'store',
  'lock',
  'aborted',
  'closed',
] as const;

/** What a captcha needs from a person: show `image`, send the text back as `captcha` together with `ticket`. */
export interface CaptchaChallenge {
  readonly kind: 'captcha';
  /** A `data:` address of the picture. */
  readonly image: string;
  readonly ticket: string;
}

export interface PartnerAuthErrorDetails {
  /** Whether the same call may succeed later without any change. Default: decided by the code. */
  readonly retryable?: boolean;
  /** HTTP status of the partner's answer. */
  readonly status?: number | undefined;
  /** The partner's own id of the failed request, to quote in a support mail. */
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

  /** What `JSON.stringify` shows: without it an error is `{}` and its message is lost in JSON logs. */
  toJSON(): Record<string, unknown> {
    return { ...(this as Record<string, unknown>), message: this.message };
  }
}

/** True for a `PartnerAuthError` of any copy of this package, also across realms and bundles. */
export function isPartnerAuthError(value: unknown): value is PartnerAuthError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** Shorthand for the commonest mistake: a setting that is missing or wrong. */
export function configurationError(setting: string, message: string): PartnerAuthError {
  return new PartnerAuthError('configuration', message, { setting });
}
