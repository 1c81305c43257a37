import type { RawBody } from '../../exchange/encode-request.ts';
import type { PartnerRequest } from '../../exchange/protected-calls.ts';
import type { OpenResponse } from '../../exchange/partner-response.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import { copyPayload } from '../../partners/payload.ts';
import type { ResolvedOptions } from '../options.ts';
import { checkHeaders, checkPath } from './check-request.ts';

/** A call of a client that speaks plain HTTP. */
export interface ForwardedCall {
  readonly method: string;
  /** Below the base URL, with its query. */
  readonly path: string;
  /** Names in lower case, without those of the connection and the content type. */
  readonly headers: Readonly<Record<string, string>>;
  /** Encoded as the partner requires it; a string is encrypted as it is. */
  readonly payload?: unknown;
  /** In place of a payload: sent as it is. */
  readonly raw?: RawBody;
  /** In ms. */
  readonly timeout?: number | undefined;
}

/** What a session of `openSession()` can do for a gateway. No part of its public type. */
export interface ForwardingSession {
  /** The definition of the partner, as the options of the session change it. */
  readonly definition: PartnerDefinition;
  /** Makes a protected call for a client that speaks plain HTTP. */
  forward(call: ForwardedCall, signal: AbortSignal): Promise<OpenResponse>;
}

/** @throws TypeError for what a request cannot have. */
export function toPartnerRequest(
  { method, path, headers, payload, raw, timeout }: ForwardedCall,
  options: ResolvedOptions,
): PartnerRequest {
  checkPath(path, options);
  const form = options.definition.requestBody ?? options.definition.body;
  const isText = typeof payload === 'string' && form.form === 'encrypted';
  return {
    method,
    path,
    headers: checkHeaders(headers, options, false),
    ...(payload !== undefined && { payload: isText ? payload : copyPayload(form, payload) }),
    raw,
    timeout,
    retry: options.retry,
  };
}
