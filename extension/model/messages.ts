import { isPartnerAuthError, type PartnerAuthError } from '../../core/index.ts';
import { profileFields } from '../../core/profiles/index.ts';
import type { CommandName } from './ids.ts';
import type { Translate } from './translate.ts';

/** What a person is told about a failure, and what a button can do about it. */
export interface Explanation {
  readonly message: string;
  readonly actions: readonly Action[];
  /** Nothing helps but the person: it is worth a notification. */
  readonly mustAct: boolean;
}

export interface Action {
  readonly title: string;
  readonly run: CommandName | 'openSettings' | 'openExtension' | 'reloadWindow' | 'storageHelp';
}

/** Settings that an error can name; whatever else it names is a login field. */
const settings: ReadonlySet<string> = new Set([...profileFields, 'ca', 'refreshMargin']);

/** `label` is the profile's, `again` the command that failed. The partner's own words are in the log, not here. */
export function explain(error: unknown, label: string, t: Translate, again: CommandName = 'refresh'): Explanation {
  const signIn: Action = { title: t('Sign In'), run: 'signIn' };
  const retry: Action = { title: t('Try Again'), run: again };
  const log: Action = { title: t('Show Log'), run: 'showLog' };
  const openSettings: Action = { title: t('Open Settings'), run: 'openSettings' };
  const detect: Action = { title: t('Detect Cipher Settings'), run: 'detectCipher' };
  const say = (message: string, mustAct: boolean, ...actions: Action[]): Explanation => ({ message, mustAct, actions });

  if (!isPartnerAuthError(error)) return say(t('{0}: an unexpected error occurred.', label), true, log);
  switch (error.code) {
    case 'configuration':
      if (isAboutCipher(error)) {
        // The partner's own word: key and IV are there, and it can not read what they make.
        if (error.status !== undefined) return say(refusal(error, label, t), true, detect, signIn, openSettings);
        return say(
          t('{0}: the key or IV is missing or does not fit. Sign in to enter it, or check the cipher settings.', label),
          true,
          signIn,
          openSettings,
        );
      }
      if (!settings.has(error.setting?.split('.')[0] ?? '')) {
        return say(t('{0}: a login field is missing or invalid. Sign in to enter it again.', label), true, signIn, log);
      }
      return say(
        t(
          '{0}: the setting "{1}" is missing or wrong.',
          label,
          error.setting === 'ca' ? 'caFile' : (error.setting ?? ''),
        ),
        true,
        openSettings,
        log,
      );
    case 'invalidCredentials':
      return say(t('{0} refused the credentials.', label), true, signIn);
    case 'oneTimeCodeRequired':
    case 'captchaRequired':
      return say(t('{0} asks for one more step to sign in.', label), true, signIn);
    case 'invalidOneTimeCode':
      return say(t('{0} refused the one-time code.', label), true, signIn);
    case 'accountUnavailable':
      return say(
        t('{0}: the account is blocked, not activated or deleted. Ask the partner about it.', label),
        true,
        log,
      );
    case 'signedOut':
      return say(t('You are not signed in to {0}.', label), true, signIn);
    case 'sessionEnded':
      return say(t('The session at {0} has ended. Sign in again.', label), true, signIn);
    case 'refreshInterrupted':
      return say(t('A refresh at {0} was interrupted and its response was lost. Sign in again.', label), true, signIn);
    case 'cipher':
      return say(
        t('{0}: a response could not be decrypted. Check the key, the IV and the cipher settings.', label),
        true,
        detect,
        openSettings,
        log,
      );
    case 'network':
      return say(t('{0} could not be reached. Check the network and the base URL.', label), false, retry, log);
    case 'timeout':
      return say(t('{0} did not respond in time.', label), false, retry, log);
    case 'tls':
      return say(
        t(
          'The certificate of {0} is not trusted. If it comes from your own authority, name its PEM file in "caFile".',
          label,
        ),
        true,
        openSettings,
        log,
      );
    case 'rateLimited':
      return say(t('{0} accepts no more calls for now. Try again later.', label), false, log);
    case 'partnerUnavailable':
      return say(t('{0} reports a failure on its side. Your session is kept.', label), false, retry, log);
    case 'partnerRefused':
      return say(refusal(error, label, t), true, ...(isAboutCipher(error) ? [detect] : []), openSettings, log);
    case 'invalidResponse':
    case 'responseTooLarge':
      return say(
        t('{0} sent an unexpected response. Check the base URL and the response settings.', label),
        true,
        openSettings,
        log,
      );
    case 'redirect':
      return say(
        t('{0} returned a redirect, which is not followed. Check the base URL.', label),
        true,
        openSettings,
        log,
      );
    case 'store':
      if (error.setting === 'window') {
        return say(t('Another window has newer tokens of {0}. Reload this window to use them.', label), true, {
          title: t('Reload Window'),
          run: 'reloadWindow',
        });
      }
      if (error.setting === 'store.version') {
        return say(
          t('{0}: the stored session was written by a newer version. Update Partner Auth to use it.', label),
          true,
          { title: t('Show Extension'), run: 'openExtension' },
          log,
        );
      }
      return say(
        t('{0}: the session could not be saved or read. It lasts for this window only.', label),
        true,
        { title: t('How to Fix It'), run: 'storageHelp' },
        log,
      );
    case 'lock':
      return say(t('{0}: another window is busy with this session. Try again.', label), false, retry, log);
    case 'aborted':
    case 'closed':
      return say(t('{0}: the call was cancelled.', label), false);
  }
}

function isAboutCipher({ setting }: PartnerAuthError): boolean {
  return setting?.startsWith('cipher') === true;
}

function refusal(error: PartnerAuthError, label: string, t: Translate): string {
  if (error.setting === 'partnerCode') return t('{0} refused the call. Check the partner code.', label);
  if (isAboutCipher(error)) {
    return t(
      '{0} refused the call. Check the key, the IV and the partner code. Detect Cipher Settings finds cipher settings from one message.',
      label,
    );
  }
  return t('{0} refused the call. The log has its response.', label);
}
