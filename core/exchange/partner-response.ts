import type { IncomingHttpHeaders } from 'node:http';
import type { PartnerAuthError } from '../lib/errors.ts';
import { lazy } from '../lib/node-modules.ts';
import { decodeText } from '../lib/text.ts';
import type { HttpResponse } from '../transport/http.ts';
import { parseRetryAfter } from '../transport/retry.ts';
import type { ChunkReader } from '../transport/streamed-body.ts';
import type { DecodedResponse } from './decode-response.ts';

/** What all responses to protected calls have. */
interface ResponseStart {
  /** HTTP status. */
  readonly status: number;
  /**
   * Whether the call succeeded: the status is 2xx, no error rule of the partner definition matches, and the response
   * contains the partner's success marker if it has one, or is a file: its content type is neither JSON nor HTML. A file
   * is not searched for errors, also if it happens to be JSON.
   */
  readonly ok: boolean;
  /** As in Node: names in lower case, `set-cookie` is a list, other repeated headers are joined by comma. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /**
   * What the partner's error means, if an error rule of the partner definition matches it: not thrown, but with the code,
   * message and advice that the same error has elsewhere.
   */
  readonly error?: PartnerAuthError | undefined;
  /**
   * The partner's own code, from where `response.code` of the partner definition points, as it is: not only of an error. Absent
   * if nothing is there, or neither a string nor a number, and for a file.
   */
  readonly code?: string | number | undefined;
  /** The partner's own message, from where `response.message` of the definition points, as it is: it may contain anything. */
  readonly message?: string | undefined;
  /** How long the partner asks to wait, in seconds from the header `Retry-After`; absent without a valid one. */
  readonly retryAfter?: number | undefined;
}

/** The partner's response to a protected call. `T` is what the caller states the body to be; it is not checked. */
export interface PartnerResponse<T = unknown> extends ResponseStart {
  /**
   * The parsed JSON, decrypted if it was encrypted; a string if the body is not JSON. JSON numbers are doubles: read
   * integers above 2^53 from `text`.
   */
  readonly body: T;
  /**
   * The body as text, decrypted if it was encrypted. Decoded by its byte order mark, else by the charset of its content
   * type, else as UTF-8. Not enumerable, like `bytes`: both are made on first use, and are not part of a copy or a log.
   */
  readonly text: string;
  /** The bytes of the body as they were received, or of the decrypted text. Their own copy. */
  readonly bytes: Uint8Array;
}

/** The partner's response to `stream()`. */
export interface StreamedResponse extends ResponseStart {
  /**
   * The bytes of the body, decrypted if it was encrypted, to be read once: with `for await`, `pipeline()` of
   * `node:stream/promises`, or `Readable.fromWeb()`. Read it to its end or call its `cancel()`, which closes the connection.
   * It fails with a PartnerAuthError, such as `network`, if the rest does not arrive.
   */
  readonly body: ReadableStream<Uint8Array>;
}

/** A response whose body has begun to arrive. */
export interface OpenResponse {
  /** HTTP status. */
  readonly status: number;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The start of the body, or all of it; decrypted if it was encrypted. */
  readonly start: Uint8Array;
  /** What follows `start`. */
  readonly rest?: ChunkReader;
  readonly error?: PartnerAuthError;
}

/** What the response says of the call in the fields that the partner definition names. */
export interface Verdict {
  readonly ok: boolean;
  readonly error?: PartnerAuthError | undefined;
  readonly code?: string | number | undefined;
  readonly message?: string | undefined;
}

export function openResponse(
  { status, headers, body, rest }: HttpResponse,
  { text, json, encryption }: DecodedResponse,
  error?: PartnerAuthError,
): OpenResponse {
  const more = { ...(rest && { rest }), ...(error && { error }) };
  if (encryption !== 'decrypted') return { status, headers, start: body, ...more };
  return { status, headers: headersOfDecrypted(headers, json !== undefined), start: Buffer.from(text), ...more };
}

export function streamedResponse(
  { status, headers, start, rest }: OpenResponse,
  verdict: Verdict,
  receivedAt: number,
): StreamedResponse {
  const retryAfter = parseRetryAfter(headers['retry-after'], receivedAt);
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (start.length > 0) controller.enqueue(start);
        if (rest === undefined) controller.close();
      },
      async pull(controller) {
        const chunk = await rest?.next();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => rest?.cancel(),
    },
    // Without it, a chunk would be read before anyone asks for one.
    { highWaterMark: 0 },
  );
  return { status, ...verdict, headers, ...(retryAfter !== undefined && { retryAfter }), body };
}

/** Those of an envelope describe its own length and charset. */
function headersOfDecrypted(received: Readonly<IncomingHttpHeaders>, isJson: boolean): IncomingHttpHeaders {
  const { 'content-length': _length, ...headers } = received;
  return { ...headers, 'content-type': isJson ? 'application/json' : 'text/plain; charset=utf-8' };
}

export function partnerResponse(
  { status, headers, body: bytes, receivedAt }: HttpResponse,
  verdict: Verdict,
  { text: decoded, json: body = decoded, encryption }: DecodedResponse,
): PartnerResponse {
  const decrypted = encryption === 'decrypted' ? decoded : undefined;
  const retryAfter = parseRetryAfter(headers['retry-after'], receivedAt);
  return Object.defineProperties(
    { status, ...verdict, headers, body, ...(retryAfter !== undefined && { retryAfter }) },
    {
      text: { get: lazy(() => decrypted ?? decodeText(bytes, headers['content-type'])) },
      // A copy: the Buffer may be a view of Node's shared pool.
      bytes: {
        get: lazy(() => (decrypted === undefined ? new Uint8Array(bytes) : new TextEncoder().encode(decrypted))),
      },
    },
  ) as PartnerResponse;
}
