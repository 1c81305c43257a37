import type { AuthCall, ExpiryUnit, PartnerDefinition } from '../partners/definition.ts';
import { refreshCallOf } from '../partners/renewal.ts';
import { callResponse } from '../partners/response-shape.ts';
import { decodeToken } from '../tokens/decode-token.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse } from '../transport/http.ts';
import { readAccessToken } from './access-token.ts';
import { expiryProblem, lifetimes, type Lifetime } from './expiry-problem.ts';
import { fieldAt, textAt, type ResponseContent } from './response-fields.ts';

/** In ms. The `Date` header has a resolution of one second; a smaller difference is insignificant. */
const clockTolerance = 2_000;

type Warn = (message: string) => void;
type RefreshTokenPart = Partial<Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>>;

/**
 * Reads the token set of a successful response.
 *
 * A deadline is the earlier of the one that the response states and the token's own `exp`, each if it is plausible.
 * Lifetimes count from when the request was sent, and numbers may be strings. A lifetime of less than a second counts as
 * one second; one that is zero, negative or over ten years is ignored, unless it is a plausible time since the epoch.
 * Absolute times are corrected by the difference between the response's `Date` header and this machine's clock.
 *
 * @param warn called for each value that is not plausible.
 * @throws PartnerAuthError `invalidResponse` if there is no access token, or if it cannot be sent in a header.
 */
export function readTokenSet(
  definition: PartnerDefinition,
  call: AuthCall,
  content: ResponseContent,
  http: HttpResponse,
  warn: Warn = () => undefined,
): TokenSet {
  const accessToken = readAccessToken(definition, call, content, http.status);
  const accessExpiresAt = expiryOf(definition, call, 'accessExpiry', content, accessToken, http, warn);
  return {
    accessToken,
    issuedAt: http.sentAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...readRefreshToken(definition, call, content, http, warn),
  };
}

/**
 * The refresh token of a response with its deadline; empty if there is none, or if the partner's tokens are not refreshed. One
 * that is the access token too has the deadline of that, unless another is stated.
 */
export function readRefreshToken(
  definition: PartnerDefinition,
  call: AuthCall,
  content: ResponseContent,
  http: HttpResponse,
  warn: Warn = () => undefined,
): RefreshTokenPart {
  const refresh = refreshCallOf(definition);
  if (refresh === undefined) return {};
  const { refreshToken: path, accessToken } = callResponse(definition, call);
  const isSliding = refresh.sliding === true;
  const refreshToken = textAt(content, isSliding ? accessToken : path, call.tokensIn);
  if (refreshToken === undefined) return {};
  const refreshExpiresAt = isSliding
    ? (expiryOf(definition, call, 'refreshExpiry', content, undefined, http, warn) ??
      expiryOf(definition, call, 'accessExpiry', content, refreshToken, http, () => undefined))
    : expiryOf(definition, call, 'refreshExpiry', content, refreshToken, http, warn);
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}

/** How far the partner's clock is ahead of this machine's, in ms. */
function clockDifference({ headers, receivedAt }: HttpResponse): number {
  const difference = Date.parse(headers.date ?? '') - receivedAt;
  return Number.isNaN(difference) || Math.abs(difference) <= clockTolerance ? 0 : difference;
}

function expiryOf(
  definition: PartnerDefinition,
  call: AuthCall,
  name: 'accessExpiry' | 'refreshExpiry',
  content: ResponseContent,
  /** Undefined if its own `exp` does not count. */
  token: string | undefined,
  http: HttpResponse,
  warn: Warn,
): number | undefined {
  const { sentAt } = http;
  const now = sentAt + clockDifference(http);
  const field = callResponse(definition, call)[name];
  const value = field && fieldAt(content, field.field, call.tokensIn);
  const stated = field && lifetimeOf(value, field.unit, now);
  const own =
    token === undefined ? undefined : lifetimeOf(decodeToken(token)?.claims.exp, 'epochSeconds', now)?.seconds;
  const problem = field && expiryProblem({ name, unit: field.unit, value, number: toNumber(value), stated, own });
  if (problem !== undefined) warn(`${definition.label} sent in "${field?.field}" ${problem}`);
  const known = [stated?.seconds, own].filter((seconds) => seconds !== undefined);
  if (known.length === 0) return undefined;
  return Math.round(sentAt + Math.max(lifetimes.shortest, Math.min(...known)) * 1000);
}

/** Tried after the stated unit: the present time since the epoch would be a lifetime of over ten years in seconds. */
const epochUnits = ['epochSeconds', 'epochMilliseconds'] as const;

/** The remaining lifetime. `now` is epoch ms on the partner's clock. */
function lifetimeOf(value: unknown, unit: ExpiryUnit, now: number): Lifetime | undefined {
  const units = unit === 'rfc3339' ? [unit] : [unit, ...epochUnits];
  for (const candidate of units) {
    const seconds = secondsLeft(value, candidate, now);
    if (seconds !== undefined && seconds > 0 && seconds <= lifetimes.longest) return { seconds, unit: candidate };
  }
  return undefined;
}

function secondsLeft(value: unknown, unit: ExpiryUnit, now: number): number | undefined {
  if (unit === 'rfc3339') {
    const text = typeof value === 'string' ? value.trim() : '';
    return rfc3339.test(text) ? (Date.parse(text) - now) / 1000 : undefined;
  }
  const number = toNumber(value);
  if (number === undefined) return undefined;
  switch (unit) {
    case 'seconds':
      return number;
    case 'milliseconds':
      return number / 1000;
    case 'epochSeconds':
      return number - now / 1000;
    case 'epochMilliseconds':
      return (number - now) / 1000;
  }
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && decimal.test(value) ? Number(value) : undefined;
}

const decimal = /^\s*\+?\d{1,15}(?:\.\d{1,15})?(?:e\+?\d{1,2})?\s*$/i;

// RFC 3339 section 5.6. Without an offset, the time would be ambiguous.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
