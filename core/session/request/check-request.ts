import type { PartnerRequest } from '../../exchange/protected-calls.ts';
import { retryPolicies, type RetryPolicy } from '../../exchange/repeat.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { HttpMethod } from '../../partners/definition.ts';
import { tokenHeaderOf, transportHeaders } from '../../partners/headers.ts';
import { copyPayload, copyQuery } from '../../partners/payload.ts';
import type { ResolvedOptions } from '../options.ts';
import { readBody, type RequestBody } from './read-body.ts';

/** Options of `PartnerSession.request()`. */
export interface RequestOptions {
  /** Default: `POST` with a payload or body, `GET` without. */
  readonly method?: HttpMethod | undefined;
  /**
   * Parameters that are encoded and added to the path: strings, finite numbers and booleans, and lists of them, which are
   * sent as one parameter for each item. Any other value is a TypeError that names the field.
   */
  readonly query?: Query | URLSearchParams | undefined;
  /**
   * Sent as the partner requires it: as JSON, as multipart, or encrypted in an envelope. Only values that the form can
   * carry: multipart has files for bytes and `Blob`s but no null, JSON the reverse; a `Date`, a bigint, NaN or undefined
   * is a TypeError that names the field. JSON may also be a list.
   */
  readonly payload?: object | undefined;
  /**
   * Sent as it is, in place of a payload: not encoded and not encrypted. A stream is read once, so that a call with one is
   * never repeated. `openAsBlob()` of `node:fs` makes a body of a file that can be repeated.
   */
  readonly body?: RequestBody | undefined;
  /**
   * The content type of the payload or body. Default: that of a `Blob`, `FormData` or `URLSearchParams`, else the one that
   * the partner definition states, else `application/octet-stream`, or `text/plain` for a string.
   */
  readonly contentType?: string | undefined;
  /** Additional headers, except the token header and those of the partner definition. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Total deadline of the call including its retries, in ms from 1 to 86,400,000 (a day). Default: that of the session. */
  readonly timeout?: number | undefined;
  /** The largest response body, in bytes from 1 to 268,435,456 (256 MiB). Default 16 MiB. `stream()` has no limit. */
  readonly maxResponseSize?: number | undefined;
  /**
   * `file`: any response with a 2xx status that is not in the partner's own form is `ok`, whatever its content type. Without
   * it, if the partner has a success marker, a response without the marker is `ok` only if its content type is neither
   * JSON nor HTML.
   */
  readonly expect?: 'file' | undefined;
  /** When the call is sent again by itself. Default: the session's option `retry`. */
  readonly retry?: RetryPolicy | undefined;
}

/** The parameters of a query. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
type QueryValue = string | number | boolean;

const methods: readonly unknown[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies HttpMethod[];

/**
 * @throws TypeError for an unknown method, a path that leaves the base URL, a header that is invalid or set by the
 * session, a GET with a payload or body, both of them, a payload with a value that cannot be sent, or another option that
 * is out of range.
 */
export function checkRequest(path: string, request: RequestOptions, options: ResolvedOptions): PartnerRequest {
  const { method, query, payload, body, retry = options.retry } = request;
  checkPath(path, options);
  if (method !== undefined && !methods.includes(method)) {
    throw new TypeError(`The method of a request must be one of ${methods.join(', ')}, in upper case.`);
  }
  if (payload !== undefined && body !== undefined) {
    throw new TypeError(
      'A request cannot have both a payload and a body. Pass `payload` for what the partner is to receive in its own form, `body` for what is sent as it is.',
    );
  }
  if (method === 'GET' && payload !== undefined)
    throw new TypeError('A GET request cannot have a payload. Pass it as `query`.');
  if (method === 'GET' && body !== undefined) throw new TypeError('A GET request cannot have a body.');
  if (!retryPolicies.includes(retry)) {
    throw new TypeError("The option retry of request() must be false, 'idempotent' or 'always'.");
  }
  if (request.expect !== undefined && (request.expect as unknown) !== 'file')
    throw new TypeError("The option expect of request() must be 'file'.");
  checkNumber('timeout', request.timeout, maxTimeout, 'ms');
  checkNumber('maxResponseSize', request.maxResponseSize, maxSize, 'bytes');
  const form = options.definition.requestBody ?? options.definition.body;
  const raw = body === undefined ? undefined : readBody(body);
  const hasContent = payload !== undefined || raw !== undefined;
  const hasBoundary = raw?.isForm === true || (payload !== undefined && form.form === 'multipart');
  return {
    method: method ?? (hasContent ? 'POST' : 'GET'),
    path,
    query: query === undefined ? undefined : copyQuery(query),
    payload: payload === undefined ? undefined : copyPayload(form, payload),
    raw,
    contentType: checkContentType(request, hasContent, hasBoundary),
    headers: checkHeaders(request.headers, options, hasBoundary),
    timeout: request.timeout,
    maxResponseSize: request.maxResponseSize,
    expect: request.expect,
    retry,
  };
}

