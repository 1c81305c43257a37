import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import { valueAt } from '../lib/json.ts';
import type { CallKind, ErrorRule, PartnerDefinition, ResponseShape } from '../partners/definition.ts';
import type { DecodedResponse } from './decode-response.ts';

/** The meaning of a response. */
export type Classification =
  | { readonly kind: 'success' }
  /** The partner does not accept the access token of a protected call. */
  | { readonly kind: 'tokenRefused' }
  | Failure;

export interface Failure {
  readonly kind: 'failure';
  readonly code: PartnerAuthErrorCode;
  /** The error rule that matched; absent if the HTTP status or the body alone decides. */
  readonly rule?: ErrorRule;
  /** The setting to check. */
  readonly setting?: string | undefined;
  /** The partner may have acted on the call although its response does not confirm it. */
  readonly mayHaveActed: boolean;
}

/** Classifies a response by the partner definition and the HTTP status alone. */
export function classify(
  { response: shape, errors }: PartnerDefinition,
  call: CallKind,
  status: number,
  { json, undecryptable }: DecodedResponse,
): Classification {
  const ok = status >= 200 && status < 300;
  const hasSuccessMark = shape.success === undefined || valueAt(json, shape.success.field) === shape.success.equals;
  if (ok && hasSuccessMark && json !== undefined && !undecryptable) return { kind: 'success' };

  const mayHaveActed = ok || status >= 500;
  const rule = errors?.find((candidate) => matches(candidate, call, status, json, shape));
  if (rule?.is === 'tokenRefused' && call === 'request') return { kind: 'tokenRefused' };
  if (rule !== undefined && rule.is !== 'tokenRefused') {
    const { is: code, setting } = rule;
    // With a documented refusal the partner has certainly not acted; with a failure on its side it may have.
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

function matches(rule: ErrorRule, call: CallKind, status: number, json: unknown, shape: ResponseShape): boolean {
  return (
    (rule.on === undefined || rule.on.includes(call)) &&
    (rule.status === undefined || rule.status === status) &&
    (rule.code === undefined || (shape.code !== undefined && valueAt(json, shape.code) === rule.code)) &&
    (rule.message === undefined || (shape.message !== undefined && valueAt(json, shape.message) === rule.message))
  );
}
