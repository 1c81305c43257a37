/** The longest `Retry-After` to wait for, in seconds; a longer one is left to the caller. */
const maxRetryAfter = 30;
const maxAttempts = 3;

export interface Attempt {
  /** Starts at 1. */
  readonly number: number;
  /** Whether the connection failed before any byte of the request was sent, in a way that a retry may fix. */
  readonly neverSent?: boolean;
  readonly status?: number;
  /** From the response's `Retry-After`, in seconds. */
  readonly retryAfter?: number | undefined;
}

/**
 * How long to wait before the next attempt, in ms; undefined if there must be none. A request is repeated only if the
 * partner has certainly not acted on it: it was never sent, or the response is 429 or 503 with a `Retry-After`.
 *
 * @param remaining ms until the deadline of the whole exchange.
 * @param random in [0, 1): full jitter, so that clients that failed at the same time do not retry at the same time.
 */
export function retryDelay(attempt: Attempt, remaining: number, random: number): number | undefined {
  if (attempt.number >= maxAttempts) return undefined;
  const delay = baseDelay(attempt, random);
  return delay !== undefined && delay < remaining ? delay : undefined;
}

function baseDelay({ number, neverSent, status, retryAfter }: Attempt, random: number): number | undefined {
  if (neverSent === true) return random * 200 * 2 ** number;
  if ((status === 429 || status === 503) && retryAfter !== undefined && retryAfter <= maxRetryAfter) {
    return retryAfter * 1000 + random * 250;
  }
  return undefined;
}

/** The seconds of a `Retry-After` header (RFC 9110 section 10.2.3: a number or a date); undefined if it is invalid. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  if (!/^[A-Z][a-z]{2},/.test(header)) return undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}
