import { stringAt, valueAt } from '../lib/json.ts';
import type { AuthCall, ExpiryField, PartnerDefinition } from '../partners/definition.ts';
import { decodeToken } from '../tokens/decode-token.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse } from '../transport/http.ts';
import { readAccessToken } from './access-token.ts';

/** In seconds. A longer lifetime is a mistake, such as milliseconds in place of seconds. */
const maxLifetime = 10 * 365.25 * 86_400;

/** In ms. The `Date` header has a resolution of one second; a smaller difference is insignificant. */
const clockTolerance = 2_000;

type RefreshTokenPart = Partial<Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>>;

/**
 * Reads the token set of a successful response.
 *
 * Lifetimes count from when the request was sent. A string of decimal digits is accepted. If a lifetime is zero,
 * negative, over ten years or not a number, the token's own `exp` counts instead. Absolute times are corrected by the
 * difference between the response's `Date` header and this machine's clock.
 *
 * @throws PartnerAuthError `invalidResponse` if there is no access token, or if it cannot be sent in a header.
 */
export function readTokenSet(
  { label, response: shape }: PartnerDefinition,
  call: AuthCall,
  json: unknown,
  http: HttpResponse,
): TokenSet {
  const tokens = valueAt(json, call.tokensIn);
  const accessToken = readAccessToken({ label, response: shape }, call, tokens, http.status);
  const accessExpiresAt = expiryOf(tokens, shape.accessExpiry, accessToken, http.sentAt, clockDifference(http));
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
  const refreshExpiresAt = expiryOf(tokens, shape.refreshExpiry, refreshToken, http.sentAt, clockDifference(http));
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}

/** How far the partner's clock is ahead of this machine's, in ms. */
function clockDifference({ headers, receivedAt }: HttpResponse): number {
  const difference = Date.parse(headers.date ?? '') - receivedAt;
  return Number.isNaN(difference) || Math.abs(difference) <= clockTolerance ? 0 : difference;
}

function expiryOf(
  tokens: unknown,
  field: ExpiryField | undefined,
  token: string,
  sentAt: number,
  ahead: number,
): number | undefined {
  const stated = field && plausible(secondsLeft(valueAt(tokens, field.field), field.unit, sentAt + ahead));
  const lifetime = stated ?? plausible(secondsUntil(decodeToken(token)?.claims.exp, sentAt + ahead));
  return lifetime === undefined ? undefined : Math.round(sentAt + lifetime * 1000);
}

/** The remaining lifetime of a token in seconds. `now` is epoch ms on the partner's clock. */
function secondsLeft(value: unknown, unit: ExpiryField['unit'], now: number): number | undefined {
  switch (unit) {
    case 'seconds':
      return toNumber(value);
    case 'rfc3339':
      return typeof value === 'string' && rfc3339.test(value) ? (Date.parse(value) - now) / 1000 : undefined;
  }
}

function secondsUntil(epochSeconds: unknown, now: number): number | undefined {
  const time = toNumber(epochSeconds);
  return time === undefined ? undefined : time - now / 1000;
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

function plausible(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds > 0 && seconds <= maxLifetime ? seconds : undefined;
}

// RFC 3339 section 5.6. Without an offset, the time would be ambiguous.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
