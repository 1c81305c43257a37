import type { PartnerResponse } from '../exchange/partner-response.ts';
import type { RequestOptions } from './request/check-request.ts';
import type { SessionStatus } from './state.ts';

/** Options of every call. */
export interface CallOptions {
  /** Aborts this call only: a refresh that other callers wait for continues. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `accessToken()`. */
export interface AccessTokenOptions extends CallOptions {
  /** How long the token must remain valid, in seconds from 0. Default 0. */
  readonly minValidity?: number | undefined;
}

/** Provides access tokens and makes calls with them: a `PartnerSession`, or a substitute for one. */
export interface TokenSource {
  /** A snapshot without secrets; no I/O. */
  readonly status: SessionStatus;
  /** A valid access token, refreshed first if it is due. */
  accessToken(options?: AccessTokenOptions): Promise<string>;
  /** Makes a protected call to a path below the base URL. */
  request<T = unknown>(path: string, options?: RequestOptions & CallOptions): Promise<PartnerResponse<T>>;
  /** Calls `listener` with each change of `status`. Returns an unsubscribe function. */
  on(event: 'change', listener: (status: SessionStatus) => void): () => void;
}
