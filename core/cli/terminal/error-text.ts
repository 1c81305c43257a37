import { isPartnerAuthError, type PartnerAuthError, type PartnerAuthErrorCode } from '../../index.ts';
import type { Given } from '../grammar/given.ts';

/** What to do about an error, in place of the function of the library that its message names. */
const advice: Partial<Record<PartnerAuthErrorCode, string>> = {
  signedOut: 'Run: partner-auth login NAME',
  sessionEnded: 'Run: partner-auth login NAME (or partner-auth refresh NAME, to ask the partner once more)',
  refreshInterrupted: 'Run: partner-auth login NAME',
  oneTimeCodeRequired: 'Run partner-auth login NAME in a terminal, or with the code in PARTNER_AUTH_OTP.',
  invalidOneTimeCode: 'Run partner-auth login NAME with the current code.',
  captchaRequired: 'Run partner-auth login NAME in a terminal, where the image can be shown.',
};

/** For a captcha without an image. */
const widgetAdvice =
  'Sign in with a browser, and pass the refresh token from there: partner-auth login NAME --refresh-token-stdin';

/** The same for a profile of VS Code. */
const signInThere = 'Sign in to NAME in VS Code, with the command "Partner Auth: Sign In".';
const editorAdvice: typeof advice = {
  signedOut: signInThere,
  sessionEnded: `${signInThere} Or run partner-auth refresh NAME, to ask the partner once more.`,
  refreshInterrupted: signInThere,
  oneTimeCodeRequired: signInThere,
  invalidOneTimeCode: signInThere,
  captchaRequired: signInThere,
};

/** An error as a sentence for the user of the command line. */
export function errorText(error: Error, { profile, isOfEditor }: Pick<Given, 'profile' | 'isOfEditor'>): string {
  const { message } = error;
  const advised = isOfEditor ? editorAdvice : advice;
  if (isPartnerAuthError(error) && error.code === 'signedOut' && profile !== undefined)
    return `${profile} is not signed in. ${advised.signedOut?.replaceAll('NAME', profile)}`;
  const sentences = message.match(/[^.!?]*(?:[.!?](?=\S)[^.!?]*)*[.!?]?\s*/g) ?? [message];
  const kept = sentences.filter(
    (sentence) => !/\b(?:login|refresh|adopt|openSession|encodeURIComponent)\(\)|\berror\.challenge\b/.test(sentence),
  );
  const hint = isPartnerAuthError(error) ? adviceFor(error, advised) : undefined;
  const text = kept.join('').trim();
  if (hint === undefined || /partner-auth (?:login|refresh)/.test(text)) return text === '' ? message : text;
  return `${text} ${hint.replaceAll('NAME', profile ?? 'NAME')}`.trim();
}

/** The message with the option of the command line in place of the setting that it is about, such as `unixSocket`. */
export function withOptionName(text: string, { setting = '' }: PartnerAuthError, options: readonly string[]): string {
  const [first = ''] = setting.split('.');
  const option = options.find((name) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()) === first);
  if (option === undefined) return text;
  if (text.startsWith(`${setting} `)) return `--${option}${text.slice(setting.length)}`;
  return text.replace(`its field "${setting}"`, `--${option}`);
}

function adviceFor({ code, setting, challenge }: PartnerAuthError, advised: typeof advice): string | undefined {
  if (setting === 'refreshToken') return 'Use a current refresh token, or sign in without one.';
  const needsBrowser = code === 'captchaRequired' && challenge === undefined && advised === advice;
  return needsBrowser ? widgetAdvice : advised[code];
}

/** What `--json` prints of an error. */
export function errorJson(error: Error): object {
  const { name, message } = error;
  return { error: isPartnerAuthError(error) ? error.toJSON() : { name, message } };
}
