import type { PartnerAuthErrorCode } from '../lib/errors.ts';

/** A value that JSON can represent. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
/** An object that JSON can represent. */
export type JsonObject = Readonly<Record<string, JsonValue>>;

/**
 * Everything that differs between partners, as plain JSON. Fields of responses are names joined by dots (`data.token`), where
 * a number is an index of a list (`errors.0.code`); or `header:X-Token`, `cookie:refresh_token`, or `body:` for the whole
 * body as text. Check a definition with `definePartner()`.
 */
export interface PartnerDefinition {
  /** Stable identifier of up to 64 lower-case letters, digits and dashes, starting with a letter. */
  readonly id: string;
  /** The name that is shown to users, of up to 80 characters. */
  readonly label: string;
  /** Known servers to choose from. A session uses its own `baseUrl`. */
  readonly baseUrls?: readonly {
    /** Its name for users, such as `Production`. */
    readonly label: string;
    /** As `baseUrl` of a session. */
    readonly url: string;
  }[];
  /**
   * Headers of every call. `{partnerCode}` is replaced with the session's partner code, which is then required.
   * `Content-Type` replaces that of the body, unless a body is multipart. The token header and the headers of the connection
   * are refused.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** How the payloads of login, refresh and logout are encoded. */
  readonly body: BodyForm;
  /** Where the access token of protected calls is. Default: `Authorization: Bearer {accessToken}`. */
  readonly tokenHeader?: TokenHeader;
  /**
   * How the option `client` of a session is sent, which is then required: its id and secret as a client of an OAuth 2.0 server.
   * They go with login, one-time code, refresh and logout, never with protected calls.
   */
  readonly client?: ClientRule;
  /** How the payloads of protected calls are encoded. Default: as `body`. */
  readonly requestBody?: BodyForm;
  /** How the query of protected calls is sent. Default: as it is, in the URL. */
  readonly requestQuery?: EncryptedQuery;
  /**
   * The fields of `login()`. May be empty if there is a `client`. Where the body is JSON, a name is a path: `user.email` is the
   * field `email` in the object `user`.
   */
  readonly credentials: readonly CredentialField[];
  /** The call that signs in. */
  readonly login: AuthCall;
  /**
   * How a session gets its next access token. `'login'`: by signing in again, with the session option `credentials`, or with
   * nothing more than the session's other options if no credential is required. Without it, a session has one access token,
   * and ends with it.
   */
  readonly refresh?: RefreshCall | 'login';
  /** Ends the session at the partner. Without it, signing out only discards the tokens locally. */
  readonly logout?: LogoutCall;
  /** How a one-time code is sent, if the partner may require one. */
  readonly oneTimeCode?: OneTimeCodeStep;
  /** How the picture of a captcha is requested, if the partner may require one. */
  readonly captcha?: CaptchaStep;
  /** Where responses hold what the session reads. */
  readonly response: ResponseShape;
  /**
   * Tried in order for each response without the success marker, whatever its HTTP status; the first match decides.
   * Without a match, the HTTP status decides.
   *
   * A rule matches only responses in the partner's own form: JSON with the field of `response.success`, `response.code`
   * or `response.message`, or an encrypted response. If `response` has none of these, JSON of any form or no body. Other
   * responses, such as a gateway's, end no session and refuse no credentials. Only `tokenRefused`, and a rule with the setting
   * `baseUrl`, match those too.
   */
  readonly errors?: readonly ErrorRule[];
  /**
   * The calls other than GET that change nothing at the partner, such as queries that are made with POST: a method and a path
   * below the base URL, in which `*` is one segment and `/**` at the end any rest.
   */
  readonly safe?: readonly string[];
  /** A protected call to try an access token with. */
  readonly example?: ExampleCall;
}

/** A header with the access token. */
export interface TokenHeader {
  /** Of the header, such as `X-Auth`. */
  readonly name: string;
  /** `{accessToken}` is replaced, which must be in it once. */
  readonly value: string;
}

/** How an OAuth 2.0 client identifies itself (RFC 6749 section 2.3.1). */
export interface ClientRule {
  /** `basic`: in the header `Authorization`. `body`: in the fields of the payload. */
  readonly send: 'basic' | 'body';
  /** The payload field for the id. Default `client_id`. */
  readonly idField?: string;
  /** The payload field for the secret. Default `client_secret`. */
  readonly secretField?: string;
}

/** How a payload is encoded into a request body. */
export type BodyForm =
  | {
      /** JSON, `application/json`. */
      readonly form: 'json';
    }
  | {
      /** A multipart form, `multipart/form-data`. */
      readonly form: 'multipart';
    }
  | {
      /** Form fields, `application/x-www-form-urlencoded`, as OAuth 2.0 requires (RFC 6749). */
      readonly form: 'urlencoded';
    }
  /** The payload is encrypted; the session then requires `cipher` settings. */
  | EncryptedBody;

/** A body whose payload is encrypted with the session's cipher. */
export type EncryptedBody = EncryptedEnvelope | EncryptedText;

