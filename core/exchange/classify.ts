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
  /**
   * Present if the response is not in the partner's own form, so that a gateway or proxy may have sent it. `rule` is the
   * one that would match if the partner had.
   */
  readonly foreign?: { readonly rule: ErrorRule | undefined };
}

/**
 * Classifies a response by the partner definition and the HTTP status alone.
 *
 * @param isFile whether a 2xx response to a protected call that is not in the partner's own form is a success.
 */
export function classify(
  { response: shape, errors }: PartnerDefinition,
  call: CallKind,
  status: number,
  decoded: DecodedResponse,
  isFile = false,
): Classification {
  const { json, encryption } = decoded;
  const ok = status >= 200 && status < 300;
  const isReadable = ok && encryption !== 'undecryptable';
  if (isReadable && shape.success !== undefined && valueAt(json, shape.success.field) === shape.success.equals)
    return { kind: 'success' };

  const mayHaveActed = ok || status >= 500;
  const isOwn = isOwnForm(shape, decoded);
  const match = errors?.find((candidate) => matches(candidate, call, status, json, shape));
  // A refused access token is only refreshed, and many servers report it with an empty body. At a wrong address, the partner's
  // own form cannot be expected.
  const rule = isOwn || match?.is === 'tokenRefused' || match?.setting === 'baseUrl' ? match : undefined;
  if (rule?.is === 'tokenRefused' && call === 'request') return { kind: 'tokenRefused' };
  if (rule !== undefined && rule.is !== 'tokenRefused') {
    const { is: code, setting } = rule;
    // With a documented refusal the partner has certainly not acted; with a failure on its side it may have.
    return { kind: 'failure', code, rule, setting, mayHaveActed: code === 'partnerUnavailable' && mayHaveActed };
  }
  if (isReadable && isFile && !isOwn && call === 'request') return { kind: 'success' };
  // A protected call may return anything, such as a PDF.
  if (isReadable && shape.success === undefined && (json !== undefined || call === 'request'))
    return { kind: 'success' };

  const failure = (code: PartnerAuthErrorCode, setting?: string): Failure => ({
    kind: 'failure',
    code,
    setting,
    mayHaveActed,
  });
  if (status >= 300 && status < 400) return failure('redirect', 'baseUrl');
  if (status === 429) return failure('rateLimited');
  const foreign = { foreign: { rule: match } };
  if (status >= 500) return { ...failure('partnerUnavailable'), ...(!isOwn && foreign) };
  if (encryption === 'undecryptable') return failure('cipher', 'cipher');
  if (!isOwn) return { ...failure('invalidResponse'), ...foreign };
  return failure(ok && json === undefined ? 'invalidResponse' : 'partnerRefused');
}

/**
 * Whether the partner itself has certainly sent the response: it was encrypted, or it has one of the fields that mark
 * success and errors. If the definition names none of them, errors have a status only: they are JSON or empty.
 */
function isOwnForm({ success, code, message }: ResponseShape, { text, json, encryption }: DecodedResponse): boolean {
  if (encryption === 'decrypted') return true;
  const fields = [success?.field, code, message].filter((field) => field !== undefined);
  if (fields.length === 0) return encryption === 'plain' && (json !== undefined || text === '');
  return fields.some((field) => valueAt(json, field) !== undefined);
}

function matches(rule: ErrorRule, call: CallKind, status: number, json: unknown, shape: ResponseShape): boolean {
  return (
    (rule.on === undefined || rule.on.includes(call)) &&
    (rule.status === undefined || rule.status === status) &&
    (rule.code === undefined || (shape.code !== undefined && valueAt(json, shape.code) === rule.code)) &&
    (rule.message === undefined || (shape.message !== undefined && valueAt(json, shape.message) === rule.message))
  );
}
