import { PartnerAuthError } from '../errors.ts';
import { at, textAt } from '../json.ts';
import type { AuthCall, ExpiryField, PartnerDefinition } from '../partners/definition.ts';
import type { TokenSet } from '../session/record/record.ts';
import { decodeToken } from '../token.ts';
import type { HttpAnswer } from '../transport/http.ts';

/** A longer lifetime is a mistake, such as milliseconds where seconds were meant. */
const longestLifetime = 10 * 365.25 * 86_400;
/** The `Date` header has whole seconds; a smaller difference to it is not known to be one. */
const clockTolerance = 2_000;

/**
 * The token set of a successful answer.
 *
 * Lifetimes count from when the request was sent. A lifetime given as decimal digits in a text is taken; one that is zero,
 * negative, over ten years or no number at all is not, and the token's own `exp` counts instead. Moments are corrected by
 * the difference between the answer's `Date` header and this machine's clock.
 *
 * @throws PartnerAuthError `invalidAnswer` without an access token.
 */
export function readTokenSet(
  { label, answer: shape }: PartnerDefinition,
  call: AuthCall,
  answer: unknown,
  http: HttpAnswer,
): TokenSet {
  const tokens = at(answer, call.tokensIn);
  const accessToken = textAt(tokens, shape.accessToken);
  if (accessToken === undefined || !isHeaderSafe(accessToken)) {
    const where = [call.tokensIn, shape.accessToken].filter(Boolean).join('.');
    throw new PartnerAuthError(
      'invalidAnswer',
      `${label} answered without an access token in "${where}". If its answers are wrapped or encrypted, say where in the option \`answer\`.`,
      { status: http.status, setting: 'answer' },
    );
  }
  const accessExpiresAt = expiry(tokens, shape.accessExpiry, accessToken, http.sentAt, clockDifference(http));
  return {
    accessToken,
    issuedAt: http.sentAt,
    ...(accessExpiresAt !== undefined && { accessExpiresAt }),
    ...readRefreshToken({ answer: shape }, call, answer, http),
  };
}

/** The refresh token of an answer with its deadline; empty when there is none. */
export function readRefreshToken(
  { answer: shape }: Pick<PartnerDefinition, 'answer'>,
  call: AuthCall,
  answer: unknown,
  http: HttpAnswer,
): Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'> {
  const tokens = at(answer, call.tokensIn);
  const refreshToken = textAt(tokens, shape.refreshToken);
  if (refreshToken === undefined) return {};
  const refreshExpiresAt = expiry(tokens, shape.refreshExpiry, refreshToken, http.sentAt, clockDifference(http));
  return { refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) };
}

// It goes into a header as it is.
function isHeaderSafe(token: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(token);
}

/** How many ms the partner's clock is ahead of ours. */
function clockDifference({ headers, receivedAt }: HttpAnswer): number {
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
  const stated = where && lifetimeOf(at(tokens, where.field), where.unit, sentAt + ahead);
  const lifetime = stated ?? lifetimeOf(decodeToken(token)?.claims.exp, 'unixSeconds', sentAt + ahead);
  return lifetime === undefined ? undefined : Math.round(sentAt + lifetime * 1000);
}

/** Seconds from `now` (epoch ms on the partner's clock); undefined when the value gives no sensible one. */
function lifetimeOf(value: unknown, unit: ExpiryField['unit'] | 'unixSeconds', now: number): number | undefined {
  let seconds: number | undefined;
  if (unit === 'rfc3339') {
    if (typeof value === 'string' && rfc3339.test(value)) seconds = (Date.parse(value) - now) / 1000;
  } else if (typeof value === 'number') {
    seconds = value;
  } else if (typeof value === 'string' && /^\d{1,12}$/.test(value)) {
    seconds = Number(value);
  }
  if (seconds !== undefined && unit === 'unixSeconds') seconds -= now / 1000;
  return seconds !== undefined && seconds > 0 && seconds <= longestLifetime ? seconds : undefined;
}

// RFC 3339 section 5.6; without a zone the moment is unknown.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
