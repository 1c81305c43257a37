import type { PartnerAuthErrorCode } from '../lib/errors.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = Readonly<Record<string, JsonValue>>;

/**
 * All that differs between partners, as plain JSON. Field names inside answers are paths with dots (`data.token`).
 * Check one with `definePartner()`.
 */
export interface PartnerDefinition {
  /** Stable name: lower-case letters, digits and dashes, starting with a letter. */
  readonly id: string;
  /** The name that users read. */
  readonly label: string;
  /** Known servers, offered to users; the session's own `baseUrl` decides. */
  readonly baseUrls?: readonly { readonly label: string; readonly url: string }[];
  /** Sent with every call. `{partnerCode}` stands for the session's partner code, which is then required. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How payloads of login, refresh and logout travel. */
  readonly body: BodyForm;
  /** How payloads of protected calls travel. Default: as `body`. */
  readonly requestBody?: BodyForm;
  readonly credentials: readonly CredentialField[];
  readonly login: AuthCall;
  readonly refresh: AuthCall & {
    /** Payload field that carries the refresh token. */
    readonly tokenField: string;
  };
  /** Tells the partner that the session is over. Without it, signing out forgets the tokens locally. */
  readonly logout?: AuthCall & { readonly tokenField: string };
  readonly oneTimeCode?: OneTimeCodeStep;
  readonly captcha?: CaptchaStep;
  readonly response: ResponseShape;
  /** Read in order, the first that fits decides. Without a fit the HTTP status does. */
  readonly errors?: readonly ErrorRule[];
  /** A protected call that shows a token at work. */
  readonly example?: ExampleCall;
}

export type BodyForm =
  | { readonly form: 'json' }
  | { readonly form: 'multipart' }
  /** The payload encrypted in one field of an envelope; the session then needs `cipher` settings. */
  | EncryptedBody;

export interface EncryptedBody {
  readonly form: 'encrypted';
  /** Field of the envelope that carries the ciphertext. A random IV of its own goes to the field that `cipher.iv` names. */
  readonly field: string;
  /** What is encrypted: JSON text, or a query string (`a=1&b=2`) of the payload's fields. Default `json`. */
  readonly payload?: 'json' | 'query';
  /** How the envelope travels: as a JSON object or as form fields (`application/x-www-form-urlencoded`). Default `json`. */
  readonly envelope?: 'json' | 'form';
  /** Constant fields of the envelope beside the ciphertext. `{partnerCode}` stands for the session's partner code. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface CredentialField {
  /** Its name on the wire. */
  readonly name: string;
  readonly label: string;
  /** Masked when typed, kept out of settings, logs and state. */
  readonly secret?: boolean;
  /** Default true. */
  readonly required?: boolean;
  /** Its value names the signed-in account to the user. */
  readonly account?: boolean;
}

export interface AuthCall {
  /** Default `POST`. */
  readonly method?: HttpMethod;
  /** Path below the base URL. */
  readonly path: string;
  /** Constant fields of the payload, such as `grant_type`. */
  readonly extraFields?: JsonObject;
  /** Where the token fields stand in this call's answer. Default: at its top. */
  readonly tokensIn?: string;
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Login goes on with a one-time code after an error rule said `oneTimeCodeRequired`. */
export interface OneTimeCodeStep extends AuthCall {
  /** Where that answer holds the id of the half-finished login. */
  readonly sessionIn: string;
  readonly sessionField: string;
  /** Also the credential field by which `login()` takes the code. */
  readonly codeField: string;
  /** How long the half-finished login lives, in seconds. */
  readonly lifetime: number;
}

/** Fetched after an error rule said `captchaRequired`, and handed to the caller in the error. */
export interface CaptchaStep {
  /** A GET below the base URL. */
  readonly path: string;
  readonly imageIn: string;
  readonly ticketIn: string;
  /** Credential fields of the next login that carry what the person read, and the ticket. */
  readonly textField: string;
  readonly ticketField: string;
}

export interface ResponseShape {
  /** What a successful answer holds besides an HTTP status of 2xx. */
  readonly success?: { readonly field: string; readonly equals: string | number | boolean };
  /**
   * The field of the answer that holds the real answer, encrypted with the session's cipher; where the cipher's IV has a
   * field of its own, it stands beside it.
   */
  readonly encryptedIn?: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Where it is absent or absurd, the token's own `exp` counts. */
  readonly accessExpiry?: ExpiryField;
  readonly refreshExpiry?: ExpiryField;
  /** The partner's own error code. */
  readonly code?: string;
  /** The partner's error text. */
  readonly message?: string;
  readonly correlationId?: string;
}

/** `seconds`: a lifetime, counted from when the request was sent; `rfc3339`: a moment, with zone. */
export interface ExpiryField {
  readonly field: string;
  readonly unit: 'seconds' | 'rfc3339';
}

export type CallKind = 'login' | 'oneTimeCode' | 'refresh' | 'logout' | 'request';

/** All conditions that are given must hold. */
export interface ErrorRule {
  /** Default: every call. */
  readonly on?: readonly CallKind[];
  readonly status?: number;
  /** Compared with the value at `answer.code`. */
  readonly code?: string | number;
  /** Compared with the whole text at `answer.message`. */
  readonly message?: string;
  /** `tokenRefused`: the access token of a protected call is not accepted (any more); the session refreshes once. */
  readonly is: PartnerAuthErrorCode | 'tokenRefused';
  /** The setting to look at, for the error. `cipher` says that the partner could not decrypt the payload. */
  readonly setting?: string;
}

export interface ExampleCall {
  readonly method: HttpMethod;
  readonly path: string;
  readonly payload?: JsonObject;
  /** False where it changes something at the partner, such as sending a mail. */
  readonly safe: boolean;
}
