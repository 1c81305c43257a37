import type { CallKind } from '../partners/definition.ts';
import type { Repeat } from '../transport/retry.ts';

/**
 * When a protected call is sent again by itself. Not affected: a call whose token the partner refused is repeated once
 * with a new one.
 *
 * - `false`: never.
 * - `'idempotent'`: any call if no byte of it was sent. GET, PUT and DELETE also after a 429 or 503 with a `Retry-After` of
 *   at most 30 s, and once if a connection that was kept open broke before a byte of the response was received.
 * - `'always'`: POST and PATCH under the same conditions as GET. Only for calls that the partner recognizes when they
 *   arrive twice.
 */
export type RetryPolicy = (typeof retryPolicies)[number];

export const retryPolicies = [false, 'idempotent', 'always'] as const;

/**
 * When the transport sends an auth call again. A refresh token is sent again by the session alone, which first makes sure that
 * it is still the current one.
 */
export function repeatOfAuthCall(call: Exclude<CallKind, 'request'>): Repeat {
  return call === 'refresh' ? 'refused' : 'broken';
}

/** When the transport sends a protected call again. */
export function repeatOfCall(method: string, retry: RetryPolicy): Repeat {
  if (retry === false) return 'never';
  return retry === 'always' || isIdempotent(method) ? 'broken' : 'unsent';
}

export function isIdempotent(method: string): boolean {
  return method !== 'POST' && method !== 'PATCH';
}
