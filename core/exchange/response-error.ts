import { PartnerAuthError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import { withoutRepeatedPath } from '../partners/base-url.ts';
import type { CallKind, ErrorRule, PartnerDefinition, ResponseShape } from '../partners/definition.ts';
import { responseShapeOf } from '../partners/response-shape.ts';
import type { HttpResponse } from '../transport/http.ts';
import { parseRetryAfter } from '../transport/retry.ts';
import { bodyFormHint } from './body-form-hint.ts';
import type { Failure } from './classify.ts';
import type { DecodedResponse } from './decode-response.ts';
import { describeFields } from './misplaced-tokens.ts';
import { fieldAt, textAt } from './response-fields.ts';

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
  decoded: DecodedResponse,
  failure: Failure,
  redact: (text: string) => string,
  address?: CallAddress,
): PartnerAuthError {
  const shape = responseShapeOf(definition, call);
  const partnerMessage = textAt(decoded, shape.message);
  const quote = partnerMessage === undefined ? '' : ` It said: "${plainLine(redact(partnerMessage))}".`;
  const id = textAt(decoded, shape.correlationId);
  const correlationId = id !== undefined && /^[\w.:-]{1,80}$/.test(id) && redact(id) === id ? id : undefined;
  if (address !== undefined && http.status === 404 && failure.rule?.setting === 'baseUrl')
    return wrongAddressError(definition, call, address);
  const what = summarize(definition, call, http.status, decoded, failure, redact);
  const formHint = call === 'request' ? undefined : bodyFormHint(definition, http, decoded);
  const action =
    formHint ??
    (failure.foreign !== undefined && failure.code === 'invalidResponse'
      ? foreignAdvice(definition, call, failure.foreign.rule)
      : failure.isUnexplained
        ? unexplainedAdvice(codeIn(definition, call, decoded, redact), http.status)
        : (failure.rule?.advice ?? advice(failure.code, definition, call, failure.setting)));
  const missing = failure.rule === undefined ? missingCode(shape, decoded, failure, redact) : '';
  return new PartnerAuthError(failure.code, `${what}.${quote}${missing} ${action}`.trim(), {
    status: http.status,
    correlationId,
    retryAfter: parseRetryAfter(http.headers['retry-after'], http.receivedAt),
    setting: failure.setting ?? (formHint === undefined ? undefined : 'partner.body'),
    ...(failure.foreign !== undefined && { retryable: true, foreign: true }),
  });
}

/** That the partner's error code is not where the definition looks for it, so that no rule can match it. */
function missingCode(
  { code: path }: ResponseShape,
  decoded: DecodedResponse,
  { code }: Failure,
  redact: (text: string) => string,
): string {
  const isRefused = code === 'partnerRefused' || code === 'invalidResponse';
  const { json } = decoded;
  const isObject = typeof json === 'object' && json !== null;
  if (path === undefined || !isRefused || !isObject || fieldAt(decoded, path) !== undefined) return '';
  return ` There is no error code in "${path}" (response.code of the partner definition). ${describeFields(json, redact)}`;
}

/** Where an auth call was sent. */
export interface CallAddress {
  readonly baseUrl: string;
  readonly path: string;
}

function wrongAddressError(
  { label }: PartnerDefinition,
  call: CallKind,
  { baseUrl, path }: CallAddress,
): PartnerAuthError {
  const { origin, pathname } = new URL(baseUrl);
  const right = withoutRepeatedPath(baseUrl, path);
  const action =
    right !== undefined
      ? `baseUrl must not contain the path of the API: set it to ${right}.`
      : pathname === '/'
        ? `Set baseUrl to the address of ${label} without the path of the API; it is ${baseUrl} now.`
        : `Set baseUrl to the address of ${label} without the path of the API, such as ${origin}.`;
  // Of a session there was a login at this address, so that it may be right, and a gateway in front of it the cause.
  const isKnown = call === 'refresh' || call === 'logout';
  const hint = isKnown ? ` If it worked before, a gateway may have sent this. ${laterAdvice[call]}`.trimEnd() : '';
  const message = `There is no ${callNames[call]} of ${label} at ${baseUrl}${path} (HTTP 404). ${action}${hint}`;
  return new PartnerAuthError('configuration', message, { status: 404, setting: 'baseUrl', retryable: isKnown });
}