/** An envelope with the encrypted payload in one of its fields. */
export interface EncryptedEnvelope {
  /** The payload is encrypted. */
  readonly form: 'encrypted';
  /** The envelope's field for the ciphertext. The one for the IV, if there is one, is named by `cipher.iv`. */
  readonly field: string;
  /** What is encrypted: JSON, or a query string (`a=1&b=2`) of the payload's fields. Default `json`. */
  readonly payload?: 'json' | 'query';
  /** How the envelope is sent: as JSON or as form fields (`application/x-www-form-urlencoded`). Default `json`. */
  readonly envelope?: 'json' | 'form';
  /** Constant fields next to the ciphertext. `{partnerCode}` is replaced with the session's partner code. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** A body that is nothing but the ciphertext, as `text/plain`. No `cipher.iv` with a field of its own can be used with it. */
export interface EncryptedText {
  /** The payload is encrypted. */
  readonly form: 'encrypted';
  /** Nothing around the ciphertext. */
  readonly envelope: 'none';
  /** Of an envelope only. */
  readonly field?: undefined;
  /** As in an envelope. */
  readonly payload?: 'json' | 'query';
  /** Of an envelope only. */
  readonly fields?: undefined;
}

/** A query whose parameters, those in the path included, are encrypted into one parameter. */
export interface EncryptedQuery {
  /** The query is encrypted. */
  readonly form: 'encrypted';
  /** The parameter for the ciphertext. The one for the IV, if there is one, is named by `cipher.iv`. */
  readonly field: string;
  /** What is encrypted: the query string (`a=1&b=2`), or JSON of its fields. Default `query`. */
  readonly payload?: 'json' | 'query';
}

/** One field of the login. */
export interface CredentialField {
  /** Its name on the wire and in the credentials of `login()`. */
  readonly name: string;
  /** Its name for users. */
  readonly label: string;
  /** Masked when typed; kept out of settings, logs and state. Default false. */
  readonly secret?: boolean;
  /** Default true. */
  readonly required?: boolean;
  /** Its value identifies the signed-in account to the user. Default false. */
  readonly account?: boolean;
  /** What a prompt checks before it is sent. Default: `email` for a field named `email`, else `text`, which is anything. */
  readonly format?: 'email' | 'text';
}

/** A login, refresh or logout call. */
export interface AuthCall {
  /** `GET` only if the call sends no secret in its payload, which is then the query. Default `POST`. */
  readonly method?: HttpMethod;
  /** Path below the base URL, starting with a slash. It must not leave the base URL's own path through "..". */
  readonly path: string;
  /** Constant fields of the payload, such as `grant_type`. */
  readonly extraFields?: JsonObject;
  /**
   * The token of the session that this call sends as protected calls send the access token; not for `oneTimeCode`. A login
   * sends that of the session that it replaces, if there is one. Default: none.
   */
  readonly authorization?: 'accessToken' | 'refreshToken';
  /** How the responses to this call differ from `response` of the definition. */
  readonly response?: Partial<ResponseShape>;
  /** Path of the object with the token fields in this call's response; not for `logout`. Default: the response itself. */
  readonly tokensIn?: string;
}

/** The call that renews the tokens of a session. */
export interface RefreshCall extends AuthCall {
  /** The payload field for the refresh token. Required without `authorization` and `tokenCookie`. */
  readonly tokenField?: string;
  /** The cookie for the refresh token, which `response.refreshToken` reads as `cookie:` or elsewhere. */
  readonly tokenCookie?: string;
  /**
   * The access token is the refresh token: it is sent to get the next one, and `response.refreshToken` is not read. Such a
   * token is renewed once half of its lifetime has passed, whatever the refresh margin. It can be renewed until it expires,
   * or until `response.refreshExpiry`. Default false.
   */
  readonly sliding?: boolean;
  /**
   * A refresh does not invalidate the refresh token that it was made with, so that asking twice costs nothing: a refusal
   * counts only if it is repeated after 2 seconds. Default false.
   */
  readonly oldTokenStaysValid?: boolean;
}

/** The call that ends a session at the partner. */
export interface LogoutCall extends AuthCall {
  /**
   * The payload field for the refresh token, or for the access token if sessions have no other. Required without
   * `authorization` and `tokenCookie`.
   */
  readonly tokenField?: string;
  /** The cookie for the refresh token. */
  readonly tokenCookie?: string;
}

/** The HTTP methods of calls. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The second step of a login, after an error rule has matched with `oneTimeCodeRequired`. */
export interface OneTimeCodeStep extends AuthCall {
  /** Path of the pending login's id in the response to the first step. */
  readonly sessionIn: string;
  /** The payload field for that id. */
  readonly sessionField: string;
  /** The payload field for the code, and its name in the credentials of `login()`. */
  readonly codeField: string;
  /** How long the pending login is valid, in seconds from 1 to 86,400. */
  readonly lifetime: number;
}

/** Requests the image of a captcha after an error rule has matched with `captchaRequired`; the error's `challenge` holds it. */
export interface CaptchaStep {
  /** Path below the base URL, requested with GET. */
  readonly path: string;
  /** Path of the image in the response, a `data:` URL. */
  readonly imageIn: string;
  /** Path of the ticket in the response. */
  readonly ticketIn: string;
  /** The credential field of the next login for the text that the user read. */
  readonly textField: string;
  /** The credential field of the next login for the ticket. */
  readonly ticketField: string;
  /** For partners whose site may require a captcha that only a web page can show. */
  readonly widgets?: CaptchaWidgets;
}

/** How to find out which kind of captcha a site requires. */
export interface CaptchaWidgets {
  /** The message of the refused login if the captcha is a picture, whatever the site's configuration. */
  readonly pictureMessage?: string;
  /** Path below the base URL of the site's configuration, requested with GET. */
  readonly path: string;
  /** Path of the kind in its response. */
  readonly kindIn: string;
  /** The kinds that are a picture. */
  readonly pictures: readonly string[];
  /** The kinds that are a widget. */
  readonly kinds: Readonly<Record<string, CaptchaWidget>>;
}

/** A captcha that only a web page can show. */
export interface CaptchaWidget {
  /** Its name for users. */
  readonly label: string;
  /** The credential field of the next login for the response of the widget. */
  readonly field: string;
  /** What a program requires to show it: names for users, and where the site's configuration has their values. */
  readonly shownIn?: Readonly<Record<string, string>>;
  /** A server without the secret of this captcha responds to the login without a body. Default false. */
  readonly emptyWithoutSecret?: boolean;
  /** The message of a refusal by a server on which the settings of this captcha are not complete. */
  readonly incompleteMessage?: string;
}

/** Where a partner's responses hold what the session reads. All fields are paths; those of tokens are below `tokensIn`. */
export interface ResponseShape {
  /** What a successful response contains in addition to its 2xx status. */
  readonly success?: {
    /** Path of the success marker. */
    readonly field: string;
    /** Its value in a successful response. */
    readonly equals: string | number | boolean;
  };
  /**
   * The field with the actual response, encrypted with the session's cipher; `body:` if the body is nothing but ciphertext.
   * An IV with a field of its own is read from next to it. A response whose field is missing, empty or not a string is taken as plain; one that cannot be decrypted
   * is a `cipher` error.
   */
  readonly encryptedIn?: string;
  /** The access token. */
  readonly accessToken: string;
  /** Required if `refresh` is a call that is not `sliding`; not read otherwise. */
  readonly refreshToken?: string;
  /** The earlier of this deadline and the token's own `exp` counts. One that is missing or implausible is ignored. */
  readonly accessExpiry?: ExpiryField;
  /** As `accessExpiry`, for the refresh token. */
  readonly refreshExpiry?: ExpiryField;
  /** The partner's own error code. */
  readonly code?: string;
  /** The partner's error message. */
  readonly message?: string;
  /** The partner's id of the request. */
  readonly correlationId?: string;
}

/** A field with a lifetime or a deadline. */
export interface ExpiryField {
  /** Its path. */
  readonly field: string;
  /** The unit of its value. */
  readonly unit: ExpiryUnit;
}

/**
 * `seconds` and `milliseconds`: a lifetime, counted from when the request was sent. `epochSeconds` and
 * `epochMilliseconds`: a time since 1970-01-01 UTC. `rfc3339`: a date and time with its offset. A number may be sent as a
 * string.
 */
export type ExpiryUnit = 'seconds' | 'milliseconds' | 'epochSeconds' | 'epochMilliseconds' | 'rfc3339';

/** The calls to a partner; `request` is a protected call. */
export type CallKind = 'login' | 'oneTimeCode' | 'refresh' | 'logout' | 'request';

/** Maps an error response of the partner to an error code. All given conditions must match. */
export interface ErrorRule {
  /** The calls that the rule applies to. Default: all. */
  readonly on?: readonly CallKind[];
  /** HTTP status. */
  readonly status?: number;
  /** Compared with the value at `response.code`. */
  readonly code?: string | number;
  /** Compared with the whole string at `response.message`. */
  readonly message?: string;
  /** The error code. `tokenRefused`: the access token of a protected call is not accepted, so it is refreshed once. */
  readonly is: PartnerAuthErrorCode | 'tokenRefused';
  /**
   * The setting to check, for the error. `cipher` means that the partner may be unable to decrypt the payload. `credentials`
   * with `invalidOneTimeCode`: the pending login has ended, so that only the credentials start another.
   */
  readonly setting?: string;
  /** What to do, for users, in up to 300 characters. Default: depends on the error code. */
  readonly advice?: string;
}

/** A protected call that is offered to users as an example. */
export interface ExampleCall {
  /** Its HTTP method. */
  readonly method: HttpMethod;
  /** Path below the base URL, starting with a slash. */
  readonly path: string;
  /** Its payload. Default: none. */
  readonly payload?: JsonObject;
  /** False if it changes something at the partner, such as sending an email. */
  readonly safe: boolean;
}
