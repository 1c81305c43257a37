import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import { valueAt } from '../lib/json.ts';
import type { CallKind, ErrorRule, PartnerDefinition, ResponseShape } from '../partners/definition.ts';
import type { DecodedResponse } from './decode-response.ts';

/** What a response means. */
export type Classification =
  | { readonly kind: 'success' }
  /** The access token of a protected call is not accepted. */
  | { readonly kind: 'tokenRefused' }
  | Failure;

export interface Failure {
  readonly kind: 'failure';
  readonly code: PartnerAuthErrorCode;
  /** The error rule that explains it; absent if the HTTP status or the body alone decides. */
  readonly rule?: ErrorRule;
  /** The setting to look at. */
  readonly setting?: string | undefined;
  /** The partner may have carried the call out although it did not say so. */
  readonly mayHaveActed: boolean;
}

/** What a response means, by the partner's definition and the HTTP status alone. */
export function classify(
  { response: shape, errors }: PartnerDefinition,
  call: CallKind,
  status: number,
  { json, undecryptable }: DecodedResponse,
): Classification {
  const ok = status >= 200 && status < 300;
  const marked = shape.success === undefined || valueAt(json, shape.success.field) === shape.success.equals;
  if (ok && marked && json !== undefined && !undecryptable) return { kind: 'success' };

  const mayHaveActed = ok || status >= 500;
  const rule = errors?.find((candidate) => fits(candidate, call, status, json, shape));
  if (rule?.is === 'tokenRefused' && call === 'request') return { kind: 'tokenRefused' };
  if (rule !== undefined && rule.is !== 'tokenRefused') {
    const { is: code, setting } = rule;
    // A refusal in the partner's own words leaves no doubt that it did not act; trouble on its side does.
    return { kind: 'failure', code, rule, setting, mayHaveActed: code === 'partnerUnavailable' && mayHaveActed };
  }
  const failure = (code: PartnerAuthErrorCode, setting?: string): Failure => ({
    kind: 'failure',
    code,
    setting,
    mayHaveActed,
  });
  if (status >= 300 && status < 400) return failure('redirect', 'baseUrl');
  if (status === 429) return failure('rateLimited');
  if (status >= 500) return failure('partnerUnavailable');
  if (!ok) return failure('partnerRefused');
  if (undecryptable) return failure('cipher', 'cipher');
  return failure(json === undefined ? 'invalidResponse' : 'partnerRefused');
}

function fits(rule: ErrorRule, call: CallKind, status: number, json: unknown, shape: ResponseShape): boolean {
  return (
    (rule.on === undefined || rule.on.includes(call)) &&
    (rule.status === undefined || rule.status === status) &&
    (rule.code === undefined || (shape.code !== undefined && valueAt(json, shape.code) === rule.code)) &&
    (rule.message === undefined || (shape.message !== undefined && valueAt(json, shape.message) === rule.message))
  );
}
