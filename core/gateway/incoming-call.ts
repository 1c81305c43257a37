import type { IncomingHttpHeaders } from 'node:http';
import { timingSafeEqual } from 'node:crypto';

/** What the gateway decides on: the head of a request. */
export interface IncomingCall {
  readonly method: string;
  /** Below the partner's base URL, as it was sent: without the secret and the query. */
  readonly path: string;
  /** With its question mark; empty without one. */
  readonly query: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The values of all `Host` headers. */
  readonly hosts: readonly string[];
  /** Whether the request has the secret of the gateway. */
  readonly hasSecret: boolean;
  /** Whether the secret is also where it would be sent to the partner. */
  readonly repeatsSecret: boolean;
  readonly hasBody: boolean;
}

export const secretHeader = 'x-partner-auth-secret';

interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/** @param secret undefined if none is required. */
export function readCall(
  { method = '', url = '', headers, rawHeaders }: RequestHead,
  secret: string | undefined,
): IncomingCall {
  const end = url.indexOf('?');
  const [target, query] = end === -1 ? [url, ''] : [url.slice(0, end), url.slice(end)];
  const inHeader = headers[secretHeader];
  const slash = target.indexOf('/', 1);
  const [first, rest] = slash === -1 ? [target.slice(1), '/'] : [target.slice(1, slash), target.slice(slash)];
  const isInPath = secret !== undefined && isEqual(first, secret);
  const hasSecret = secret === undefined || (inHeader === undefined ? isInPath : isEqual(String(inHeader), secret));
  const path = isInPath ? rest : target;
  return {
    method,
    path,
    query: query === '?' ? '' : query,
    headers,
    hosts: rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host'),
    hasSecret,
    repeatsSecret: hasSecret && secret !== undefined && (path + query).includes(secret),
    hasBody:
      headers['transfer-encoding'] !== undefined || !['0', undefined].includes(headers['content-length']?.trim()),
  };
}

/** In a time that does not depend on where they differ. */
function isEqual(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
