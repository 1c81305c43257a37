import type { ExpiryUnit } from '../partners/definition.ts';

/**
 * Plausible lifetimes, in seconds. A longer one is a mistake, such as milliseconds in place of seconds. A shorter one
 * would end before the next call, so that each call would refresh.
 */
export const lifetimes = { shortest: 1, longest: 10 * 365.25 * 86_400 };

/** In seconds. An access token that claims to be valid for longer is reported. */
const unusualLifetime = 366 * 86_400;

/** In seconds. A stated lifetime that exceeds the token's own `exp` by more is reported. */
const unusualDifference = 3_600;

/** In seconds. A longer lifetime of whole minutes in milliseconds is reported: those in seconds are whole hours or days. */
const likelyMilliseconds = 300_000;

export interface Lifetime {
  /** Until the deadline. */
  readonly seconds: number;
  /** The unit in which the value is plausible; may be another than the stated one. */
  readonly unit: ExpiryUnit;
}

/** A deadline that a response states for a token. */
export interface StatedExpiry {
  /** The field of the definition that says where it is. */
  readonly name: 'accessExpiry' | 'refreshExpiry';
  readonly unit: ExpiryUnit;
  readonly value: unknown;
  /** The value as a number; undefined for anything else. */
  readonly number: number | undefined;
  /** Undefined if it is not plausible. */
  readonly stated: Lifetime | undefined;
  /** The remaining lifetime by the token's own `exp`, in seconds; undefined without a plausible one. */
  readonly own: number | undefined;
}

/** What is wrong with a stated deadline, and what counts instead; undefined if it is plausible. */
export function expiryProblem(expiry: StatedExpiry): string | undefined {
  const { name, unit, value, number, stated, own } = expiry;
  // Some servers state 0 for a refresh token that does not expire.
  if (value === undefined || value === null || (name === 'refreshExpiry' && number === 0)) return undefined;
  const problem = stated === undefined ? implausible(expiry) : doubtful(expiry, stated, own, unit);
  return problem && `${problem}. Check response.${name} of the partner definition.`;
}

function implausible({ value, number, unit, own }: StatedExpiry): string {
  const what = number === undefined ? `${kindOf(value)}, ` : `${number}, `;
  const consequence =
    own === undefined
      ? 'the deadline is unknown, because the token itself states none'
      : `the token's own exp counts, which is in ${duration(own)}`;
  return `${what}which is not a plausible expiry in the unit "${unit}"; ${consequence}`;
}

/** Text other than a number is not quoted: the definition may name the field of a secret by mistake. */
function kindOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (/^\d+(?:\.\d+)?\s*[a-z]{1,12}$/i.test(text)) return 'a number with a unit, as in "15m"';
  if (/^\d{4}-\d\d-\d\d/.test(text))
    return /(?:z|[+-]\d\d:?\d\d)$/i.test(text.slice(10)) ? 'a date' : 'a date without a time zone';
  return `a value of type ${typeof value}`;
}

function doubtful(
  { name, number = NaN }: StatedExpiry,
  { seconds, unit: plausible }: Lifetime,
  own: number | undefined,
  unit: ExpiryUnit,
): string | undefined {
  const ownExp = own === undefined ? 'the token itself states none' : `the token's own exp is in ${duration(own)}`;
  if (plausible !== unit) return `${number}, which is read as "${plausible}", not as "${unit}"; ${ownExp}`;
  if (seconds < lifetimes.shortest)
    return `a lifetime of ${seconds} seconds; ${lifetimes.shortest} second counts instead, and ${ownExp}`;
  if (own !== undefined) {
    const isMilliseconds = unit === 'seconds' && isAbout(seconds / 1000, own);
    if (isMilliseconds || (seconds > 2 * own && seconds - own > unusualDifference)) {
      const hint = isMilliseconds ? ', so that the unit seems to be "milliseconds"' : '';
      return `a lifetime of ${duration(seconds)}, but ${ownExp}, which counts${hint}`;
    }
    const isSeconds = unit === 'milliseconds' && isAbout(seconds * 1000, own);
    return isSeconds
      ? `a lifetime of ${duration(seconds)}, which counts, but ${ownExp}, so that the unit seems to be "seconds"`
      : undefined;
  }
  if (name === 'accessExpiry' && seconds > unusualLifetime)
    return `a lifetime of ${duration(seconds)}, which is unusual for an access token; ${ownExp}`;
  const isLikely = seconds > (name === 'accessExpiry' ? likelyMilliseconds - 1 : unusualLifetime);
  const isWholeYears = seconds % (365 * 86_400) === 0;
  return unit === 'seconds' && isLikely && seconds % 60_000 === 0 && !isWholeYears
    ? `a lifetime of ${duration(seconds)}, which counts, but would be ${duration(seconds / 1000)} if the unit were "milliseconds"; ${ownExp}`
    : undefined;
}

/** Servers round lifetimes to seconds. */
function isAbout(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(b / 10, Math.min(2, b / 2));
}

function duration(seconds: number): string {
  return seconds >= 2 * 86_400 ? `${Math.round(seconds / 86_400)} days` : `${Math.round(seconds)} seconds`;
}
