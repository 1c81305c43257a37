import type { CheckedProfile, ProfileStatus } from '../../core/profiles/index.ts';

/** What a window knows when it decides about automatic refreshes. */
export interface RefreshSituation {
  readonly active: Pick<CheckedProfile, 'id'> | undefined;
  readonly focused: boolean;
  /** Whether open windows do not see each other's secrets, as in a browser. */
  readonly secretsAreIsolated: boolean;
  /** Whether the window has just been opened, and other extensions are still starting. */
  readonly isStarting: boolean;
}

/**
 * How a window treats a profile by itself: `refresh` its tokens at once, `open` its session, which then refreshes itself
 * a little later than the window in use would, or `leave` it alone.
 */
export function automaticRefresh(
  { id }: Pick<CheckedProfile, 'id'>,
  { phase, refreshing }: Pick<ProfileStatus, 'phase' | 'refreshing'>,
  { active, focused, secretsAreIsolated, isStarting }: RefreshSituation,
): 'refresh' | 'open' | 'leave' {
  if (refreshing || (phase !== 'due' && phase !== 'expired')) return 'leave';
  const isShown = id === active?.id;
  // A token that is only due can wait until other extensions have started.
  if (isShown && focused) return isStarting && phase === 'due' ? 'leave' : 'refresh';
  // A window that shows this profile might be unable to see the tokens that this one receives.
  if (!isShown && secretsAreIsolated) return 'leave';
  return isStarting ? 'leave' : 'open';
}
