import { commands } from '../model/ids.ts';
import type { CheckedProfile } from '../model/profile.ts';
import type { ProfileStatus } from '../model/profile-status.ts';
import type { Translate } from '../model/translate.ts';
import { shortDuration } from './duration.ts';

export interface StatusView {
  readonly text: string;
  readonly severity: 'normal' | 'warning' | 'error';
  /** The obvious next thing. */
  readonly command: string;
  /** Spoken; changes with the state, not with every minute. */
  readonly accessibilityLabel: string;
}

/** The one status item, for the active profile. */
export function statusView(
  profile: CheckedProfile | undefined,
  status: ProfileStatus,
  now: number,
  t: Translate,
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
  const label = shorten(profile.label);
  const view = (
    icon: string,
    words: string,
    spoken: string,
    command: string,
    severity: StatusView['severity'] = 'normal',
  ) => ({
    text: `$(${icon}) ${label}${words}`,
    severity,
    command,
    accessibilityLabel: `${profile.label}: ${spoken}`,
  });
  const { phase, refreshing, accessExpiresAt, lastError, storage } = status;
  const left = accessExpiresAt === undefined ? '' : ` ${shortDuration(accessExpiresAt - now, t)}`;

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
      const usable = accessExpiresAt !== undefined && accessExpiresAt > now;
      if (usable)
        return view(
          'key',
          `${left}, ${t('then sign in')}`,
          t('the session has ended; the access token still works'),
          commands.signIn,
          'warning',
        );
      return view(
        'key',
        `: ${t('Sign in again')}`,
        t('the session has ended; sign in again'),
        commands.signIn,
        'error',
      );
    }
    case 'expired':
      if (lastError !== undefined)
        return view(
          'debug-disconnect',
          `: ${t('Offline, expired')}`,
          t('the access token has expired and the partner could not be reached'),
          commands.refresh,
          'error',
        );
      return view('key', `: ${t('Expired')}`, t('the access token has expired'), commands.refresh, 'warning');
    case 'due':
    case 'valid': {
      const severity = phase === 'due' ? 'warning' : 'normal';
      if (lastError !== undefined)
        return view(
          'debug-disconnect',
          `${left}, ${t('offline')}`,
          t('the access token works, the last refresh failed'),
          commands.refresh,
          severity,
        );
      if (phase === 'due')
        return view('key', left, t('the access token is about to expire'), commands.refresh, severity);
      return view('key', left, t('signed in'), commands.refresh);
    }
  }
}

// Long names would push other items out; the tooltip has them whole.
function shorten(label: string): string {
  const letters = Array.from(label);
  const short = letters.length > 20 ? `${letters.slice(0, 19).join('')}…` : label;
  return short.replaceAll('$(', '$\u200b(');
}
