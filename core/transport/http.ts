import type { IncomingHttpHeaders } from 'node:http';
import type { PartnerAuthError } from '../lib/errors.ts';
import type { Repeat } from './retry.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface HttpResponse {
  readonly status: number;
  /** As in Node: names in lower case, `set-cookie` is a list, other repeated headers are joined by comma. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Decompressed. */
  readonly body: Buffer;
  /** Wall-clock epoch ms just before the last attempt was sent. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** The outcome of sending a request. */
export type Exchange =
  | { readonly kind: 'response'; readonly response: HttpResponse }
  /** `mayHaveArrived`: the partner may have acted on the request although no complete response was received. */
  | { readonly kind: 'failure'; readonly error: PartnerAuthError; readonly mayHaveArrived: boolean };

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Total deadline of this exchange including retries, in ms. */
  readonly timeout: number;
  /** Called immediately before each attempt is sent. If it resolves false, the exchange fails without sending it. */
  readonly maySend?: () => Promise<boolean>;
  /** Default `refused`. */
  readonly repeat?: Repeat | undefined;
}

/** Sends HTTP requests. Never throws because of the network or the partner. */
export interface Transport {
  send(request: HttpRequest, options: SendOptions): Promise<Exchange>;
  /** Closes the connections; calls in flight fail. The connections of Node's global agents stay open. */
  close(): void;
}
