import type { BuiltInPartner } from '../../partners/index.ts';

/** The partners that every sandbox serves. */
export type SandboxPartner = BuiltInPartner;

/** One of the built-in partners, or the id of a definition. */
export type SandboxPartnerId = SandboxPartner | (string & {});

/** What a request was for, whichever partner it went to. */
export type SandboxCall = 'login' | 'twoFactor' | 'refresh' | 'logout' | 'captcha' | 'protected' | 'other';

/** How the sandbox judged a request, in one word that tests can compare. */
export type SandboxOutcome =
  | 'ok'
  | 'twoFactorRequired'
  | 'validation'
  | 'badCiphertext'
  | 'wrongPartnerCode'
  | 'badCredentials'
  | 'badCaptcha'
  | 'badCode'
  | 'badToken'
  | 'expired'
  | 'replayed'
  | 'revoked'
  | 'accountNotActive'
  | 'notFound'
  | 'tooLarge'
  | 'fault'
  | 'crashed';

/** A request that has been received whole. */
export interface ReceivedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a partner decided to say, before faults are applied and bytes are written. */
export interface SandboxResponse {
  readonly status: number;
  readonly outcome: SandboxOutcome;
  /** Sent as JSON unless `text` is given. */
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request's plain payload, for the journal. */
  readonly payload?: unknown;
  /** Turns `json` into what travels (an encrypted answer); runs after a `rewrite` fault, so that a fault can change plain fields. */
  readonly encrypt?: (json: unknown) => unknown;
}

/** One call of a partner. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly call: SandboxCall;
  /** Tells several routes of one method and path apart; asked only then. */
  readonly accepts?: (request: ReceivedRequest) => boolean | Promise<boolean>;
  readonly handle: (request: ReceivedRequest) => SandboxResponse | Promise<SandboxResponse>;
}

/** A partner as the HTTP part sees it: a table of routes and a form for errors. */
export interface PartnerServer {
  readonly id: SandboxPartnerId;
  /** Paths under it belong to this partner even where no route matches, so that its own form of 404 is used. */
  readonly prefix: string | undefined;
  readonly routes: readonly Route[];
  /** The partner's form of a bare HTTP error (404, 413, 500, and the statuses that faults ask for). */
  readonly failure: (status: number, outcome: SandboxOutcome) => SandboxResponse;
  /** The current one-time code of the account, if the partner has them. */
  readonly oneTimeCode?: () => string;
  /** What the captcha of this ticket shows, if the partner has them. */
  readonly captchaText?: (ticket: string) => string | undefined;
}
