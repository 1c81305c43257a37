import { isPartnerAuthError, type PartnerAuthError } from '../../core/index.ts';
import { profileFields } from '../../core/profiles/index.ts';
import type { CommandName } from './ids.ts';
import type { Translate } from './translate.ts';

/** A message for the user, with buttons that run an action. */
export interface Notification {
  readonly message: string;
  readonly actions: readonly Action[];
  /** Whether only the user can resolve it; false if waiting or retrying helps. */
  readonly requiresUser: boolean;
}

export interface Action {
  readonly title: string;
  readonly command:
    CommandName | 'openSettings' | 'openExtension' | 'reloadWindow' | 'storageHelp' | (() => Promise<void>);
}

/** Settings that `PartnerAuthError.setting` can name; any other name is a login field. */
const settingNames: ReadonlySet<string> = new Set([...profileFields, 'ca', 'refreshMargin']);

/**
 * The notification for an error of the profile `label`. `retryCommand` is the command that failed. The response of the
 * partner is in the log and not in the message. `refused`: whether the partner may be asked once more with the refresh token
 * that it refused, `again` if that has just been tried.
 */
export function explainError(
  error: unknown,
  label: string,
  t: Translate,
  retryCommand: CommandName = 'refresh',
  refused?: 'once' | 'again',
): Notification {
  const signIn: Action = { title: t('Sign In'), command: 'signIn' };
  const refresh: Action = { title: t('Refresh'), command: 'refresh' };
  const retry: Action = { title: t('Try Again'), command: retryCommand };
  const log: Action = { title: t('Show Log'), command: 'showLog' };
  const openSettings: Action = { title: t('Open Settings'), command: 'openSettings' };
  const editProfile: Action = { title: t('Edit Profile'), command: 'editProfile' };
  const detect: Action = { title: t('Detect Cipher Settings'), command: 'detectCipher' };
  const storageHelp: Action = { title: t('How to Fix It'), command: 'storageHelp' };
  const notification = (message: string, requiresUser: boolean, ...actions: Action[]): Notification => ({
    message,
    requiresUser,
    actions,
  });

  if (!isPartnerAuthError(error)) return notification(t('{0}: an unexpected error occurred.', label), true, log);
  if (error.setting === 'proxy' && ['network', 'timeout', 'tls'].includes(error.code)) {
    return notification(
      t('{0}: the proxy did not open a connection. Check the proxy settings and the network.', label),
      false,
      retry,
      openSettings,
      log,
    );
  }
  switch (error.code) {
    case 'configuration':
      if (isAboutCipher(error)) {
        // With a status the partner has responded: it could not decrypt what this key and IV produce.
        if (error.status !== undefined)
          return notification(rejectionMessage(error, label, t), true, detect, signIn, openSettings);
        return notification(
          t('{0}: the key or IV is missing or not valid. Sign in to enter it, or check the cipher settings.', label),
          true,
          signIn,
          openSettings,
        );
      }
      if (error.setting === 'proxy') {
        return notification(
          t(
            '{0}: the proxy requires a user and password, or refused those that are stored. Enter them with Edit Profile or the next sign-in.',
            label,
          ),
          true,
          editProfile,
          signIn,
          log,
        );
      }
      if (error.setting === 'proxy.host') {
        return notification(
          t(
            '{0}: the proxy of VS Code requires a user and password, or refused those that were sent. Check the setting http.proxy, or set a proxy for this profile.',
            label,
          ),
          true,
          retry,
          editProfile,
          log,
        );
      }
      if (error.setting === 'proxy.scheme') {
        return notification(
          t(
            '{0}: the proxy requires a kind of authentication other than a user and password, which is not supported. Use a local proxy that adds it.',
            label,
          ),
          true,
          openSettings,
          log,
        );
      }
      if (error.setting === 'clientCertificate.passphrase') {
        return notification(
          t(
            '{0}: the passphrase of the client certificate is missing or wrong. Enter it with Edit Profile or the next sign-in.',
            label,
          ),
          true,
          editProfile,
          signIn,
          log,
        );
      }
      if (!settingNames.has(error.setting?.split('.')[0] ?? '')) {
        return notification(
          t('{0}: a login field is missing or not valid. Sign in to enter it again.', label),
          true,
          signIn,
          log,
        );
      }
      if (error.setting === 'baseUrl' && error.status !== undefined) {
        return notification(
          t(
            '{0}: there is no such partner at this base URL, or it does not accept the host name. Check "baseUrl"; the log says what the address should be.',
            label,
          ),
          true,
          editProfile,
          openSettings,
          log,
        );
      }
      return notification(
        t(
          '{0}: the setting "{1}" is missing or not valid.',
          label,
          error.setting === 'ca' ? 'caFile' : (error.setting ?? ''),
        ),
        true,
        openSettings,
        log,
      );
    case 'invalidCredentials':
      return notification(t('{0} rejected the credentials.', label), true, signIn);
    case 'captchaRequired':
      if (error.challenge === undefined) {
        return notification(
          t(
            '{0} requires a captcha that only a browser can show, such as Turnstile, reCAPTCHA or Cap. Sign in with a browser and copy the refresh token from there, or ask its administrator to select the captcha with an image or to turn it off for sign-ins. A program can pass the response of the captcha to the library.',
            label,
          ),
          true,
          { title: t('Sign In with a Refresh Token'), command: 'signInWithRefreshToken' },
          log,
        );
      }
      return notification(t('{0} requires one more step to sign in.', label), true, signIn);
    case 'oneTimeCodeRequired':
      return notification(t('{0} requires one more step to sign in.', label), true, signIn);
    case 'invalidOneTimeCode':
      return notification(t('{0} rejected the one-time code.', label), true, signIn);
    case 'accountUnavailable':
      return notification(
        t('{0}: the account is blocked, not activated or deleted. Contact the partner.', label),
        true,
        log,
      );
    case 'signedOut':
      return notification(t('You are not signed in to {0}.', label), true, signIn);
    case 'sessionEnded':
      if (refused === 'again') {
        return notification(
          t('{0} refused again to refresh the session. Sign in, or refresh later to ask once more.', label),
          true,
          signIn,
          refresh,
        );
      }
      if (refused === 'once') {
        return notification(
          t('{0} refused to refresh the session. Refresh to ask once more, or sign in again.', label),
          true,
          refresh,
          signIn,
        );
      }
      return notification(t('The session for {0} has ended. Sign in again.', label), true, signIn);
    case 'refreshInterrupted':
      if (refused !== undefined) {
        return notification(
          t(
            'A token refresh for {0} was interrupted and its response was lost; the next one was refused. Refresh to ask once more, or sign in again.',
            label,
          ),
          true,
          refresh,
          signIn,
        );
      }
      return notification(
        t('A token refresh for {0} was interrupted and its response was lost. Sign in again.', label),
        true,
        signIn,
      );
    case 'cipher':
      return notification(
        t('{0}: a response could not be decrypted. Check the key, the IV and the cipher settings.', label),
        true,
        detect,
        openSettings,
        log,
      );
    case 'network':
      return notification(t('{0} could not be reached. Check the network and the base URL.', label), false, retry, log);
    case 'timeout':
      return notification(t('{0} did not respond in time.', label), false, retry, log);
    case 'tls':
      if (error.setting === 'clientCertificate') {
        return notification(
          t('{0} did not accept the client certificate. Check "clientCertificate" and until when it is valid.', label),
          true,
          openSettings,
          log,
        );
      }
      return notification(
        t(
          'The certificate of {0} is not trusted. If a private certificate authority issued it, set "caFile" to the PEM file of that authority.',
          label,
        ),
        true,
        openSettings,
        log,
      );
    case 'rateLimited':
      return notification(t('{0} is limiting requests. Try again later.', label), false, log);
    case 'partnerUnavailable':
      if (error.foreign === true) return notification(gatewayMessage(error, label, t), false, retry, log);
      return notification(
        retryCommand === 'signIn' || retryCommand === 'signInWithRefreshToken'
          ? t('{0} reported a server error. What you entered is kept.', label)
          : t('{0} reported a server error. Your session is kept.', label),
        false,
        retry,
        log,
      );
    case 'partnerRefused':
      return notification(
        rejectionMessage(error, label, t),
        true,
        ...(isAboutCipher(error) ? [detect] : []),
        openSettings,
        log,
      );
    case 'invalidResponse':
    case 'responseTooLarge':
      if (error.foreign === true || error.retryable) {
        return notification(
          t(
            'The response does not seem to come from {0}, but from a gateway, proxy or captive portal. Check the network and try again.',
            label,
          ),
          false,
          retry,
          log,
        );
      }
      return notification(
        t('{0} sent an unexpected response. Check the base URL and the response settings.', label),
        true,
        openSettings,
        log,
      );
    case 'redirect':
      return notification(
        t('{0} returned a redirect, which was not followed. Check the base URL.', label),
        true,
        openSettings,
        log,
      );
    case 'store':
      if (error.setting === 'window') {
        return notification(
          t('Another window has newer tokens for {0}. Reload this window to use them.', label),
          true,
          {
            title: t('Reload Window'),
            command: 'reloadWindow',
          },
        );
      }
      if (error.setting === 'store.version') {
        return notification(
          t('{0}: the stored session was written by a newer version. Update Partner Auth to use it.', label),
          true,
          { title: t('Show Extension'), command: 'openExtension' },
          log,
        );
      }
      if (['signOut', 'removeProfile', 'forgetEverything'].includes(retryCommand)) {
        return notification(
          t(
            '{0}: the stored session could not be deleted. Unlock the keyring of this machine or set one up, then try again.',
            label,
          ),
          true,
          retry,
          storageHelp,
          log,
        );
      }
      if (error.setting === 'keyring.read' || error.setting === 'keyring.write') {
        return notification(
          error.setting === 'keyring.read'
            ? t('{0}: the keyring of this machine could not be read. Unlock it or set one up, then try again.', label)
            : t(
                '{0}: the keyring of this machine could not be written, so a sign-in lasts for this window only, and stored tokens are not refreshed. Unlock it or set one up, then try again.',
                label,
              ),
          true,
          retry,
          storageHelp,
          log,
        );
      }
      return notification(
        t('{0}: the session could not be saved or read. It is available in this window only.', label),
        true,
        storageHelp,
        log,
      );
    case 'lock':
      return notification(t('{0}: another window is updating this session. Try again.', label), false, retry, log);
    case 'aborted':
    case 'closed':
      return notification(t('{0}: the request was cancelled.', label), false);
  }
}

/** About a server error that is not in the partner's own form. */
function gatewayMessage({ status }: PartnerAuthError, label: string, t: Translate): string {
  // A gateway sends these if it gets no response from the server behind it, and a network if it requires a sign-in.
  if (status === 502 || status === 504 || status === 511) {
    return t(
      'A proxy or gateway between this machine and {0} reported HTTP {1}, not the partner itself. Check the network and the proxy settings, or try again later. Your session is kept.',
      label,
      status,
    );
  }
  return t(
    '{0}, or a proxy or gateway before it, reported HTTP {1}. Try again later. Your session is kept.',
    label,
    status ?? 500,
  );
}

function isAboutCipher({ setting }: PartnerAuthError): boolean {
  return setting?.startsWith('cipher') === true;
}

function rejectionMessage(error: PartnerAuthError, label: string, t: Translate): string {
  if (error.setting === 'partnerCode') return t('{0} rejected the request. Check the partner code.', label);
  if (isAboutCipher(error)) {
    return t(
      '{0} rejected the request. Check the key, the IV and the partner code, or run Detect Cipher Settings on one message.',
      label,
    );
  }
  return t('{0} rejected the request. See the log for its response.', label);
}
