import type { Cipher } from '../cipher/cipher.ts';
import { PartnerAuthError, type PartnerAuthErrorCode, type PartnerAuthErrorDetails } from '../errors.ts';
import { at, parseJson, textAt } from '../json.ts';
import { plainLine } from '../log.ts';
import type { CallKind, ErrorRule, PartnerDefinition } from '../partners/definition.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { parseRetryAfter } from '../transport/retry.ts';
import { advice } from './advice.ts';

/** `answer` is the parsed, where needed decrypted JSON; undefined when there is none. */
export type Verdict = { readonly answer: unknown } & (
  | { readonly kind: 'success' }
  /** A protected call's access token is not accepted. */
  | { readonly kind: 'tokenRefused' }
  /** `mayHaveActed`: the partner may have carried the call out although it did not say so. */
  | { readonly kind: 'error'; readonly error: PartnerAuthError; readonly mayHaveActed: boolean }
);

/** What an answer means, by the partner's definition alone. `redact` is applied to the partner's own words. */
export function judge(
  definition: PartnerDefinition,
  call: CallKind,
  http: HttpAnswer,
  cipher: Cipher | undefined,
  redact: (text: string) => string,
): Verdict {
  const { label, answer: shape } = definition;
  const { status } = http;
  const opened = open(definition, http.body, cipher);
  const answer = opened.answer;
  const ok = status >= 200 && status < 300;

  const fail = (code: PartnerAuthErrorCode, what: string, details: PartnerAuthErrorDetails = {}): Verdict => {
    const words = textAt(answer, shape.message);
    const said = words === undefined ? '' : ` It said: "${plainLine(redact(words))}".`;
    const id = textAt(answer, shape.correlationId);
    const correlationId = id !== undefined && /^[\w.:-]{1,80}$/.test(id) && redact(id) === id ? id : undefined;
    const error = new PartnerAuthError(code, `${what}.${said} ${advice(code, definition, details.setting)}`.trim(), {
      status,
      correlationId,
      retryAfter: parseRetryAfter(http.headers['retry-after'], http.receivedAt),
      ...details,
    });
    return { kind: 'error', error, mayHaveActed: ok || status >= 500, answer };
  };

  const marked = shape.success === undefined || at(answer, shape.success.field) === shape.success.equals;
  if (ok && marked && answer !== undefined && opened.problem === undefined) return { kind: 'success', answer };

  const rule = definition.errors?.find((candidate) => fits(candidate, call, status, answer, shape));
  const number = shape.code === undefined ? undefined : at(answer, shape.code);
  const how =
    typeof number === 'number' || typeof number === 'string' ? `, code ${plainLine(redact(String(number)), 40)}` : '';
  const refused = `${label} refused the ${callNames[call]} (HTTP ${status}${how})`;
  if (rule?.is === 'tokenRefused' && call === 'request') return { kind: 'tokenRefused', answer };
  if (rule !== undefined && rule.is !== 'tokenRefused') {
    const verdict = fail(rule.is, refused, { setting: rule.setting });
    // The partner's own words for a refusal leave no doubt that it did not act; for trouble on its side they do.
    return verdict.kind === 'error' && rule.is !== 'partnerUnavailable' ? { ...verdict, mayHaveActed: false } : verdict;
  }
  if (status >= 300 && status < 400) {
    return fail(
      'redirect',
      `${label} answered the ${callNames[call]} with a redirect (HTTP ${status}), which is not followed`,
      {
        setting: 'baseUrl',
      },
    );
  }
  if (status === 429) return fail('rateLimited', `${label} asks for fewer calls (HTTP 429)`);
  if (status >= 500) return fail('partnerUnavailable', `${label} has trouble of its own (HTTP ${status})`);
  if (!ok) return fail('partnerRefused', refused);
  if (opened.problem === 'cipher')
    return fail('cipher', `${label} answered, but the answer could not be decrypted`, { setting: 'cipher' });
  if (answer === undefined)
    return fail('invalidAnswer', `${label} answered the ${callNames[call]} with something that is not JSON`);
  return fail('partnerRefused', refused);
}

/** Parses the body and, where the definition says so, decrypts the real answer out of it. */
export function open(
  { answer: { encryptedIn } }: PartnerDefinition,
  body: string,
  cipher: Cipher | undefined,
): { answer: unknown; problem?: 'cipher' } {
  const outer = parseJson(body);
  const sealed = encryptedIn === undefined || cipher === undefined ? undefined : at(outer, encryptedIn);
  if (typeof sealed !== 'string' || cipher === undefined) return { answer: outer };
  const iv = cipher.ivField === undefined ? undefined : textAt(outer, sibling(encryptedIn, cipher.ivField));
  try {
    return { answer: parseJson(cipher.decrypt(sealed, iv)) };
  } catch {
    return { answer: outer, problem: 'cipher' };
  }
}

function sibling(path: string | undefined, name: string): string {
  return [...(path ?? '').split('.').slice(0, -1), name].join('.');
}

function fits(
  rule: ErrorRule,
  call: CallKind,
  status: number,
  answer: unknown,
  shape: PartnerDefinition['answer'],
): boolean {
  return (
    (rule.on === undefined || rule.on.includes(call)) &&
    (rule.status === undefined || rule.status === status) &&
    (rule.code === undefined || (shape.code !== undefined && at(answer, shape.code) === rule.code)) &&
    (rule.message === undefined || (shape.message !== undefined && at(answer, shape.message) === rule.message))
  );
}

const callNames: Readonly<Record<CallKind, string>> = {
  login: 'login',
  oneTimeCode: 'one-time code',
  refresh: 'refresh',
  logout: 'logout',
  request: 'call',
};
