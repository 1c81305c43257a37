import type { PartnerDefinition } from '../../partners/definition.ts';
import type { ReceivedRequest } from '../http/exchange.ts';
import type { SandboxClient } from './account.ts';
import { fieldOf, type Payload } from './requests.ts';

/** The token in the header that the definition names. */
export function readTokenHeader(
  { tokenHeader = { name: 'Authorization', value: 'Bearer {accessToken}' } }: PartnerDefinition,
  { headers }: ReceivedRequest,
): string | undefined {
  const sent = headers[tokenHeader.name.toLowerCase()] ?? '';
  const [before = '', after = ''] = tokenHeader.value.split('{accessToken}');
  const isWrapped = sent.startsWith(before) && sent.endsWith(after) && sent.length > before.length + after.length;
  const token = sent.slice(before.length, sent.length - after.length);
  return isWrapped && /^\S+$/.test(token) ? token : undefined;
}

/** Whether an auth call identifies the client as the definition says, and in no other way (RFC 6749 section 2.3). */
export function isClient(
  { client: rule, body }: PartnerDefinition,
  expected: SandboxClient | undefined,
  { headers }: ReceivedRequest,
  payload: Payload,
): boolean {
  if (rule === undefined || expected === undefined) return true;
  const { id, secret = '' } = expected;
  const [, encoded] = /^Basic ([\w+/]+=*)$/.exec(headers.authorization ?? '') ?? [];
  if (rule.send === 'body') {
    const sentId = fieldOf(payload, rule.idField ?? 'client_id', body);
    const sentSecret = fieldOf(payload, rule.secretField ?? 'client_secret', body) ?? '';
    return encoded === undefined && sentId === id && sentSecret === secret;
  }
  if (encoded === undefined) return false;
  const [sentId = '', sentSecret = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return rest.length === 0 && formDecode(sentId) === id && formDecode(sentSecret) === secret;
}

/** Undefined for what is not form-encoded. */
function formDecode(text: string): string | undefined {
  if (!/^[\w.*+%-]*$/.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
