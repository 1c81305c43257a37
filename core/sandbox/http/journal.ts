import type { ReceivedRequest, SandboxCall, SandboxOutcome, SandboxPartnerId, SandboxResponse } from './exchange.ts';

/** One request that the sandbox received, decrypted, and the outcome. */
export interface SandboxJournalEntry {
  /** When the response was decided, epoch milliseconds on the sandbox's clock. */
  readonly at: number;
  /** Absent if the path belongs to no partner. */
  readonly partner?: SandboxPartnerId;
  /** Which call of the partner it is. */
  readonly call: SandboxCall;
  /** The HTTP method. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Names in lower case. Contains secrets, like `body` and `payload`: the journal is for tests and must not be logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as received, decoded as UTF-8. Empty for a request that is refused before it is read, or larger than 8 MiB. */
  readonly body: string;
  /** The decrypted or parsed payload. Absent if it could not be read, or the request is larger than 8 MiB. */
  readonly payload?: unknown;
  /** The HTTP status that was sent, or would have been sent without a fault. 0 if nothing was processed or sent. */
  readonly status: number;
  /** What the partner decided. */
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

const maxEntries = 1000;
const maxBytes = 8 * 1024 * 1024;

/** The newest 1,000 requests, and of them at most 8 MiB of paths, headers and bodies. */
export class Journal {
  /** Oldest first; always the same array. */
  readonly entries: SandboxJournalEntry[] = [];
  readonly #sizes: number[] = [];
  #bytes = 0;

  /** `at`: epoch milliseconds. */
  add(exchange: Exchange, at: number): SandboxJournalEntry {
    const isTooLarge = sizeOf(exchange.request) > maxBytes;
    const request = isTooLarge ? { ...exchange.request, body: Buffer.alloc(0) } : exchange.request;
    const response = isTooLarge ? { ...exchange.response, payload: undefined } : exchange.response;
    const entry = createEntry({ ...exchange, request, response }, at);
    const size = sizeOf(request);
    this.entries.push(entry);
    this.#sizes.push(size);
    this.#bytes += size;
    while (this.entries.length > maxEntries || this.#bytes > maxBytes) {
      this.entries.shift();
      this.#bytes -= this.#sizes.shift() ?? 0;
    }
    return entry;
  }

  clear(): void {
    this.entries.length = 0;
    this.#sizes.length = 0;
    this.#bytes = 0;
  }
}

function sizeOf({ path, headers, body }: ReceivedRequest): number {
  return Object.entries(headers).reduce(
    (size, [name, value]) => size + name.length + value.length,
    path.length + body.length,
  );
}

function createEntry(exchange: Exchange, at: number): SandboxJournalEntry {
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
