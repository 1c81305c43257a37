import type { Duplex, Readable } from 'node:stream';
import { isBlob } from '../partners/payload.ts';

/** A request body. An iterable, such as a stream, can be sent only once. */
export type HttpBody = string | Buffer | Blob | AsyncIterable<unknown>;

/** Whether the body can be sent again. */
export function isReplayable(body: HttpBody | undefined): boolean {
  return body === undefined || typeof body === 'string' || Buffer.isBuffer(body) || isBlob(body);
}

/** Its length in bytes; undefined if that is not known before it was read. */
export function bodyLength(body: HttpBody): number | undefined {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.byteLength(body);
  return isBlob(body) ? body.size : undefined;
}

/**
 * Writes a body to a request as fast as the request takes it, and ends the request. The returned function throws the
 * error with which the body itself has failed, if it has.
 */
export function writeBody(body: HttpBody, request: Duplex): () => void {
  let failure: { readonly error: unknown } | undefined;
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    // Not by got's option `body`: with it, got closes the connection if the response arrives before the body is reported
    // as written.
    request.end(body);
  } else {
    const source = isBlob(body) ? (body.stream() as unknown as AsyncIterable<unknown>) : body;
    writeChunks(source, request).catch((error: unknown) => {
      failure = { error };
      request.destroy(new Error('The body could not be read.'));
    });
  }
  return () => {
    if (failure !== undefined) throw failure.error;
  };
}

/**
 * The chunks of a body that is read once, and a function that ends the reading, also while the next chunk is waited for. A
 * generator ends only with its next chunk.
 */
export function openBody(source: AsyncIterable<unknown>): {
  readonly chunks: AsyncIterable<unknown>;
  readonly close: () => void;
} {
  const { getReader } = source as Partial<ReadableStream<unknown>>;
  if (getReader === undefined) {
    const { destroy } = source as Partial<Readable>;
    return { chunks: source, close: () => void destroy?.call(source) };
  }
  // Not by its iterator, which keeps the stream from being cancelled while it waits.
  const reader = getReader.call(source) as ReadableStreamDefaultReader<unknown>;
  return { chunks: chunksOf(reader), close: () => void reader.cancel().catch(() => undefined) };
}

async function* chunksOf(reader: ReadableStreamDefaultReader<unknown>): AsyncGenerator {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function writeChunks(source: AsyncIterable<unknown>, request: Duplex): Promise<void> {
  const { chunks, close } = openBody(source);
  request.once('close', close);
  for await (const chunk of chunks) {
    if (typeof chunk !== 'string' && !ArrayBuffer.isView(chunk))
      throw new TypeError('A stream that is sent as a body must yield bytes or strings.');
    // Leaving the loop also ends the source: the partner may respond without reading all of it.
    if (request.destroyed) return;
    const bytes = typeof chunk === 'string' ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    // Its callback is not called if the request is destroyed meanwhile.
    await new Promise<void>((resolve) => {
      const done = (): void => {
        request.off('close', done);
        resolve();
      };
      request.once('close', done);
      request.write(bytes, done);
    });
  }
  if (!request.destroyed) request.end();
}
