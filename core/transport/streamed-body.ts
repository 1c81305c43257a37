import type { Duplex, Readable } from 'node:stream';
import type * as zlibModule from 'node:zlib';
import { contentEncodings } from './content-encoding.ts';

/** A response body that is read piece by piece. */
export interface ChunkReader {
  /** Undefined at the end of the body. */
  next(): Promise<Buffer | undefined>;
  /** Closes the connection if the body was not read to its end. */
  cancel(): void;
}

/** Reads a stream. It fails with code `ETIMEDOUT` if a piece takes longer than `timeout`, in ms. */
export function chunkReader(stream: Readable, source: Readable, timeout: number): ChunkReader {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  // The iterator reports an error when it is asked next. Until then, nobody would handle it.
  source.on('error', () => undefined);
  return {
    async next() {
      // Only while waiting: the time that the reader takes is its own.
      const timer = setTimeout(() => {
        source.destroy(Object.assign(new Error('No data was received in time.'), { code: 'ETIMEDOUT' }));
      }, timeout);
      try {
        return (await iterator.next()).value;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel() {
      source.destroy();
      stream.destroy();
    },
  };
}

/** Reads at least `size` bytes, unless the body ends before. */
export async function readStart(
  reader: ChunkReader,
  size: number,
): Promise<{ readonly bytes: Buffer; readonly isAll: boolean }> {
  const chunks: Buffer[] = [];
  let read = 0;
  while (read < size) {
    const chunk = await reader.next();
    if (chunk === undefined) return { bytes: Buffer.concat(chunks), isAll: true };
    chunks.push(chunk);
    read += chunk.length;
  }
  return { bytes: Buffer.concat(chunks), isAll: false };
}

/** What happens as a body is read. */
export interface ReadObserver {
  /** Called before each read. */
  onRead(): void;
  /** Called when the body ends, also by a failure or because it is cancelled. */
  onEnd(): void;
  /** The error that replaces one of reading. */
  explain(error: unknown): Error;
}

export function observedReader(reader: ChunkReader, { onRead, onEnd, explain }: ReadObserver): ChunkReader {
  return {
    async next() {
      onRead();
      try {
        const chunk = await reader.next();
        if (chunk === undefined) onEnd();
        return chunk;
      } catch (error) {
        onEnd();
        throw explain(error);
      }
    },
    cancel() {
      onEnd();
      reader.cancel();
    },
  };
}

export function isDecompressionError(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^(?:Z_|ERR_BROTLI|ERR__ERROR_FORMAT)/.test(code);
}

/** The stream with its `Content-Encoding` undone. A name that is no encoding, such as "utf-8", is ignored. */
export function decodeStream(zlib: typeof zlibModule, stream: Readable, header: string | undefined): Readable {
  // In the order in which they were applied.
  return contentEncodings(header).reduceRight<Readable>((source, name) => {
    const decoder = createDecoder(zlib, name);
    if (decoder === undefined) return source;
    source.on('error', (error) => decoder.destroy(error));
    return source.pipe(decoder);
  }, stream);
}

function createDecoder(zlib: typeof zlibModule, name: string): Duplex | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    default:
      return undefined;
  }
}
