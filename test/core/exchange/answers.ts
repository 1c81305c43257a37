import { partners, type PartnerDefinition } from '../../../core/index.ts';
import type { CallKind } from '../../../core/partners/definition.ts';
import { judge, type Verdict } from '../../../core/exchange/judge.ts';
import type { HttpAnswer } from '../../../core/transport/http.ts';

/** 12:00 UTC on a Sunday; what the tests call now. */
export const now = Date.UTC(2026, 2, 1, 12);

/** An answer that was asked for at `now` and came 200 ms later. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: text, sentAt: now, receivedAt: now + 200 };
}

export function jwt(claims: Record<string, unknown>): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** A verdict in one line: `success`, `tokenRefused`, or the error's code with the setting that it points to. */
export function shortly(verdict: Verdict): string {
  if (verdict.kind !== 'error') return verdict.kind;
  const { code, setting } = verdict.error;
  return setting === undefined ? code : `${code} (${setting})`;
}

export function judged(
  partner: keyof typeof partners | PartnerDefinition,
  call: CallKind,
  http: HttpAnswer,
  redact: (text: string) => string = (text) => text,
): Verdict {
  return judge(typeof partner === 'string' ? partners[partner] : partner, call, http, undefined, redact);
}
