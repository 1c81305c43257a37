import type { PartnerAuthError } from '../errors.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers joined by comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Wall-clock epoch ms just before the last attempt was sent. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

export type Exchange =
  | { readonly answer: HttpAnswer }
  /** `mayHaveArrived`: the partner may have acted on the request although no whole answer came back. */
  | { readonly failure: PartnerAuthError; readonly mayHaveArrived: boolean };

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