function summarize(
  definition: PartnerDefinition,
  call: CallKind,
  status: number,
  decoded: DecodedResponse,
  { code, rule, foreign }: Failure,
  redact: (text: string) => string,
): string {
  const { label } = definition;
  const errorCode = codeIn(definition, call, decoded, redact);
  const detail = errorCode === undefined ? '' : `, code ${errorCode}`;
  if (rule === undefined) {
    switch (code) {
      case 'redirect':
        return `${label} returned a redirect (HTTP ${status}) to the ${callNames[call]}, which is not followed`;
      case 'rateLimited':
        return `${label} limits the number of calls (HTTP ${status}${detail})`;
      case 'partnerUnavailable':
        return foreign === undefined
          ? `${label} reports a failure on its side (HTTP ${status}${detail})`
          : `${gatewayOf(status, label)} reports a failure (HTTP ${status}, ${describeBody(decoded)})`;
      case 'cipher':
        return `${label} responded, but the response could not be decrypted`;
      case 'invalidResponse':
        return foreign !== undefined
          ? `The response to the ${callNames[call]} (HTTP ${status}, ${describeBody(decoded)}) is not in the form of ${label}: a gateway, proxy or captive portal may have sent it`
          : `${label} responded to the ${callNames[call]} with something other than JSON`;
      default:
    }
  }
  if (code === 'partnerRefused' && rule === undefined && status >= 200 && status < 300) {
    const marker = describeMarker(responseShapeOf(definition, call), decoded, redact);
    return `${label} responded to the ${callNames[call]} (HTTP ${status}${detail}) without its success marker${marker}`;
  }
  return `${label} refused the ${callNames[call]} (HTTP ${status}${detail})`;
}

/** What is in place of the success marker. */
function describeMarker(
  { success }: ResponseShape,
  decoded: DecodedResponse,
  redact: (text: string) => string,
): string {
  if (success === undefined) return '';
  const value = fieldAt(decoded, success.field);
  const found =
    value === undefined
      ? 'nothing is there'
      : typeof value === 'object'
        ? 'something else is there'
        : `it is ${plainLine(redact(JSON.stringify(value)), 40)}`;
  return `: response.success requires "${success.field}" to be ${JSON.stringify(success.equals)}, and ${found}`;
}

/** The partner's error code, for a message. */
function codeIn(
  definition: PartnerDefinition,
  call: CallKind,
  decoded: DecodedResponse,
  redact: (text: string) => string,
): string | number | undefined {
  const { code } = responseShapeOf(definition, call);
  const value = code === undefined ? undefined : fieldAt(decoded, code);
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? plainLine(redact(value), 40) : undefined;
}

/** What to do about a refused refresh token: the refusal may be a mistake of the partner. */
export const refusedAdvice = 'Sign in again, or call refresh() to ask once more.';

/** What to do about a refusal of the refresh token that no rule explains. */
function unexplainedAdvice(code: string | number | undefined, status: number): string {
  const condition = code === undefined ? `"status": ${status}` : `"code": ${JSON.stringify(code)}`;
  return `No error rule of the partner definition explains it; if it means that the refresh token is no longer valid, add { "on": ["refresh"], ${condition}, "is": "sessionEnded" } to errors. ${refusedAdvice}`;
}

/** Who sends a response of status 500 or above that is not in the partner's own form. */
function gatewayOf(status: number, label: string): string {
  // By their definition, these come from a gateway that got no response from the server behind it, or from a network.
  const isGateway = status === 502 || status === 504 || status === 511;
  return isGateway ? `A gateway or proxy between this machine and ${label}` : `${label}, or a gateway or proxy,`;
}

