import { PartnerAuthError } from '../lib/errors.ts';
import { valueAt } from '../lib/json.ts';
import type { AuthCall, PartnerDefinition } from '../partners/definition.ts';

const maxLength = 16_384;

/**
 * The access token of a successful response. `tokens` is the object with the token fields.
 *
 * @throws PartnerAuthError `invalidResponse` that says what is there in place of a token that a header can contain.
 */
export function readAccessToken(
  { label, response: { accessToken: path } }: Pick<PartnerDefinition, 'label' | 'response'>,
  { tokensIn }: AuthCall,
  tokens: unknown,
  status: number,
): string {
  const value = valueAt(tokens, path);
  const problem = problemOf(value, [tokensIn, path].filter(Boolean).join('.'));
  if (problem === undefined) return value as string;
  throw new PartnerAuthError('invalidResponse', `${label} sent ${problem}`, { status, setting: 'response' });
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
  if (value.length > maxLength)
    return `an access token in "${where}" that is longer than 16 KiB. Check that the definition names the field of the access token.`;
  if (!/^[\x21-\x7e]+$/.test(value))
    return `an access token in "${where}" with a space, a line break or another character that a header cannot contain. Check that the definition names the field of the access token.`;
  return undefined;
}
