import { PartnerAuthError } from '../lib/errors.ts';
import { stringAt, valueAt } from '../lib/json.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { CallKind, PartnerDefinition } from '../partners/definition.ts';
import type { HttpResponse } from '../transport/http.ts';
import { parseRetryAfter } from '../transport/retry.ts';
import { advice } from './advice.ts';
import type { Failure } from './classify.ts';

const callNames: Readonly<Record<CallKind, string>> = {
  login: 'login',
  oneTimeCode: 'one-time code',
  refresh: 'refresh',
  logout: 'logout',
  request: 'call',
};

/** The error of a failed call: what happened, the partner's own words, what to do. `redact` is applied to those words. */
export function responseError(
  definition: PartnerDefinition,
  call: CallKind,
  http: HttpResponse,
  json: unknown,
  failure: Failure,
  redact: (text: string) => string,
): PartnerAuthError {
  const { response: shape } = definition;
  const words = stringAt(json, shape.message);
  const said = words === undefined ? '' : ` It said: "${plainLine(redact(words))}".`;
  const id = stringAt(json, shape.correlationId);
  const correlationId = id !== undefined && /^[\w.:-]{1,80}$/.test(id) && redact(id) === id ? id : undefined;
  const what = whatHappened(definition, call, http.status, json, failure, redact);
  const todo = advice(failure.code, definition, failure.setting);
  return new PartnerAuthError(failure.code, `${what}.${said} ${todo}`.trim(), {
    status: http.status,
    correlationId,
    retryAfter: parseRetryAfter(http.headers['retry-after'], http.receivedAt),
    setting: failure.setting,
  });
}

function whatHappened(
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
        return `${label} asks for fewer calls (HTTP 429)`;
      case 'partnerUnavailable':
        return `${label} reports a failure on its side (HTTP ${status})`;
      case 'cipher':
        return `${label} responded, but the response could not be decrypted`;
      case 'invalidResponse':
        return `${label} responded to the ${callNames[call]} with something that is not JSON`;
      default:
    }
  }
  const own = shape.code === undefined ? undefined : valueAt(json, shape.code);
  const ownCode =
    typeof own === 'number' || typeof own === 'string' ? `, code ${plainLine(redact(String(own)), 40)}` : '';
  return `${label} refused the ${callNames[call]} (HTTP ${status}${ownCode})`;
}
