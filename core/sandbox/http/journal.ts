import type { SandboxResponse, ReceivedRequest, SandboxCall, SandboxOutcome, SandboxPartnerId } from './exchange.ts';

/** One request that the sandbox received, decrypted, and how it was answered. */
export interface SandboxJournalEntry {
  /** When it was answered: epoch milliseconds on the sandbox's clock. */
  readonly at: number;
  /** Absent when the path belongs to no partner. */
  readonly partner?: SandboxPartnerId;
  readonly call: SandboxCall;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Names in lower case. Holds secrets, as `body` and `payload` do: the journal is for tests, never for a log. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came, read as UTF-8. */
  readonly body: string;
  /** The decrypted or parsed payload; absent when it could not be read. */
  readonly payload?: unknown;
  /** The HTTP status that was sent, or that would have been sent where a fault swallowed the answer; 0 when nothing was processed or sent. */
  readonly status: number;
  readonly outcome: SandboxOutcome;
  /** The name of the fault that was played on this request, when one was. */
  readonly fault?: string;
}

/** What the HTTP part knows about an exchange once it is decided. */
export interface Exchange {
  readonly request: ReceivedRequest;
  readonly partner: SandboxPartnerId | undefined;
  readonly call: SandboxCall;
  readonly response: Pick<SandboxResponse, 'status' | 'outcome' | 'payload'>;
  readonly fault: string | undefined;
}

export function journalEntry(exchange: Exchange, at: number): SandboxJournalEntry {
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
