import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PartnerAuthError, PartnerAuthErrorCode } from '../lib/errors.ts';

/** What the gateway responds by itself. Never 401: clients would ask for credentials, or sign in again. */
export interface OwnResponse {
  readonly status: number;
  /** A code of `PartnerAuthError`, or of `Refusal`. */
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Distinguishes the gateway's own responses from those of the partner. */
export const errorHeader = 'x-partner-auth-error';

const refusalStatuses = { invalidRequest: 400, forbidden: 403, bodyTooLarge: 413, unsupportedBody: 415 } as const;

/** Why the gateway does not pass on a call. */
export interface Refusal {
  readonly code: keyof typeof refusalStatuses;
  readonly message: string;
}

export function refusalResponse({ code, message }: Refusal): OwnResponse {
  return { status: refusalStatuses[code], code, body: { code, message, retryable: false } };
}

export const internalError: OwnResponse = {
  status: 500,
  code: 'internal',
  body: { code: 'internal', message: 'The gateway failed unexpectedly.', retryable: false },
};

/** 502: the partner, or the way to it; 503: the session; 504: no response in time. Undefined: the caller has gone. */
const statuses: Readonly<Record<PartnerAuthErrorCode, 502 | 503 | 504 | undefined>> = {
  network: 502,
  tls: 502,
  cipher: 502,
  invalidResponse: 502,
  responseTooLarge: 502,
  redirect: 502,
  partnerRefused: 502,
  configuration: 503,
  invalidCredentials: 503,
  oneTimeCodeRequired: 503,
  invalidOneTimeCode: 503,
  captchaRequired: 503,
  accountUnavailable: 503,
  signedOut: 503,
  sessionEnded: 503,
  refreshInterrupted: 503,
  rateLimited: 503,
  partnerUnavailable: 503,
  store: 503,
  lock: 503,
  closed: 503,
  timeout: 504,
  aborted: undefined,
};

/** The response for a call that failed; undefined if the connection is to be closed without one. */
export function errorResponse(error: PartnerAuthError): OwnResponse | undefined {
  const { code, retryAfter } = error;
  const status = statuses[code];
  if (status === undefined) return undefined;
  // A caller that can distinguish two failures of a decryption can decrypt by them.
  if (code === 'cipher') {
    const message = 'The response of the partner could not be decrypted. Check the cipher settings.';
    return { status, code, body: { code, message, retryable: false } };
  }
  const { challenge: _challenge, ...body } = error.toJSON();
  // A session waits for at least a second after a failed refresh.
  const wait = code === 'rateLimited' ? (retryAfter ?? 1) : retryAfter;
  return { status, code, body, ...(wait !== undefined && { headers: { 'retry-after': String(Math.ceil(wait)) } }) };
}

/**
 * Sends it at once, but ends only with the request: many clients send all of their body first, and would find the
 * connection closed in place of the response.
 */
export function sendOwn(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, body, headers }: OwnResponse,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    [errorHeader]: code,
  });
  if (request.complete || request.destroyed) {
    response.end(text);
    return;
  }
  response.write(text);
  const end = (): void => void response.end();
  request.once('end', end).once('close', end).resume();
}
