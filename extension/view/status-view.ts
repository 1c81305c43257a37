import type { PartnerAuthError } from '../../core/index.ts';
import type { CheckedProfile, ProfileStatus } from '../../core/profiles/index.ts';
import { commands } from '../model/ids.ts';
import type { Translate } from '../model/translate.ts';
import { shortDuration } from './duration.ts';
import { shortLabel } from './label.ts';

const minute = 60_000;

export interface StatusView {
  readonly text: string;
  readonly severity: 'normal' | 'warning' | 'error';
  /** Command that runs on click. */
  readonly command: string;
  /** For screen readers; changes with the state, not with every minute. */
  readonly accessibilityLabel: string;
}

/**
 * The status item of the active profile. Its color warns only when a person should do something: what an automatic
 * refresh takes care of does not.
 *
 * @param autoRefresh whether tokens are refreshed without a person.
 */
export function statusView(
  profile: CheckedProfile | undefined,
  status: ProfileStatus,
  now: number,
  t: Translate,
  autoRefresh = true,
): StatusView {
  if (profile === undefined) {
    const text = t('Partner Auth');
    return {
      text: `$(key) ${text}`,
      severity: 'normal',
      command: commands.addProfile,
      accessibilityLabel: t('Partner Auth: add a profile'),
    };
  }
  const label = shortLabel(profile.label);
  const view = (
    icon: string,
    suffix: string,
    spoken: string,
    command: string,
    severity: StatusView['severity'] = 'normal',
  ) => ({
    text: `$(${icon}) ${label}${suffix}`,
    severity,
    command,
    accessibilityLabel: `${profile.label}: ${spoken}`,
  });
  const { phase, refreshing, accessExpiresAt, lastError, refused, storage } = status;
  const left = accessExpiresAt === undefined ? '' : ` ${shortDuration(accessExpiresAt - now, t)}`;

  const byHand = autoRefresh ? 'normal' : 'warning';
  const renew = status.renewable === false ? commands.signIn : commands.refresh;

  if (refreshing) return view('sync~spin', `: ${t('refreshing')}`, t('refreshing'), commands.showLog);
  if (storage === 'behind') {
    return view(
      'warning',
      `: ${t('Reload window')}`,
      t('another window has newer tokens; reload this window'),
      'workbench.action.reloadWindow',
      'warning',
    );
  }
  switch (phase) {
    case 'signedOut':
      return view('key', `: ${t('Sign in')}`, t('signed out'), commands.signIn);
    case 'ended': {
      // Whether the partner still accepts the access token is not known, so no remaining time is shown.
      const mayBeAccepted = accessExpiresAt === undefined || accessExpiresAt > now;
      const severity = mayBeAccepted ? 'warning' : 'error';
      if (refused === true) {
        return view(
          'warning',
          `: ${t('Refused')}`,
          mayBeAccepted
            ? t(
                'the partner refused to refresh the session; the access token may still be accepted for a while; refresh to ask once more, or sign in again',
              )
            : t('the partner refused to refresh the session; refresh to ask once more, or sign in again'),
          commands.refresh,
          severity,
        );
      }
      return view(
        'key',
        `: ${t('Sign in again')}`,
        mayBeAccepted
          ? t('the session has ended; the access token may still be accepted for a while; sign in again')
          : t('the session has ended; sign in again'),
        commands.signIn,
        severity,
      );
    }
    case 'expired':
      if (lastError !== undefined) {
        const { icon, reason } = refreshFailure(lastError, t);
        return view(
          icon,
          `: ${t('Expired, {0}', reason)}`,
          t('the access token has expired, the last refresh failed: {0}', reason),
          commands.refresh,
          'error',
        );
      }
      return view('key', `: ${t('Expired')}`, t('the access token has expired'), commands.refresh, byHand);
    case 'due':
    case 'valid': {
      if (lastError !== undefined) {
        const { icon, reason } = refreshFailure(lastError, t);
        return view(
          icon,
          `${left}, ${reason}`,
          t('the access token is valid, the last refresh failed: {0}', reason),
          renew,
          phase === 'due' ? 'warning' : 'normal',
        );
      }
      // The dark high-contrast theme has no color for warnings.
      if (phase === 'due')
        return view(
          autoRefresh ? 'key' : 'warning',
          left,
          t('the access token is about to expire'),
          commands.refresh,
          byHand,
        );
      return view('key', left, t('signed in'), renew);
    }
  }
}

/** When the view changes next because of time, epoch ms: at a deadline, or at the next full minute. */
export function nextViewChange({ accessExpiresAt, refreshExpiresAt }: ProfileStatus, now: number): number {
  const deadlines = [accessExpiresAt, refreshExpiresAt].filter((at) => at !== undefined && at > now) as number[];
  return Math.min(now - (now % minute) + minute, ...deadlines);
}

/** The status item while a sign-in to its profile is running. */
export function signingInView({ label }: CheckedProfile, t: Translate): StatusView {
  return {
    text: `$(sync~spin) ${shortLabel(label)}: ${t('signing in')}`,
    severity: 'normal',
    command: commands.showLog,
    accessibilityLabel: `${label}: ${t('signing in')}`,
  };
}

/** Why the last refresh failed, in one or two words. */
function refreshFailure(
  { code, foreign }: PartnerAuthError,
  t: Translate,
): { readonly icon: string; readonly reason: string } {
  // The partner may be well: something on the way to it responded.
  if (foreign === true) return { icon: 'debug-disconnect', reason: t('not reached') };
  switch (code) {
    case 'network':
    case 'timeout':
      return { icon: 'debug-disconnect', reason: t('offline') };
    case 'rateLimited':
    case 'partnerUnavailable':
      return { icon: 'debug-disconnect', reason: t('partner unavailable') };
    case 'store':
      return { icon: 'warning', reason: t('not saved') };
    case 'configuration':
      return { icon: 'warning', reason: t('check the settings') };
    default:
      return { icon: 'warning', reason: t('refresh failed') };
  }
}
