import type { BuiltInPartner } from '../../partners/index.ts';

/** A partner that every sandbox serves. */
export type SandboxPartner = BuiltInPartner;

/** A built-in partner, or the id of a definition. */
export type SandboxPartnerId = SandboxPartner | (string & {});

/** What a request was for, with the same names for all partners. */
export type SandboxCall = 'login' | 'twoFactor' | 'refresh' | 'logout' | 'captcha' | 'protected' | 'other';

/** The sandbox's verdict on a request, as a name that tests can compare. */
export type SandboxOutcome =
  | 'ok'
  | 'twoFactorRequired'
  | 'validation'
  | 'badCiphertext'
  | 'wrongPartnerCode'
  | 'wrongClient'
  | 'badCredentials'
  | 'badCaptcha'
  | 'badCode'
  | 'badToken'
  | 'expired'
  | 'replayed'
  | 'revoked'
  | 'accountNotActive'
  | 'databaseDown'
  | 'notFound'
  | 'tooLarge'
  | 'foreignHost'
  | 'foreignOrigin'
  | 'fault'
  | 'crashed';

/** How a partner's server stops before it starts again: as asked to, or killed, as by a crash or `kill -9`. */
export type SandboxRestart = 'soft' | 'hard';

/** A completely received request. */
export interface ReceivedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case, repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A partner's response before faults are applied and bytes are written. */
export interface SandboxResponse {
  readonly status: number;
  readonly outcome: SandboxOutcome;
  /** Sent as JSON unless `text` is set. */
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** The plain payload of the request, for the journal. */
  readonly payload?: unknown;
  /** Encrypts `json` before it is sent. Runs after a `rewrite` fault, so that the fault can change plain fields. */
  readonly encrypt?: (json: unknown) => unknown;
}

/** One call of a partner. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly call: SandboxCall;
  /** Distinguishes several routes with the same method and path. Called only if there are several. */
  readonly accepts?: (request: ReceivedRequest) => boolean | Promise<boolean>;
  readonly handle: (request: ReceivedRequest) => SandboxResponse | Promise<SandboxResponse>;
}

/** A partner as seen by the HTTP server: its routes and its error format. */
export interface PartnerServer {
  readonly id: SandboxPartnerId;
  /** Paths that start with it belong to this partner even if no route matches, so that a 404 has its format. */
  readonly prefix: string | undefined;
  readonly routes: readonly Route[];
  /** Returns a plain HTTP error (404, 413, 500, and the statuses of faults) in the partner's format. */
  readonly failure: (status: number, outcome: SandboxOutcome) => SandboxResponse;
  /** Returns the account's current one-time code. Only for partners that use them. */
  readonly oneTimeCode?: () => string;
  /** Returns the text of the captcha with this ticket. Only for partners that use them. */
  readonly captchaText?: (ticket: string) => string | undefined;
  /** Loses what the partner's server keeps in memory only. */
  readonly restart?: (how: SandboxRestart) => void;
}
