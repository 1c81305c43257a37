import type { IncomingHttpHeaders } from 'node:http';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { ProfileStatus } from '../profiles/profile-status.ts';
import type { PartnerSession } from '../session/partner-session.ts';
import type { ForwardingSession } from '../session/request/forward.ts';
import type { SessionStatus } from '../session/state.ts';
import { errorCodes, PartnerAuthError, type PartnerAuthErrorCode } from '../lib/errors.ts';

/** A profile of the editor, without its secrets. */
export interface OfferedProfile {
  readonly id: string;
  readonly label: string;
  readonly partner: string;
  readonly baseUrl: string;
  readonly definition: PartnerDefinition;
  readonly status: ProfileStatus;
  /** Why the editor cannot read the session. */
  readonly problem?: PartnerAuthError;
}

/** The profile that a request is about, as it was offered: one that has another server or partner since is not meant. */
export type ProfileKey = Pick<OfferedProfile, 'id' | 'partner' | 'baseUrl'>;

type RequestOptions = NonNullable<Parameters<PartnerSession['stream']>[1]>;

/** Options of `stream()` that can be sent to the editor. */
export type StreamOptions = Pick<RequestOptions, 'method' | 'payload' | 'headers' | 'timeout' | 'expect' | 'signal'> & {
  readonly query?: URLSearchParams;
  readonly body?: FormData;
};

/** What can be done with the session of another process. */
export interface BorrowedSession extends Pick<PartnerSession, 'status' | 'accessToken' | 'refresh'>, ForwardingSession {
  stream(path: string, options?: StreamOptions): ReturnType<PartnerSession['stream']>;
}

/** What follows the head of a request. `payload` is JSON; a body is sent as it is. */
export type Content =
  | { readonly kind: 'payload' }
  | { readonly kind: 'body'; readonly contentType?: string; readonly fallbackType?: string };

/** The heads of requests by verb. */
export interface Requests {
  readonly profiles: object;
  readonly token: { readonly profile: ProfileKey; readonly minValidity: number };
  readonly refresh: { readonly profile: ProfileKey };
  readonly stream: {
    readonly profile: ProfileKey;
    readonly path: string;
    readonly options: Pick<StreamOptions, 'method' | 'headers' | 'timeout' | 'expect'>;
    readonly query?: string;
    readonly content?: Content;
  };
  readonly forward: {
    readonly profile: ProfileKey;
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly timeout?: number;
    readonly content?: Content;
  };
}

/** The heads of responses by verb. The body of a partner's response follows that of `stream` and `forward`. Errors are sent as JSON. */
export interface Responses {
  readonly profiles: { readonly profiles: readonly OfferedProfile[] };
  readonly token: { readonly token: string; readonly status: SessionStatus };
  readonly refresh: { readonly status: SessionStatus };
  readonly stream: {
    readonly status: number;
    readonly ok: boolean;
    readonly headers: IncomingHttpHeaders;
    readonly error?: unknown;
    readonly code?: string | number;
    readonly message?: string;
    readonly retryAfter?: number;
  };
  readonly forward: {
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly error?: unknown;
    /** Whether the body has been received completely. */
    readonly isWhole: boolean;
  };
}

export type VerbName = keyof Requests;

/** The head of each request, which is sent as `POST /v1` to an editor that has proved itself. */
export interface SignedRequest<Name extends VerbName = VerbName> {
  readonly proof: string;
  readonly verb: Name;
  readonly head: Requests[Name];
}

/** The head of the response if the verb failed. */
export interface Failure {
  readonly failure: unknown;
}

/** An error of the other process as one of this process. */
export function toError(value: unknown): PartnerAuthError {
  const { code, message, ...details } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!errorCodes.includes(code as PartnerAuthErrorCode))
    return new PartnerAuthError('invalidResponse', 'The editor has sent what this version does not know. Update both.');
  return new PartnerAuthError(code as PartnerAuthErrorCode, String(message), details);
}

/** A status whose error has been sent as JSON. */
export function toStatus<T extends { readonly lastError?: unknown }>(status: T): T {
  return status.lastError === undefined ? status : { ...status, lastError: toError(status.lastError) };
}
