import { partners, type Cipher, type PartnerAuthError, type PartnerDefinition } from '../../../core/index.ts';
import type { CallKind } from '../../../core/partners/definition.ts';
import { classify } from '../../../core/exchange/classify.ts';
import { decodeResponse } from '../../../core/exchange/decode-response.ts';
import { responseError } from '../../../core/exchange/response-error.ts';
import type { HttpResponse } from '../../../core/transport/http.ts';

/** 12:00 UTC on a Sunday; what the tests call now. */
export const now = Date.UTC(2026, 2, 1, 12);

/** A response that was requested at `now` and came 200 ms later. */
export function response(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: text, sentAt: now, receivedAt: now + 200 };
}

export function jwt(claims: Record<string, unknown>): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** What the exchange makes of a response. */
export type Reading =
  | { readonly kind: 'success' | 'tokenRefused'; readonly json: unknown }
  | {
      readonly kind: 'failure';
      readonly json: unknown;
      readonly error: PartnerAuthError;
      readonly mayHaveActed: boolean;
    };

/** A reading in one line: `success`, `tokenRefused`, or the error's code with the setting that it points to. */
export function shortly(reading: Reading): string {
  if (reading.kind !== 'failure') return reading.kind;
  const { code, setting } = reading.error;
  return setting === undefined ? code : `${code} (${setting})`;
}

export function read(
  partner: keyof typeof partners | PartnerDefinition,
  call: CallKind,
  http: HttpResponse,
  { cipher, redact = (text) => text }: { cipher?: Cipher; redact?: ((text: string) => string) | undefined } = {},
): Reading {
  const definition = typeof partner === 'string' ? partners[partner] : partner;
  const decoded = decodeResponse(definition, http.body, cipher);
  const { json } = decoded;
  const meaning = classify(definition, call, http.status, decoded);
  if (meaning.kind !== 'failure') return { kind: meaning.kind, json };
  const error = responseError(definition, call, http, json, meaning, redact);
  return { kind: 'failure', json, error, mayHaveActed: meaning.mayHaveActed };
}
