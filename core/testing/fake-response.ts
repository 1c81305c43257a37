import type { PartnerResponse } from '../exchange/partner-response.ts';
import type { PartnerAuthError } from '../lib/errors.ts';

/** What a fake session returns for a call. */
export interface FakeResponse {
  /** HTTP status. Default 200. */
  readonly status?: number | undefined;
  /** Default: whether `status` is 2xx. */
  readonly ok?: boolean | undefined;
  /** Names in lower case. Default: the content type of the body. */
  readonly headers?: PartnerResponse['headers'] | undefined;
  /** A string is text, anything else JSON. Default `{}`. */
  readonly body?: unknown;
  /** The partner's own code. Default: none. */
  readonly code?: string | number | undefined;
  /** The partner's own message. Default: none. */
  readonly message?: string | undefined;
  /** What the partner's error means. Default: none. */
  readonly error?: PartnerAuthError | undefined;
  /** In seconds. Default: none. */
  readonly retryAfter?: number | undefined;
}

/** The response as a session returns it. */
export function fakeResponse(given: FakeResponse): PartnerResponse {
  const { status = 200, body = {}, code, message, error, retryAfter } = given;
  const isText = typeof body === 'string';
  const text = isText ? body : JSON.stringify(body);
  return {
    status,
    ok: given.ok ?? (status >= 200 && status < 300),
    headers: given.headers ?? { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' },
    body,
    text,
    bytes: new TextEncoder().encode(text),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
    ...(error !== undefined && { error }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
