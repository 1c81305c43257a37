/** The longest `Retry-After` to wait for, in seconds; a longer one is left to the caller. */
const maxRetryAfter = 30;
const maxAttempts = 3;

/**
 * When a request is sent again. Each includes the ones before it:
 *
 * - `never`
 * - `unsent`: if no byte of it was sent
 * - `refused`: if the response is a 429 or 503 with a `Retry-After`
 * - `broken`: once, if a connection that was used before broke before a byte of the response was received
 */
export type Repeat = (typeof repeats)[number];

const repeats = ['never', 'unsent', 'refused', 'broken'] as const;

export interface Attempt {
  /** Starts at 1. */
  readonly number: number;
  readonly repeat: Repeat;
  /** Whether the connection failed before any byte of the request was sent, in a way that a retry may fix. */
  readonly neverSent?: boolean;
  /** Whether the request was sent on a connection that was used before, and that broke before the response began. */
  readonly brokeOnReuse?: boolean;
  readonly status?: number;
  /** From the response's `Retry-After`, in seconds. */
  readonly retryAfter?: number | undefined;
}

/**
 * How long to wait before the next attempt, in ms; undefined if there must be none.
 *
 * @param remaining ms until the deadline of the whole exchange.
 * @param random in [0, 1): full jitter, so that clients that failed at the same time do not retry at the same time.
 */
export function retryDelay(attempt: Attempt, remaining: number, random: number): number | undefined {
  if (attempt.number >= maxAttempts) return undefined;
  const delay = baseDelay(attempt, random);
  return delay !== undefined && delay < remaining ? delay : undefined;
}

function baseDelay(attempt: Attempt, random: number): number | undefined {
  const { number, repeat, neverSent, brokeOnReuse, status, retryAfter } = attempt;
  const allows = (needed: Repeat): boolean => repeats.indexOf(repeat) >= repeats.indexOf(needed);
  if (neverSent === true) return allows('unsent') ? random * 200 * 2 ** number : undefined;
  if (brokeOnReuse === true) return allows('broken') ? 0 : undefined;
  if ((status === 429 || status === 503) && retryAfter !== undefined && retryAfter <= maxRetryAfter) {
    return allows('refused') ? retryAfter * 1000 + random * 250 : undefined;
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
