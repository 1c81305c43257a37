import type { PartnerAuthError } from './errors.ts';

/** An error as one line of a log, with what the partner's support asks for. */
export function logText({ code, message, correlationId }: PartnerAuthError): string {
  return `${code}: ${message}${correlationId === undefined ? '' : ` (correlation id ${correlationId})`}`;
}
