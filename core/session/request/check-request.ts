import { retryPolicies, type PartnerRequest, type RetryPolicy } from '../../exchange/partner-calls.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { HttpMethod } from '../../partners/definition.ts';
import { transportHeaders } from '../../partners/headers.ts';
import { copyPayload } from '../../partners/payload.ts';
import type { ResolvedOptions } from '../options.ts';

/** Options of `PartnerSession.request()`. */
export interface RequestOptions {
  /** Default: `POST` with a payload, `GET` without. */
  readonly method?: HttpMethod | undefined;
  /**
   * Sent as the partner requires it: as JSON, as multipart, or encrypted in an envelope. Only values that the form can
   * carry: multipart has files for bytes and `Blob`s but no null, JSON the reverse; a `Date`, a bigint, NaN or undefined
   * is a TypeError that names the field.
   */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  /** Additional headers, except `Authorization` and those of the partner definition. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** When the call is sent again by itself. Default: the session's option `retry`. */
  readonly retry?: RetryPolicy | undefined;
}

const methods: readonly unknown[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies HttpMethod[];

/**
 * @throws TypeError for an unknown method, a path that leaves the base URL, a header that is invalid or set by the
 * session, a GET with a payload, or a payload with a value that cannot be sent.
 */
export function checkRequest(path: string, request: RequestOptions, options: ResolvedOptions): PartnerRequest {
  const { method, payload, retry = options.retry } = request;
  checkPath(path, options);
  if (method !== undefined && !methods.includes(method)) {
    throw new TypeError(`The method of a request must be one of ${methods.join(', ')}, in upper case.`);
  }
  if (payload !== undefined && method === 'GET')
    throw new TypeError('A GET request cannot have a payload. Pass it as the query of the path.');
  if (!retryPolicies.includes(retry)) {
    throw new TypeError("The option retry of request() must be false, 'idempotent' or 'always'.");
  }
  const form = options.definition.requestBody ?? options.definition.body;
  const isMultipart = payload !== undefined && form.form === 'multipart';
  return {
    method: method ?? (payload === undefined ? 'GET' : 'POST'),
    path,
    payload: payload && copyPayload(form, payload),
    headers: checkHeaders(request.headers, options, isMultipart),
    retry,
  };
}

function checkPath(path: unknown, { baseUrl, origin }: ResolvedOptions): void {
  if (typeof path !== 'string' || !path.startsWith('/') || path.startsWith('//') || path.includes('\\')) {
    throw new TypeError('The path of a request must be a string that starts with one "/"; it is relative to baseUrl.');
  }
  // URLs drop control characters, spaces at the end, and what follows a "#".
  if (/[\p{Cc}#]|\s$/u.test(path)) {
    throw new TypeError(
      'The path of a request must not contain "#", control characters, or a space at its end. Pass each variable part through encodeURIComponent().',
    );
  }
  const url = new URL(baseUrl + path);
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  if (url.origin !== origin || !url.pathname.startsWith(`${base}/`)) {
    throw new TypeError('The path of a request must stay below baseUrl.');
  }
}

/** The headers with names in lower case. */
function checkHeaders(
  headers: unknown,
  { definition }: ResolvedOptions,
  isMultipart: boolean,
): Readonly<Record<string, string>> {
  if (headers === undefined) return {};
  const isPlain = typeof headers === 'object' && headers !== null && !(Symbol.iterator in headers);
  // Those of a Headers object or a Map are not its own fields, so that none would be sent.
  if (!isPlain) throw new TypeError('The headers of a request must be an object with a string for each name.');
  const defined = Object.keys(definition.headers ?? {}).map((name) => name.toLowerCase());
  const reserved = ['authorization', ...transportHeaders, ...defined, ...(isMultipart ? ['content-type'] : [])];
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
