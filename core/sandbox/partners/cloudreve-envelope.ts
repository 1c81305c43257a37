import { randomUUID } from 'node:crypto';
import { asObject, parseJson } from '../http/body.ts';
import type { SandboxResponse, ReceivedRequest, SandboxOutcome } from '../http/exchange.ts';

// middleware/common.go: API answers must not be cached.
const headers = { 'cache-control': 'private, no-cache' };
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A success: HTTP 200, `code` 0 and an empty `msg` (Cloudreve 4.18, pkg/serializer/response.go). */
export function succeed(data: unknown): SandboxResponse {
  return { status: 200, outcome: 'ok', headers, json: { code: 0, data, msg: '' } };
}

/** Code 203: the password was right, `data` is the session id for the one-time code. Not an error, so without correlation id. */
export function askForCode(sessionId: string): SandboxResponse {
  return { status: 200, outcome: 'twoFactorRequired', headers, json: { code: 203, data: sessionId, msg: '' } };
}

/** A service error: HTTP 200 with a `correlation_id`, taken over from the caller's `X-Cr-Correlation-Id` when that is a UUID. */
export function refuse(request: ReceivedRequest, code: number, msg: string, outcome: SandboxOutcome): SandboxResponse {
  const given = request.headers['x-cr-correlation-id'] ?? '';
  const correlationId = uuid.test(given) ? given.toLowerCase() : randomUUID();
  return { status: 200, outcome, headers, json: { code, msg, correlation_id: correlationId } };
}

/** A body that does not validate: an older helper of Cloudreve answers it, without correlation id (routers/controllers/main.go). */
export function refuseParameter(msg: string): SandboxResponse {
  return { status: 200, outcome: 'validation', headers, json: { code: 40001, msg } };
}

type BoundFields<Name extends string> =
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<Name, string>> }
  | { readonly kind: 'refused'; readonly response: SandboxResponse };

/** The string fields of a body, empty where absent; or the answer that Cloudreve gives when it can not bind them. */
export function bindStrings<Name extends string>(request: ReceivedRequest, names: readonly Name[]): BoundFields<Name> {
  const parsed = parseJson(request.body.toString('utf8'));
  if (parsed === undefined) return { kind: 'refused', response: refuseParameter('Parameter error') };
  // Go leaves a struct as it is when the JSON is null, whole or in a field.
  const body = parsed.value === null ? {} : asObject(parsed.value);
  const values = names.map((name) => [name, body?.[name] ?? ''] as const);
  if (body === undefined || values.some(([, value]) => typeof value !== 'string')) {
    return { kind: 'refused', response: refuseParameter('JSON marshall error') };
  }
  return { kind: 'fields', fields: Object.fromEntries(values) as Record<Name, string> };
}
