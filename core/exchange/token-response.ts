import { PartnerAuthError } from '../lib/errors.ts';
import { stringAt, valueAt } from '../lib/json.ts';
import type { AuthCall, ExpiryField, PartnerDefinition } from '../partners/definition.ts';
import { decodeToken } from '../tokens/decode-token.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse } from '../transport/http.ts';

/** A longer lifetime is a mistake, such as milliseconds for seconds. */
const longestLifetime = 10 * 365.25 * 86_400;

/** The `Date` header has whole seconds; a smaller difference to it means nothing. */
const clockTolerance = 2_000;

type RefreshTokenPart = Partial<Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>>;

/**
 * The token set of a successful response.
 *
 * Lifetimes count from when the request was sent. A lifetime given as a string of decimal digits is accepted; one that is
 * zero, negative, over ten years or not a number is not, and the token's own `exp` counts instead. Moments are corrected
 * by the difference between the response's `Date` header and this machine's clock.
 *
 * @throws PartnerAuthError `invalidResponse` without an access token.
 */
export function readTokenSet(
  { label, response: shape }: PartnerDefinition,
  call: AuthCall,
  json: unknown,
  http: HttpResponse,
): TokenSet {
  const tokens = valueAt(json, call.tokensIn);
  const accessToken = stringAt(tokens, shape.accessToken);
  if (accessToken === undefined || !isHeaderSafe(accessToken)) {
    const where = [call.tokensIn, shape.accessToken].filter(Boolean).join('.');
    throw new PartnerAuthError(
      'invalidResponse',
      `${label} sent no access token in "${where}". If its responses are wrapped or encrypted, say where in the option \`response\`.`,
      { status: http.status, setting: 'response' },
    );
  }
  const accessExpiresAt = expiry(tokens, shape.accessExpiry, accessToken, http.sentAt, clockDifference(http));
  return {
    accessToken,
    issuedAt: http.sentAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...readRefreshToken({ response: shape }, call, json, http),
  };
}

/** The refresh token of a response with its deadline; empty if there is none. */
export function readRefreshToken(
  { response: shape }: Pick<PartnerDefinition, 'response'>,
  call: AuthCall,
  json: unknown,
  http: HttpResponse,
): RefreshTokenPart {
  const tokens = valueAt(json, call.tokensIn);
  const refreshToken = stringAt(tokens, shape.refreshToken);
  if (refreshToken === undefined) return {};
  const refreshExpiresAt = expiry(tokens, shape.refreshExpiry, refreshToken, http.sentAt, clockDifference(http));
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}

// It goes into a header as it is.
function isHeaderSafe(token: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(token);
}

/** How many ms the partner's clock is ahead of ours. */
function clockDifference({ headers, receivedAt }: HttpResponse): number {
  const theirs = Date.parse(headers.date ?? '');
  const difference = theirs - receivedAt;
  return Number.isNaN(difference) || Math.abs(difference) <= clockTolerance ? 0 : difference;
}

function expiry(
  tokens: unknown,
  where: ExpiryField | undefined,
  token: string,
  sentAt: number,
  ahead: number,
): number | undefined {
  const stated = where && sensible(secondsLeft(valueAt(tokens, where.field), where.unit, sentAt + ahead));
  const lifetime = stated ?? sensible(secondsUntil(decodeToken(token)?.claims.exp, sentAt + ahead));
  return lifetime === undefined ? undefined : Math.round(sentAt + lifetime * 1000);
}

/** The seconds that a token has left at `now`, epoch ms on the partner's clock. */
function secondsLeft(value: unknown, unit: ExpiryField['unit'], now: number): number | undefined {
  switch (unit) {
    case 'seconds':
      return numberOf(value);
    case 'rfc3339':
      return typeof value === 'string' && rfc3339.test(value) ? (Date.parse(value) - now) / 1000 : undefined;
  }
}

function secondsUntil(epochSeconds: unknown, now: number): number | undefined {
  const moment = numberOf(epochSeconds);
  return moment === undefined ? undefined : moment - now / 1000;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

function sensible(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds > 0 && seconds <= longestLifetime ? seconds : undefined;
}

// RFC 3339 section 5.6; without a zone the moment is unknown.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
