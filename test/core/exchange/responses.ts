import { partners, type Cipher, type PartnerAuthError, type PartnerDefinition } from '../../../core/index.ts';
import type { CallKind } from '../../../core/partners/definition.ts';
import { classify } from '../../../core/exchange/classify.ts';
import { responseShapeOf } from '../../../core/partners/response-shape.ts';
import { decodeResponse } from '../../../core/exchange/decode-response.ts';
import { responseError } from '../../../core/exchange/response-error.ts';
import type { HttpResponse } from '../../../core/transport/http.ts';

/** The current time in the tests: 12:00 UTC on a Sunday. */
export const now = Date.UTC(2026, 2, 1, 12);

/** A response to a request that was sent at `now`, received 200 ms later. */
export function response(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text), sentAt: now, receivedAt: now + 200 };
}

export function jwt(claims: Record<string, unknown>): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** The interpretation of a response by core/exchange. */
export type Interpretation =
  | { readonly kind: 'success' | 'tokenRefused'; readonly json: unknown }
  | {
      readonly kind: 'failure';
      readonly json: unknown;
      readonly error: PartnerAuthError;
      readonly mayHaveActed: boolean;
    };

/** An interpretation as one string: `success`, `tokenRefused`, or the error's code with the setting that it names. */
export function summarize(interpretation: Interpretation): string {
  if (interpretation.kind !== 'failure') return interpretation.kind;
  const { code, setting } = interpretation.error;
  return setting === undefined ? code : `${code} (${setting})`;
}

export function interpret(
  partner: keyof typeof partners | PartnerDefinition,
  call: CallKind,
  http: HttpResponse,
  { cipher, redact = (text) => text }: { cipher?: Cipher; redact?: ((text: string) => string) | undefined } = {},
): Interpretation {
  const definition = typeof partner === 'string' ? partners[partner] : partner;
  const decoded = decodeResponse(responseShapeOf(definition, call), http, cipher);
  const { json } = decoded;
  const meaning = classify(definition, call, http.status, decoded);
  if (meaning.kind !== 'failure') return { kind: meaning.kind, json };
  const error = responseError(definition, call, http, decoded, meaning, redact);
  return { kind: 'failure', json, error, mayHaveActed: meaning.mayHaveActed };
}
