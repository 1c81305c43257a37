import { PartnerAuthError, type PartnerAuthErrorCode } from '../lib/errors.ts';
import { stringAt, valueAt } from '../lib/json.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { CallKind, PartnerDefinition } from '../partners/definition.ts';
import type { HttpResponse } from '../transport/http.ts';
import { parseRetryAfter } from '../transport/retry.ts';
import type { Failure } from './classify.ts';

const callNames: Readonly<Record<CallKind, string>> = {
  login: 'login',
  oneTimeCode: 'one-time code',
  refresh: 'refresh',
  logout: 'logout',
  request: 'call',
};

/** The error of a failed call: what happened, the partner's message (redacted), and what to do. */
export function responseError(
  definition: PartnerDefinition,
  call: CallKind,
  http: HttpResponse,
  json: unknown,
  failure: Failure,
  redact: (text: string) => string,
): PartnerAuthError {
  const { response: shape } = definition;
  const partnerMessage = stringAt(json, shape.message);
  const quote = partnerMessage === undefined ? '' : ` It said: "${plainLine(redact(partnerMessage))}".`;
  const id = stringAt(json, shape.correlationId);
  const correlationId = id !== undefined && /^[\w.:-]{1,80}$/.test(id) && redact(id) === id ? id : undefined;
  const what = summarize(definition, call, http.status, json, failure, redact);
  const action = advice(failure.code, definition, failure.setting);
  return new PartnerAuthError(failure.code, `${what}.${quote} ${action}`.trim(), {
    status: http.status,
    correlationId,
    retryAfter: parseRetryAfter(http.headers['retry-after'], http.receivedAt),
    setting: failure.setting,
  });
}

function summarize(
  { label, response: shape }: PartnerDefinition,
  call: CallKind,
  status: number,
  json: unknown,
  { code, rule }: Failure,
  redact: (text: string) => string,
): string {
  if (rule === undefined) {
    switch (code) {
      case 'redirect':
        return `${label} returned a redirect (HTTP ${status}) to the ${callNames[call]}, which is not followed`;
      case 'rateLimited':
        return `${label} limits the number of calls (HTTP 429)`;
      case 'partnerUnavailable':
        return `${label} reports a failure on its side (HTTP ${status})`;
      case 'cipher':
        return `${label} responded, but the response could not be decrypted`;
      case 'invalidResponse':
        return `${label} responded to the ${callNames[call]} with something other than JSON`;
      default:
    }
  }
  const errorCode = shape.code === undefined ? undefined : valueAt(json, shape.code);
  const detail =
    typeof errorCode === 'number' || typeof errorCode === 'string'
      ? `, code ${plainLine(redact(String(errorCode)), 40)}`
      : '';
  return `${label} refused the ${callNames[call]} (HTTP ${status}${detail})`;
}

/** What to do about an error that the partner returned, in one sentence. */
function advice(code: PartnerAuthErrorCode, definition: PartnerDefinition, setting: string | undefined): string {
  switch (code) {
    case 'invalidCredentials':
      return `Check ${definition.credentials.map((field) => field.name).join(', ')}.`;
    case 'oneTimeCodeRequired':
      return `Call login() with { ${definition.oneTimeCode?.codeField ?? 'otp'} }.`;
    case 'invalidOneTimeCode':
      return 'Call login() with the current code, or after some minutes again with the credentials.';
    case 'captchaRequired':
      return `Show the image in error.challenge and call login() with ${definition.captcha?.textField ?? 'captcha'} and ${definition.captcha?.ticketField ?? 'ticket'}.`;
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
      return 'If it cannot decrypt the payload, check cipher.key, cipher.iv, cipher.output and partnerCode. detectCipher() finds the cipher settings from one message that is known to be correct.';
    case 'partnerCode':
      return 'Check partnerCode.';
    case undefined:
      return '';
    default:
      return `Check ${setting}.`;
  }
}