const maxTimeout = 86_400_000;
const maxSize = 256 * 1024 * 1024;

function checkNumber(name: string, value: unknown, max: number, unit: string): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new TypeError(`The option ${name} of request() must be an integer from 1 to ${max}, in ${unit}.`);
}

function checkContentType(request: RequestOptions, hasContent: boolean, hasBoundary: boolean): string | undefined {
  const { contentType, headers } = request;
  if (contentType === undefined) return undefined;
  if (!hasContent) throw new TypeError('The option contentType of request() requires a payload or a body.');
  if (hasBoundary) {
    throw new TypeError(
      'The option contentType of request() cannot be given with a multipart body, whose content type contains its boundary.',
    );
  }
  if (Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'content-type'))
    throw new TypeError('The content type of a request is given twice: as contentType and in headers.');
  if (
    typeof contentType !== 'string' ||
    !/^[\w!#$&^.+-]{1,80}\/[\w!#$&^.+-]{1,80}(?:[\t ]*;[\t\x20-\x7e]*[\x21-\x7e])?$/.test(contentType)
  )
    throw new TypeError('The option contentType of request() must be a media type, such as "application/pdf".');
  return contentType;
}

/** The option with the URL of protected calls. */
export function urlOption({ baseUrl, apiUrl }: ResolvedOptions): string {
  return apiUrl === baseUrl ? 'baseUrl' : 'apiUrl';
}

export function checkPath(path: unknown, options: ResolvedOptions): void {
  const { apiUrl } = options;
  if (typeof path !== 'string' || !path.startsWith('/') || path.startsWith('//') || path.includes('\\')) {
    throw new TypeError(
      `The path of a request must be a string that starts with one "/"; it is relative to ${urlOption(options)}.`,
    );
  }
  if (!path.isWellFormed())
    throw new TypeError('The path of a request has an unpaired surrogate, which UTF-8 cannot carry.');
  // URLs drop control characters, spaces at the end, and what follows a "#".
  if (/[\p{Cc}#]|\s$/u.test(path)) {
    throw new TypeError(
      'The path of a request must not contain "#", control characters, or a space at its end. Pass each variable part through encodeURIComponent().',
    );
  }
  // The parsed form resolves "..".
  if (!new URL(apiUrl + path).href.startsWith(`${apiUrl}/`)) {
    throw new TypeError(`The path of a request must stay below ${urlOption(options)}.`);
  }
}

/** The headers with names in lower case. */
export function checkHeaders(
  headers: unknown,
  { definition }: ResolvedOptions,
  hasBoundary: boolean,
): Readonly<Record<string, string>> {
  if (headers === undefined) return {};
  const isPlain = typeof headers === 'object' && headers !== null && !(Symbol.iterator in headers);
  // Those of a Headers object or a Map are not its own fields, so that none would be sent.
  if (!isPlain) throw new TypeError('The headers of a request must be an object with a string for each name.');
  const defined = Object.keys(definition.headers ?? {}).map((name) => name.toLowerCase());
  const reserved = [
    tokenHeaderOf(definition).name,
    ...transportHeaders,
    ...defined,
    ...(hasBoundary ? ['content-type'] : []),
  ];
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers) as [string, unknown][]) {
    const key = name.toLowerCase();
    if (reserved.includes(key)) throw new TypeError(`The header ${plainLine(name, 80)} is set by the session.`);
    if (Object.hasOwn(lower, key)) throw new TypeError(`The header ${plainLine(name, 80)} is given twice.`);
    if (
      !/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) ||
      typeof value !== 'string' ||
      !/^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/.test(value)
    ) {
      throw new TypeError(
        'A header must have a valid name and, as value, a string of printable ASCII without spaces around it.',
      );
    }
    Object.defineProperty(lower, key, { value, enumerable: true });
  }
  return lower;
}
