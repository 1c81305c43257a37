import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import type { PartnerDefinition } from '../partners/definition.ts';

/** The sentence that says what to do about an error that the partner answered with. */
export function advice(code: PartnerAuthErrorCode, definition: PartnerDefinition, setting: string | undefined): string {
  switch (code) {
    case 'invalidCredentials':
      return `Check ${definition.credentials.map((field) => field.name).join(', ')}.`;
    case 'oneTimeCodeRequired':
      return `Call login() with { ${definition.oneTimeCode?.codeField ?? 'otp'} }.`;
    case 'invalidOneTimeCode':
      return 'Ask for the current code and call login() with it; after some minutes start the login anew.';
    case 'captchaRequired':
      return `Show the picture in error.challenge and call login() with ${definition.captcha?.textField ?? 'captcha'} and ${definition.captcha?.ticketField ?? 'ticket'}.`;
    case 'accountUnavailable':
      return 'Ask the partner about this account.';
    case 'sessionEnded':
      return 'Sign in again.';
    case 'refreshInterrupted':
      return 'A refresh was interrupted; sign in again.';
    case 'rateLimited':
    case 'partnerUnavailable':
      return 'Try again later; the session is kept.';
    case 'redirect':
      return 'Check baseUrl.';
    case 'configuration':
    case 'partnerRefused':
    case 'cipher':
      return settingAdvice(setting);
    case 'invalidResponse':
      return 'Check baseUrl and the partner definition.';
    default:
      return '';
  }
}

function settingAdvice(setting: string | undefined): string {
  switch (setting) {
    case 'cipher':
      return 'If it can not read the payload, check cipher.key, cipher.iv and cipher.output, and the partner code; detectCipher() finds cipher settings from one message that is known to be right.';
    case 'partnerCode':
      return 'Check partnerCode.';
    case undefined:
      return '';
    default:
      return `Check ${setting}.`;
  }
}
