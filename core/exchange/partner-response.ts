import type { IncomingHttpHeaders } from 'node:http';
import type { PartnerAuthError } from '../lib/errors.ts';
import { lazy } from '../lib/node-modules.ts';
import { decodeText } from '../lib/text.ts';
import type { HttpResponse } from '../transport/http.ts';
import { parseRetryAfter } from '../transport/retry.ts';
import type { DecodedResponse } from './decode-response.ts';

/** The partner's response to a protected call. */
export interface PartnerResponse {
  /** HTTP status. */
  readonly status: number;
  /**
   * Whether the call succeeded: the status is 2xx, the response contains the partner's success marker if it has one, and
   * no error rule of the partner definition matches.
   */
  readonly ok: boolean;
  /** As in Node: names in lower case, `set-cookie` is a list, other repeated headers are joined by comma. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /**
   * The parsed JSON, decrypted if it was encrypted; a string if the body is not JSON. JSON numbers are doubles: read
   * integers above 2^53 from `text`.
   */
  readonly body: unknown;
  /**
   * What the partner's error means, if an error rule of the partner definition matches it: not thrown, but with the code,
   * message and advice that the same error has elsewhere.
   */
  readonly error?: PartnerAuthError;
  /** How long the partner asks to wait, in seconds from the header `Retry-After`; absent without a valid one. */
  readonly retryAfter?: number;
  /**
   * The body as text, decrypted if it was encrypted. Decoded by its byte order mark, else by the charset of its content
   * type, else as UTF-8. Not enumerable, like `bytes`: both are made on first use, and are not part of a copy or a log.
   */
  readonly text: string;
  /** The bytes of the body as they were received, or of the decrypted text. Their own copy. */
  readonly bytes: Uint8Array;
}

export function partnerResponse(
  { status, headers, body: bytes, receivedAt }: HttpResponse,
  ok: boolean,
  { text: decoded, json: body = decoded, encryption }: DecodedResponse,
  error?: PartnerAuthError,
): PartnerResponse {
  const decrypted = encryption === 'decrypted' ? decoded : undefined;
  const retryAfter = parseRetryAfter(headers['retry-after'], receivedAt);
  return Object.defineProperties(
    { status, ok, headers, body, ...(error && { error }), ...(retryAfter !== undefined && { retryAfter }) },
    {
      text: { get: lazy(() => decrypted ?? decodeText(bytes, headers['content-type'])) },
      // A copy: the Buffer may be a view of Node's shared pool.
      bytes: {
        get: lazy(() => (decrypted === undefined ? new Uint8Array(bytes) : new TextEncoder().encode(decrypted))),
      },
    },
  ) as PartnerResponse;
}
