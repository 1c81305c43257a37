/** The longest `Retry-After` that is waited for, in seconds; a longer one is the caller's to plan. */
const longestRetryAfter = 30;
const attempts = 3;

export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** True when the connection failed before a byte of the request was sent, in a way that may pass. */
  readonly neverSent?: boolean;
  readonly status?: number;
  /** Seconds, from the answer's `Retry-After`. */
  readonly retryAfter?: number | undefined;
}

/**
 * Milliseconds to wait before the next attempt, or undefined when there must be none. A POST is repeated only where the
 * partner surely did not act on it: it never got it, or it said 429 or 503 and when to come back.
 *
 * @param remaining ms until the deadline of the whole exchange.
 * @param random in [0, 1): full jitter, so that clients that failed together do not come back together.
 */
export function retryDelay(attempt: Attempt, remaining: number, random: number): number | undefined {
  if (attempt.number >= attempts) return undefined;
  const delay = baseDelay(attempt, random);
  return delay !== undefined && delay < remaining ? delay : undefined;
}

function baseDelay({ number, neverSent, status, retryAfter }: Attempt, random: number): number | undefined {
  if (neverSent === true) return random * 200 * 2 ** number;
  if ((status === 429 || status === 503) && retryAfter !== undefined && retryAfter <= longestRetryAfter) {
    return retryAfter * 1000 + random * 250;
  }
  return undefined;
}

/** Seconds of a `Retry-After` header (RFC 9110 section 10.2.3: a number or a date); undefined for anything else. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  if (!/^[A-Z][a-z]{2},/.test(header)) return undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}
