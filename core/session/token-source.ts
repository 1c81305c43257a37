import type { PartnerResponse } from '../exchange/partner-calls.ts';
import type { RequestOptions } from './request/check-request.ts';
import type { SessionStatus } from './state.ts';

export interface CallOptions {
  /** Aborts this call alone: a refresh that others wait for continues. */
  readonly signal?: AbortSignal | undefined;
}

export interface AccessTokenOptions extends CallOptions {
  /** How long the token must stay valid, in seconds from 0. Default 0. */
  readonly minValidity?: number;
}

/** What hands out tokens and makes calls: a session, or whatever stands in for one. */
export interface TokenSource {
  /** A snapshot without secrets; no I/O. */
  readonly status: SessionStatus;
  /** A valid access token, refreshed first if it is due. */
  accessToken(options?: AccessTokenOptions): Promise<string>;
  /** A protected call below the base URL. */
  request(path: string, options?: RequestOptions & CallOptions): Promise<PartnerResponse>;
  /** Calls back with each change of `status`. Returns an unsubscribe function. */
  on(event: 'change', listener: (status: SessionStatus) => void): () => void;
}
