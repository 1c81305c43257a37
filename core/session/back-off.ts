import { steadyNow, type Clock } from '../lib/clock.ts';
import { PartnerAuthError } from '../lib/errors.ts';

/** Pause after a failed refresh, in ms. Doubles with each failure. */
const pauses = { first: 1_000, longest: 60_000 };

/** A partner that states a longer pause, in ms, is asked again after this one. */
export const longestPause = 3_600_000;

/** In seconds. A longer `Retry-After` is a mistake, such as milliseconds in place of seconds. */
const longestRetryAfter = 86_400;

/** Whether the partner has stated how long to wait. */
export function isPauseStated({ retryAfter = 0 }: PartnerAuthError): boolean {
  return retryAfter > 0 && retryAfter <= longestRetryAfter;
}

/** The pause that all callers of a session observe after failed refreshes. */
export class BackOff {
  readonly #clock: Clock;
  #failures = 0;
  #error: PartnerAuthError | undefined;
  #remaining = (): number => 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The rest of the pause, in ms; 0 if there is none. */
  get remaining(): number {
    return Math.max(0, this.#remaining());
  }

  /** How long to wait after this failure, in ms. */
  pauseAfter(error: PartnerAuthError | undefined): number {
    const stated = error !== undefined && isPauseStated(error) ? (error.retryAfter ?? 0) * 1000 : 0;
    return Math.max(Math.min(longestPause, stated), Math.min(pauses.longest, pauses.first * 2 ** this.#failures));
  }

  /**
   * The error with which a call that would need a refresh fails during the pause; undefined if it may be requested.
   *
   * @param isExplicit whether the caller asks for a refresh, and not only for a valid token. It may ask earlier than the
   * others, unless the partner has stated how long to wait.
   */
  error(isExplicit: boolean): PartnerAuthError | undefined {
    const { remaining } = this;
    const error = this.#error;
    if (error === undefined || remaining === 0) return undefined;
    if (isPauseStated(error)) {
      const { code, message, retryable, status, correlationId, setting } = error;
      const retryAfter = Math.ceil(remaining / 1000);
      return new PartnerAuthError(code, message, { retryable, status, correlationId, setting, retryAfter });
    }
    // A single failure, such as a connection that broke, is often gone with the next attempt.
    const isPaused = error.code === 'rateLimited' || this.#failures > 1;
    return isPaused && !isExplicit ? error : undefined;
  }

  fail(error: PartnerAuthError | undefined): void {
    const pause = this.pauseAfter(error);
    this.#failures++;
    // Failures of the store and its lock do not reach the partner.
    this.#error = error?.code === 'store' || error?.code === 'lock' ? undefined : error;
    // Time in which the machine sleeps counts too.
    const now = steadyNow(this.#clock);
    const until = now() + pause;
    this.#remaining = () => until - now();
  }

  reset(): void {
    this.#failures = 0;
    this.#error = undefined;
    this.#remaining = () => 0;
  }
}
