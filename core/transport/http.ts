import type { IncomingHttpHeaders } from 'node:http';
import type { PartnerAuthError } from '../lib/errors.ts';
import type { HttpBody } from './request-body.ts';
import type { Repeat } from './retry.ts';
import type { ChunkReader } from './streamed-body.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
}

export interface ResponseHead {
  readonly status: number;
  /** As in Node: names in lower case, `set-cookie` is a list, other repeated headers are joined by comma. */
  readonly headers: Readonly<IncomingHttpHeaders>;
}

export interface HttpResponse extends ResponseHead {
  /** Decompressed. */
  readonly body: Buffer;
  /** What follows `body`, decompressed: only with the option `stream`, if the response was not read to its end. */
  readonly rest?: ChunkReader;
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
  /** Total deadline of this exchange including retries, in ms. With `stream`, it does not include reading `rest`. */
  readonly timeout: number;
  /** The largest response body, in bytes after decompression. Default 1 MiB. A larger one is a failure. */
  readonly maxResponseSize?: number | undefined;
  /**
   * How many bytes of a 2xx response to read at once; what follows is left in `rest`, whatever its size. Undefined for a
   * response that is to be read to its end. Default: every response is read to its end.
   */
  readonly stream?: ((head: ResponseHead) => number | undefined) | undefined;
  /** Called immediately before each attempt is sent. If it resolves false, the exchange fails without sending it. */
  readonly maySend?: () => Promise<boolean>;
  /** Default `refused`. */
  readonly repeat?: Repeat | undefined;
}

/** Sends HTTP requests. Never throws because of the network or the partner. */
export interface Transport {
  send(request: HttpRequest, options: SendOptions): Promise<Exchange>;
  /** Resolves once no response is being received, a body that was left to be read included. */
  settled(): Promise<void>;
  /** Closes the connections; calls in flight fail with code `closed`. Idle connections of Node's global agents stay open. */
  close(): void;
}
