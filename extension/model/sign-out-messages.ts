import { isPartnerAuthError, type SignOutResult } from '../../core/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { Action, Notification } from './messages.ts';
import type { Translate } from './translate.ts';

/** What a sign-out has left at the partner. */
export interface Remainder {
  readonly profile: Pick<CheckedProfile, 'id' | 'label' | 'definition'>;
  /** Why the partner has not confirmed the sign-out; undefined if it has no logout call. */
  readonly error: unknown;
  /** Until when the partner may accept the refresh token, epoch ms; undefined if unknown. */
  readonly refreshExpiresAt: number | undefined;
  /** Calls the partner again; undefined if this window does not have the token. */
  readonly retry: (() => Promise<SignOutResult>) | undefined;
}

export function isUnconfirmed({ error }: Remainder): boolean {
  return error !== undefined;
}

/**
 * One message about what sign-outs have left at their partners, however many these are: VS Code shows only the first of
 * several messages at a time. `retry` calls the partners again that can be called.
 */
export function remainderMessage(
  remainders: readonly Remainder[],
  { t, formatTime }: { readonly t: Translate; readonly formatTime: (epochMs: number) => string },
  retry: () => Promise<void>,
): Notification {
  const [first, ...others] = remainders;
  const sentences =
    first === undefined
      ? []
      : others.length === 0
        ? aboutOne(first, t, formatTime)
        : aboutSeveral(remainders, t, formatTime);
  const canRetry = remainders.some((remainder) => remainder.retry !== undefined);
  if (canRetry && others.length === 0)
    sentences.push(t('The token is kept in the memory of this window only, so that you can try again.'));
  else if (canRetry)
    sentences.push(t('The tokens are kept in the memory of this window only, so that you can try again.'));
  const tryAgain: Action = { title: t('Try Again'), command: retry };
  return {
    message: sentences.join(' '),
    requiresUser: true,
    actions: [...(canRetry ? [tryAgain] : []), { title: t('Show Log'), command: 'showLog' }],
  };
}

function aboutOne(
  { profile: { label, definition }, error, refreshExpiresAt, retry }: Remainder,
  t: Translate,
  formatTime: (epochMs: number) => string,
): string[] {
  if (error === undefined) {
    return [
      refreshExpiresAt === undefined
        ? t('{0} has no logout call: it may accept the tokens of {1} until they expire.', definition.label, label)
        : t(
            '{0} has no logout call: it may accept the tokens of {1} until {2}.',
            definition.label,
            label,
            formatTime(refreshExpiresAt),
          ),
    ];
  }
  return [
    retry === undefined
      ? t('Signed out of {0} here only: without the stored session, the partner could not be notified.', label)
      : unconfirmedSignOut(error, label, t),
    refreshExpiresAt === undefined
      ? t('It may still accept the refresh token.')
      : t('It may still accept the refresh token until {0}.', formatTime(refreshExpiresAt)),
  ];
}

function aboutSeveral(
  remainders: readonly Remainder[],
  t: Translate,
  formatTime: (epochMs: number) => string,
): string[] {
  const list = (some: readonly Remainder[]): string =>
    some
      .map(({ profile: { label }, refreshExpiresAt }) =>
        refreshExpiresAt === undefined ? label : t('{0} (until {1})', label, formatTime(refreshExpiresAt)),
      )
      .join(', ');
  const unconfirmed = remainders.filter(isUnconfirmed);
  const withoutLogout = remainders.filter((remainder) => !isUnconfirmed(remainder));
  return [
    ...(unconfirmed.length === 0
      ? []
      : [t('Signed out here only, and the tokens may still be accepted: {0}.', list(unconfirmed))]),
    ...(withoutLogout.length === 0
      ? []
      : [t('The partner has no logout call, and the tokens may still be accepted: {0}.', list(withoutLogout))]),
  ];
}

function unconfirmedSignOut(error: unknown, label: string, t: Translate): string {
  switch (isPartnerAuthError(error) ? error.code : undefined) {
    case 'network':
    case 'tls':
      return t('Signed out of {0} here only: the partner could not be reached.', label);
    case 'timeout':
      return t('Signed out of {0} here only: the partner did not respond in time.', label);
    case 'partnerUnavailable':
    case 'rateLimited':
      return t('Signed out of {0} here only: the partner is unavailable.', label);
    default:
      return t('Signed out of {0} here only: the partner did not confirm it.', label);
  }
}
