import { PartnerAuthError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { StoredSession } from '../../stores/stored-record.ts';
import { isPauseStated, longestPause } from '../back-off.ts';

export interface PauseParts {
  readonly calls: { readonly label: string };
  readonly clock: Clock;
  /** How long to wait after this failure, in ms. */
  readonly pauseAfter: (error: PartnerAuthError) => number;
  /** Whether a caller asked for this refresh, and not only for a valid token. */
  readonly isExplicit: () => boolean;
}

/** The pause that all processes observe after this failure; empty if there is none. */
export function pauseOf({ clock, pauseAfter }: PauseParts, error: PartnerAuthError): Pick<StoredSession, 'pause'> {
  const stated = isPauseStated(error);
  return stated || error.code === 'rateLimited' ? { pause: { until: clock.now() + pauseAfter(error), stated } } : {};
}

/** @throws PartnerAuthError `rateLimited` if the partner has asked another process to wait. */
export function assertNotPaused(
  { calls, clock, isExplicit }: PauseParts,
  { pause }: Pick<StoredSession, 'pause'>,
): void {
  const remaining = (pause?.until ?? 0) - clock.now();
  // The clock of the other machine may be wrong.
  if (pause === undefined || remaining <= 0 || remaining > longestPause) return;
  if (isExplicit() && !pause.stated) return;
  const retryAfter = Math.ceil(remaining / 1000);
  throw new PartnerAuthError(
    'rateLimited',
    `${calls.label} limits the number of calls, also those of other processes with this store. Try again in ${retryAfter} s; the session is kept.`,
    pause.stated ? { retryAfter } : {},
  );
}
