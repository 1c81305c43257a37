import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { transportHeaders } from '../partners/headers.ts';
import { secretHeader } from './incoming-call.ts';

/** Of a request: those of its connection, and those that say where it comes from. */
const notForwarded: ReadonlySet<string> = new Set([
  ...transportHeaders,
  'accept-encoding',
  'content-type',
  'origin',
  'proxy-authorization',
  'referer',
  'set-cookie',
  secretHeader,
]);

/** Of a response: those of its connection, and those by which a partner would open the gateway to web pages. */
const notReturned =
  /^(?:access-control-.*|alt-svc|connection|keep-alive|proxy-authenticate|proxy-connection|strict-transport-security|te|timing-allow-origin|trailer|transfer-encoding|upgrade|x-partner-auth-.*)$/;

/** @param ownHeaders those that the session sets, in lower case. */
export function forwardedHeaders(
  headers: Readonly<IncomingHttpHeaders>,
  ownHeaders: readonly string[],
): Record<string, string> {
  // RFC 9110 section 7.6.1: a header that the connection names is its own.
  const named = headers.connection?.toLowerCase().split(/[\s,]+/) ?? [];
  const forwarded: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || notForwarded.has(name) || name.startsWith('sec-') || ownHeaders.includes(name)) continue;
    if (!named.includes(name)) forwarded[name] = [value].flat().join(', ');
  }
  return forwarded;
}

export function returnedHeaders(headers: Readonly<IncomingHttpHeaders>): OutgoingHttpHeaders {
  const returned: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!notReturned.test(name)) returned[name] = value;
  return returned;
}
