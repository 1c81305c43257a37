import type { PartnerAuthError } from '../lib/errors.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Wall-clock epoch ms just before the last attempt was sent. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

export type Exchange =
  | { readonly kind: 'response'; readonly response: HttpResponse }
  /** `mayHaveArrived`: the partner may have acted on the request although no whole response came back. */
  | { readonly kind: 'failure'; readonly error: PartnerAuthError; readonly mayHaveArrived: boolean };

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Total deadline in ms for this exchange with its retries. */
  readonly timeout: number;
}

/** One HTTP exchange; knows no tokens and never throws for what the network or the partner does. */
export interface Transport {
  send(request: HttpRequest, options: SendOptions): Promise<Exchange>;
  /** Closes its connections; a call still in flight fails. Node's global agents keep theirs. */
  close(): void;
}
