import { PartnerAuthError } from '../lib/errors.ts';
import type { AuthCall, PartnerDefinition } from '../partners/definition.ts';
import { parseFieldPath } from '../partners/field-path.ts';
import { callResponse } from '../partners/response-shape.ts';
import { fieldAt, type ResponseContent } from './response-fields.ts';

const maxLength = 16_384;

/**
 * The access token of a successful response.
 *
 * @throws PartnerAuthError `invalidResponse` that says what is there in place of a token that a header can contain.
 */
export function readAccessToken(
  definition: Pick<PartnerDefinition, 'label' | 'response'>,
  call: AuthCall,
  content: ResponseContent,
  status: number,
): string {
  const { accessToken: path } = callResponse(definition, call);
  const value = fieldAt(content, path, call.tokensIn);
  const problem = problemOf(value, placeOf(path, call.tokensIn));
  if (problem === undefined) return value as string;
  throw new PartnerAuthError('invalidResponse', `${definition.label} sent ${problem}`, { status, setting: 'response' });
}

/** Where a path points to, with the object that it is in. */
function placeOf(path: string, tokensIn: string | undefined): string {
  return tokensIn === undefined || parseFieldPath(path).from !== 'json' ? path : `${tokensIn}.${path}`;
}

/** Whether a string can be an access token. */
export function isAccessToken(value: string): boolean {
  return problemOf(value, '') === undefined;
}

/** Why a value cannot be an access token, which a header contains verbatim after `Bearer `; undefined if it can be one. */
function problemOf(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null || value === '')
    return `no access token in "${where}". If its responses are wrapped or encrypted, state where in the option \`response\`.`;
  if (typeof value !== 'string') {
    const kind = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
    return `${kind} in "${where}", where a string is required. Check that the definition names the field of the access token.`;
  }
  if (/^bearer\s/i.test(value))
    return `an access token in "${where}" that begins with "Bearer ". The session adds this word to the header itself: ask the partner to send the token alone.`;
  if (/^[{[]/.test(value))
    return `JSON in "${where}", where a token is required. Check that the definition names the field of the access token.`;
  if (value.length > maxLength)
    return `an access token in "${where}" that is longer than 16 KiB. Check that the definition names the field of the access token.`;
  if (!/^[\x21-\x7e]+$/.test(value))
    return `an access token in "${where}" with a space, a line break or another character that a header cannot contain. Check that the definition names the field of the access token.`;
  return undefined;
}
