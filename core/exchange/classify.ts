import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import type { CallKind, ErrorRule, PartnerDefinition, ResponseShape } from '../partners/definition.ts';
import { responseShapeOf } from '../partners/response-shape.ts';
import type { DecodedResponse } from './decode-response.ts';
import { isScopeChallenge, isTokenChallenge, oauthFailure } from './oauth-errors.ts';
import { fieldAt, textAt } from './response-fields.ts';

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
  /** The partner itself refused the refresh, and no rule says what that means. */
  readonly isUnexplained?: true;
}

/**
 * Classifies a response by the partner definition and the HTTP status alone.
 *
 * @param isFile whether a 2xx response to a protected call that is not in the partner's own form is a success.
 */
export function classify(
  definition: PartnerDefinition,
  call: CallKind,
  status: number,
  decoded: DecodedResponse,
  isFile = false,
): Classification {
  const { json, encryption } = decoded;
  const shape = responseShapeOf(definition, call);
  const ok = status >= 200 && status < 300;
  const isReadable = ok && encryption !== 'undecryptable';
  if (isReadable && shape.success !== undefined && fieldAt(decoded, shape.success.field) === shape.success.equals)
    return { kind: 'success' };

  const mayHaveActed = ok || status >= 500;
  const isOwn = isOwnForm(shape, decoded);
  const match = definition.errors?.find((candidate) => matches(candidate, call, status, decoded, shape));
  // A refused access token is only refreshed, and many servers report it with an empty body. At a wrong address, the partner's
  // own form cannot be expected.
  const rule = isOwn || match?.is === 'tokenRefused' || match?.setting === 'baseUrl' ? match : undefined;
  if (rule?.is === 'tokenRefused' && call === 'request') return { kind: 'tokenRefused' };
  if (rule !== undefined && rule.is !== 'tokenRefused') {
    const { is: code, setting } = rule;
    // With a documented refusal the partner has certainly not acted; with a failure on its side it may have.
    return { kind: 'failure', code, rule, setting, mayHaveActed: code === 'partnerUnavailable' && mayHaveActed };
  }
  if (isReadable && isSuccess(shape, call, status, decoded, isFile && !isOwn)) return { kind: 'success' };

  const failure = (code: PartnerAuthErrorCode, setting?: string): Failure => ({
    kind: 'failure',
    code,
    setting,
    mayHaveActed,
  });
  if (call === 'request' && status >= 400 && status < 500) {
    // RFC 6750 section 3.1: another token does not help without the scope.
    if (isScopeChallenge(decoded)) return failure('partnerRefused');
    if (status === 401 || isTokenChallenge(decoded)) return { kind: 'tokenRefused' };
  }
  const oauth = oauthFailure(definition, call, status, decoded);
  if (oauth !== undefined) return { ...failure(oauth.code, oauth.setting), mayHaveActed: false };
  if (status >= 300 && status < 400) return failure('redirect', 'baseUrl');
  if (status === 429) return failure('rateLimited');
  const foreign = { foreign: { rule: match } };
  if (status >= 500) return { ...failure('partnerUnavailable'), ...(!isOwn && foreign) };
  if (encryption === 'undecryptable') return failure('cipher', 'cipher');
  if (!isOwn) return { ...failure('invalidResponse'), ...foreign };
  if (ok && json === undefined) return failure('invalidResponse');
  return { ...failure('partnerRefused'), ...(call === 'refresh' && { isUnexplained: true }) };
}

/** Whether a 2xx response that can be read is a success although it has no success marker, or none is defined. */
function isSuccess(
  shape: ResponseShape,
  call: CallKind,
  status: number,
  decoded: DecodedResponse,
  isFile: boolean,
): boolean {
  const { json, text } = decoded;
  const hasMarker = shape.success !== undefined;
  switch (call) {
    case 'request':
      // A protected call may return anything, such as a PDF.
      return !hasMarker || isFile || status === 204 || status === 205;
    case 'logout':
      // Many servers confirm it without a body (RFC 7009). A captive portal responds with HTML.
      return text.trim() === '' || (!hasMarker && !isHtml(decoded));
    default:
      return !hasMarker && (json !== undefined || hasTextToken(shape, decoded));
  }
}

/** Whether the token of a response that is not JSON is where the definition says. */
function hasTextToken({ accessToken }: ResponseShape, decoded: DecodedResponse): boolean {
  const token = textAt(decoded, accessToken);
  return token !== undefined && !/[\s<]/.test(token);
}

function isHtml({ text, headers }: DecodedResponse): boolean {
  return /^\s*</.test(text) || /\bhtml\b/i.test(headers['content-type'] ?? '');
}

/**
 * Whether the partner itself has certainly sent the response: it was encrypted, or it has one of the fields that mark
 * success and errors. If the definition names none of them, errors have a status only: they are JSON or empty, or text where
 * tokens are.
 */
function isOwnForm({ success, code, message, accessToken }: ResponseShape, decoded: DecodedResponse): boolean {
  const { text, json, encryption } = decoded;
  if (encryption === 'decrypted') return true;
  const fields = [success?.field, code, message].filter((field) => field !== undefined);
  if (fields.length === 0) {
    const isText = accessToken === 'body:' && !isHtml(decoded);
    return encryption === 'plain' && (json !== undefined || text === '' || isText);
  }
  return fields.some((field) => fieldAt(decoded, field) !== undefined);
}

function matches(
  rule: ErrorRule,
  call: CallKind,
  status: number,
  decoded: DecodedResponse,
  shape: ResponseShape,
): boolean {
  return (
    (rule.on === undefined || rule.on.includes(call)) &&
    (rule.status === undefined || rule.status === status) &&
    (rule.code === undefined || (shape.code !== undefined && fieldAt(decoded, shape.code) === rule.code)) &&
    (rule.message === undefined || (shape.message !== undefined && fieldAt(decoded, shape.message) === rule.message))
  );
}
