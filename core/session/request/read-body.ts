import type streams from 'node:stream';
import type { RawBody } from '../../exchange/encode-request.ts';
import { lazy, loadNodeModule, nodeCrypto } from '../../lib/node-modules.ts';
import { bytesOf, isBlob, isTagged } from '../../partners/payload.ts';
import { escapeName } from '../../exchange/encode-body.ts';
import { isReplayable, openBody } from '../../transport/request-body.ts';

/**
 * A body that is sent as it is. All but the last two can be sent again, so that the call is repeated if the partner has
 * refused the access token.
 */
export type RequestBody =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | URLSearchParams
  | Blob
  | FormData
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

const nodeStreams = lazy(() => loadNodeModule('node:stream') as typeof streams);

/**
 * A body as it is sent, with the content type that it has by itself. Bytes are copied, so that later changes do not
 * affect the call.
 *
 * @throws TypeError for a value of another kind, or a stream that was read already. The error of a stream that has failed.
 */
export function readBody(body: unknown): RawBody {
  if (typeof body === 'string') {
    if (!body.isWellFormed()) throw new TypeError('The body has an unpaired surrogate, which UTF-8 cannot carry.');
    return { body, fallbackType: 'text/plain;charset=UTF-8' };
  }
  const bytes = bytesOf(body);
  if (bytes !== undefined) return { body: Buffer.from(Uint8Array.from(bytes).buffer), fallbackType: binary };
  if (isTagged(body, 'URLSearchParams')) {
    return { body: String(body), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (isBlob(body)) return body.type === '' ? { body, fallbackType: binary } : { body, contentType: body.type };
  if (isTagged(body, 'FormData')) return readForm(body as FormData);
  if (isIterable(body)) {
    const { errored, readableDidRead } = body as Partial<streams.Readable>;
    if (errored && readableDidRead === false) throw errored;
    if (wasRead(body)) throw new TypeError(wasReadMessage);
    return { body, fallbackType: binary };
  }
  throw new TypeError(
    'The body of a request must be a string, bytes, URLSearchParams, FormData, a Blob or a stream. Pass the fields of an object as `payload`.',
  );
}

const binary = 'application/octet-stream';

/** As one Blob, whose files are read when they are sent. Unlike the encoding of `fetch()`, it keeps line breaks. */
function readForm(form: FormData): RawBody {
  const boundary = `partner-auth-${nodeCrypto().randomUUID()}`;
  const parts: (string | Blob)[] = [];
  form.forEach((value, name) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"`;
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${value}\r\n`);
    else {
      const type = value.type === '' ? binary : value.type;
      parts.push(`${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n');
    }
  });
  parts.push(`--${boundary}--\r\n`);
  return { body: new Blob(parts), contentType: `multipart/form-data; boundary=${boundary}`, isForm: true };
}

const wasReadMessage = 'The body is a stream that was already read. Open a new one for each call.';
const taken = new WeakSet<object>();

/**
 * Reserves a stream for one call, which begins to read it when it has a token and a connection. An error of a stream of Node
 * meanwhile is that of the call. The returned function closes the stream if it was not read to its end.
 *
 * @throws TypeError if another call has taken it.
 */
export function takeStream(body: RawBody['body'] | undefined): () => void {
  if (isReplayable(body)) return () => undefined;
  const stream = body as AsyncIterable<unknown> & Partial<streams.Readable & ReadableStream>;
  if (taken.has(stream)) throw new TypeError(wasReadMessage);
  taken.add(stream);
  if (typeof stream.destroy === 'function') {
    // Without a listener, Node would end the process.
    stream.on?.('error', () => undefined);
    return () => void stream.destroy?.();
  }
  return () => {
    if (stream.locked === false) void stream.cancel?.().catch(() => undefined);
  };
}

/** Closes a stream that was passed to a call which is not made, unless it was read or another call has taken it. */
export function closeUnused(body: unknown): void {
  if (isIterable(body) && !taken.has(body) && !wasRead(body)) takeStream(body)();
}

/**
 * The bytes of a body that is read once.
 *
 * @throws the reason of the signal.
 */
export async function readAll(
  body: Blob | AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<ArrayBuffer | Uint8Array> {
  if (isBlob(body)) return body.arrayBuffer();
  takeStream(body);
  const { chunks, close } = openBody(body);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([concatenated(chunks), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    close();
  }
}

async function concatenated(chunks: AsyncIterable<unknown>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : bytesOf(chunk);
    if (bytes === undefined) throw new TypeError('A stream that is sent as a body must yield bytes or strings.');
    read.push(Buffer.from(bytes));
  }
  return Buffer.concat(read);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function wasRead(stream: object): boolean {
  const { locked, destroyed, readableEnded } = stream as Readonly<Record<string, unknown>>;
  if (locked === true || destroyed === true || readableEnded === true) return true;
  return nodeStreams().Readable.isDisturbed(stream as streams.Readable);
}
