import type { PartnerRequest } from '../../exchange/partner-calls.ts';
import type { HttpMethod } from '../../partners/definition.ts';
import type { ResolvedOptions } from '../options.ts';

export interface RequestOptions {
  /** Default: `POST` with a payload, `GET` without. */
  readonly method?: HttpMethod | undefined;
  /** Goes out as the partner wants it: JSON, multipart, or encrypted in its envelope. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  /** Further headers. Not `Authorization` and not those that the partner definition sets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** @throws TypeError for a path that would leave the base URL, or a header that the session itself sets. */
export function checkRequest(
  path: string,
  { method, payload, headers = {} }: RequestOptions,
  { definition, baseUrl, origin }: ResolvedOptions,
): PartnerRequest {
  if (typeof path !== 'string' || !path.startsWith('/') || path.startsWith('//') || path.includes('\\')) {
    throw new TypeError('The path of a request must start with one "/": it stands below baseUrl.');
  }
  const url = new URL(baseUrl + path);
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  if (url.origin !== origin || !url.pathname.startsWith(`${base}/`)) {
    throw new TypeError('The path of a request must stay below baseUrl.');
  }
  if (payload !== undefined && method === 'GET')
    throw new TypeError('A GET has no payload; put it into the path as a query.');
  const reserved = [
    'authorization',
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    ...Object.keys(definition.headers ?? {}),
  ];
  for (const [name, value] of Object.entries(headers)) {
    if (reserved.some((own) => own.toLowerCase() === name.toLowerCase())) {
      throw new TypeError(`The header ${name} is set by the session.`);
    }
    if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value)) {
      throw new TypeError('A header must have a valid name and a value of printable ASCII.');
    }
  }
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { method: method ?? (payload === undefined ? 'GET' : 'POST'), path, payload, headers: lower };
}
