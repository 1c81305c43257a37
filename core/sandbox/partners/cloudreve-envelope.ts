import { randomUUID } from 'node:crypto';
import { asObject, parseJson } from '../http/body.ts';
import type { ReceivedRequest, SandboxOutcome, SandboxResponse } from '../http/exchange.ts';

// middleware/common.go: API responses must not be cached.
const headers = { 'cache-control': 'private, no-cache' };
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Builds a success: HTTP 200, `code` 0 and an empty `msg` (Cloudreve 4.18, pkg/serializer/response.go). */
export function succeed(data: unknown): SandboxResponse {
  return { status: 200, outcome: 'ok', headers, json: { code: 0, data, msg: '' } };
}

/** Builds code 203: the password is correct, `data` is the session id for the one-time code. Not an error, so it has no correlation id. */
export function requireOneTimeCode(sessionId: string): SandboxResponse {
  return { status: 200, outcome: 'twoFactorRequired', headers, json: { code: 203, data: sessionId, msg: '' } };
}

/** Builds a service error: HTTP 200 with a `correlation_id`, copied from the caller's `X-Cr-Correlation-Id` if that is a UUID. */
export function refuse(request: ReceivedRequest, code: number, msg: string, outcome: SandboxOutcome): SandboxResponse {
  const callerId = request.headers['x-cr-correlation-id'] ?? '';
  const correlationId = uuid.test(callerId) ? callerId.toLowerCase() : randomUUID();
  return { status: 200, outcome, headers, json: { code, msg, correlation_id: correlationId } };
}

/**
 * Builds the error of the check of the caller, which precedes every route. It has no `Cache-Control`, because the check runs before the
 * header is set (routers/router.go).
 */
export function refuseCaller(
  request: ReceivedRequest,
  code: number,
  msg: string,
  outcome: SandboxOutcome,
): SandboxResponse {
  return { ...refuse(request, code, msg, outcome), headers: {} };
}

/** Builds a validation error. An older helper of Cloudreve responds to these, without a correlation id (routers/controllers/main.go). */
export function refuseParameter(msg: string): SandboxResponse {
  return { status: 200, outcome: 'validation', headers, json: { code: 40001, msg } };
}

type BoundFields<Name extends string> =
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<Name, string>> }
  | { readonly kind: 'refused'; readonly response: SandboxResponse };

/** Reads the string fields of a body, empty if absent. If that fails, returns the response that Cloudreve sends. */
export function bindStrings<Name extends string>(request: ReceivedRequest, names: readonly Name[]): BoundFields<Name> {
  const parsed = parseJson(request.body.toString('utf8'));
  if (parsed === undefined) return { kind: 'refused', response: refuseParameter('Parameter error') };
  // Go leaves a struct or a field unchanged if its JSON is null.
  const body = parsed.value === null ? {} : asObject(parsed.value);
  const values = names.map((name) => [name, body?.[name] ?? ''] as const);
  if (body === undefined || values.some(([, value]) => typeof value !== 'string')) {
    return { kind: 'refused', response: refuseParameter('JSON marshall error') };
  }
  return { kind: 'fields', fields: Object.fromEntries(values) as Record<Name, string> };
}
