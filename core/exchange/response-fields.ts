import type { IncomingHttpHeaders } from 'node:http';
import { valueAt } from '../lib/json.ts';
import { parseFieldPath } from '../partners/field-path.ts';

/** What a response contains. */
export interface ResponseContent {
  /** The body, decrypted if it was encrypted. */
  readonly text: string;
  /** The parsed JSON of `text`; undefined if it is not JSON. */
  readonly json: unknown;
  /** Names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
}

/** The value at a path of a definition. Paths in JSON are below `below`, if it is given. */
export function fieldAt({ text, json, headers }: ResponseContent, path: string, below?: string): unknown {
  const place = parseFieldPath(path);
  switch (place.from) {
    case 'json':
      return valueAt(json, below === undefined ? place.path : `${below}.${place.path}`);
    case 'header':
      return headers[place.name.toLowerCase()];
    case 'cookie':
      return cookieIn(headers, place.name);
    case 'body':
      // A token may be sent as text, or as a string of JSON.
      return typeof json === 'string' ? json : text.trim();
  }
}

/** The string at a path; undefined if there is none or it is empty. */
export function textAt(content: ResponseContent, path: string | undefined, below?: string): string | undefined {
  const value = path === undefined ? undefined : fieldAt(content, path, below);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value that the last `Set-Cookie` of this name sets, as it is to be sent back; undefined if that removes the cookie. */
function cookieIn({ 'set-cookie': lines = [], date }: IncomingHttpHeaders, name: string): string | undefined {
  const line = lines.findLast((each) => each.split('=', 1)[0]?.trim() === name);
  if (line === undefined || isPast(line, date)) return undefined;
  const [pair = ''] = line.split(';', 1);
  const value = pair.slice(pair.indexOf('=') + 1).trim();
  return value === '' ? undefined : value;
}

/** Whether a `Set-Cookie` removes its cookie, by a deadline before the date of the response. */
function isPast(line: string, date: string | undefined): boolean {
  const [, maxAge] = /;\s*max-age\s*=\s*"?(-?\d+)/i.exec(line) ?? [];
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const [, expires = ''] = /;\s*expires\s*=\s*"?([^;"]+)/i.exec(line) ?? [];
  return Date.parse(expires) <= (Date.parse(date ?? '') || 0);
}