function describeBody({ text, json }: DecodedResponse): string {
  if (json !== undefined) return 'JSON with other fields';
  if (text === '') return 'no body';
  return /^\s*</.test(text) ? 'HTML' : 'not JSON';
}

/** What to do about a response that is not in the partner's own form. */
function foreignAdvice(definition: PartnerDefinition, call: CallKind, rule: ErrorRule | undefined): string {
  const { label } = definition;
  const shape = responseShapeOf(definition, call);
  const names = new Set([shape.success?.field, shape.code, shape.message].filter((name) => name !== undefined));
  const form = names.size === 0 ? 'JSON' : `JSON with ${[...names].join(' or ')}`;
  const own = rule === undefined ? '' : advice(rule.is, definition, call, rule.setting);
  const otherwise = own === '' ? `Its definition states that its errors are ${form}.` : own;
  return `Try again later, and check the network and baseUrl. If ${label} did send it: ${otherwise}`;
}

/** What to do about an error that the partner returned, in one sentence. */
function advice(
  code: ErrorRule['is'],
  definition: PartnerDefinition,
  call: CallKind,
  setting: string | undefined,
): string {
  switch (code) {
    case 'invalidCredentials':
      return `Check ${definition.credentials.map((field) => field.name).join(', ')}.`;
    case 'oneTimeCodeRequired':
      return `Call login() with { ${definition.oneTimeCode?.codeField ?? 'otp'} }.`;
    case 'invalidOneTimeCode':
      return setting === 'credentials'
        ? 'The pending login has ended: call login() with the credentials and the current code.'
        : 'Call login() with the current code, or after some minutes again with the credentials.';
    case 'captchaRequired':
      return `Show the image in error.challenge and call login() with ${definition.captcha?.textField ?? 'captcha'} and ${definition.captcha?.ticketField ?? 'ticket'}.`;
    case 'accountUnavailable':
      return 'Ask the partner about this account.';
    case 'sessionEnded':
      return call === 'refresh' ? refusedAdvice : 'Sign in again.';
    case 'refreshInterrupted':
      return 'A refresh was interrupted; sign in again.';
    case 'rateLimited':
    case 'partnerUnavailable':
      return laterAdvice[call];
    case 'redirect':
      return 'Check baseUrl.';
    case 'configuration':
    case 'partnerRefused':
    case 'cipher':
      return settingAdvice(setting, definition);
    case 'invalidResponse':
      return 'Check baseUrl and the partner definition.';
    default:
      return '';
  }
}

/** A sign-out has forgotten the session by then, so that only its `retry()` can repeat it. */
const laterAdvice: Readonly<Record<CallKind, string>> = {
  login: 'Try again later.',
  oneTimeCode: 'Try again later.',
  refresh: 'Try again later; the session is kept.',
  logout: '',
  request: 'Try again later; the session is kept.',
};

/** Such as @node-oauth/oauth2-server, which takes the encoded secret for the secret. */
const basicAdvice =
  ' Not every server decodes other characters than letters, digits, "-", "_" and "." in HTTP Basic: if there are any, try send: \'body\'.';

function settingAdvice(setting: string | undefined, { client }: PartnerDefinition): string {
  switch (setting) {
    case 'cipher':
      return 'If it cannot decrypt the payload, check cipher.key, cipher.iv, cipher.output and partnerCode. detectCipher() finds the cipher settings from one message that is known to be correct.';
    case 'partnerCode':
      return 'Check partnerCode.';
    case 'client':
      return `Check the option client: its id, its secret, and how the partner definition sends them.${client?.send === 'basic' ? basicAdvice : ''}`;
    case undefined:
      return '';
    default:
      return `Check ${setting}.`;
  }
}
