import type { PartnerRequest } from '../../exchange/partner-calls.ts';
import type { HttpMethod } from '../../partners/definition.ts';
import type { ResolvedOptions } from '../options.ts';

/** Options of `PartnerSession.request()`. */
export interface RequestOptions {
  /** Default: `POST` with a payload, `GET` without. */
  readonly method?: HttpMethod | undefined;
  /** Sent as the partner requires it: as JSON, as multipart, or encrypted in an envelope. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  /** Additional headers, except `Authorization` and those of the partner definition. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * @throws TypeError for a path that leaves the base URL, a header that is invalid or set by the session, or a GET with
 * a payload.
 */
export function checkRequest(
  path: string,
  { method, payload, headers = {} }: RequestOptions,
  { definition, baseUrl, origin }: ResolvedOptions,
): PartnerRequest {
  if (typeof path !== 'string' || !path.startsWith('/') || path.startsWith('//') || path.includes('\\')) {
    throw new TypeError('The path of a request must start with one "/" and is relative to baseUrl.');
  }
  const url = new URL(baseUrl + path);
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  if (url.origin !== origin || !url.pathname.startsWith(`${base}/`)) {
    throw new TypeError('The path of a request must stay below baseUrl.');
  }
  if (payload !== undefined && method === 'GET')
    throw new TypeError('A GET request cannot have a payload. Pass it as the query of the path.');
  const reserved = [
    'authorization',
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    ...Object.keys(definition.headers ?? {}),
  ];
  for (const [name, value] of Object.entries(headers)) {
    if (reserved.some((header) => header.toLowerCase() === name.toLowerCase())) {
      throw new TypeError(`The header ${name} is set by the session.`);
    }
    if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value)) {
      throw new TypeError('A header must have a valid name and a value of printable ASCII.');
    }
  }
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { method: method ?? (payload === undefined ? 'GET' : 'POST'), path, payload, headers: lower };
}
