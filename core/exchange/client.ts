import type { ClientRule } from '../partners/definition.ts';
import type { ClientIdentity } from './connection.ts';
import type { Payload } from '../partners/payload.ts';

/** The payload fields of a client that is sent in the body. */
export function clientPayload(
  { send, idField = 'client_id', secretField = 'client_secret' }: ClientRule,
  { id, secret }: ClientIdentity,
): Payload {
  if (send !== 'body') return {};
  return { [idField]: id, ...(secret !== undefined && { [secretField]: secret }) };
}

/** The headers of a client that is sent as HTTP Basic, names in lower case. */
export function clientHeaders({ send }: ClientRule, { id, secret = '' }: ClientIdentity): Record<string, string> {
  if (send !== 'basic') return {};
  // RFC 6749 section 2.3.1: both are form-encoded first, so that either may contain a colon.
  const credentials = `${formEncode(id)}:${formEncode(secret)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** As RFC 6749 section 2.3.1 has the client in `Authorization`. */
export function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
