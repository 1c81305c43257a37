import type { ReceivedRequest, SandboxCall, SandboxOutcome, SandboxPartnerId, SandboxResponse } from './exchange.ts';

/** One request that the sandbox received, decrypted, and the outcome. */
export interface SandboxJournalEntry {
  /** When the response was decided, epoch milliseconds on the sandbox's clock. */
  readonly at: number;
  /** Absent if the path belongs to no partner. */
  readonly partner?: SandboxPartnerId;
  readonly call: SandboxCall;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Names in lower case. Contains secrets, like `body` and `payload`: the journal is for tests and must not be logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as received, decoded as UTF-8. */
  readonly body: string;
  /** The decrypted or parsed payload. Absent if it could not be read. */
  readonly payload?: unknown;
  /** The HTTP status that was sent, or would have been sent without a fault. 0 if nothing was processed or sent. */
  readonly status: number;
  readonly outcome: SandboxOutcome;
  /** The name of the fault that was injected, if any. */
  readonly fault?: string;
}

/** A request and the decision on it. */
export interface Exchange {
  readonly request: ReceivedRequest;
  readonly partner: SandboxPartnerId | undefined;
  readonly call: SandboxCall;
  readonly response: Pick<SandboxResponse, 'status' | 'outcome' | 'payload'>;
  readonly fault: string | undefined;
}

export function createJournalEntry(exchange: Exchange, at: number): SandboxJournalEntry {
  const { request, partner, call, response, fault } = exchange;
  return Object.freeze({
    at,
    ...(partner === undefined ? {} : { partner }),
    call,
    method: request.method,
    path: request.path,
    headers: request.headers,
    body: request.body.toString('utf8'),
    ...(response.payload === undefined ? {} : { payload: response.payload }),
    status: response.status,
    outcome: response.outcome,
    ...(fault === undefined ? {} : { fault }),
  });
}
