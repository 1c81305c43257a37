import type streams from 'node:stream';
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
  for (const each of [source, stream]) each.on('error', () => undefined);
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

/**
 * The stream with its `Content-Encoding` undone. A name that is no encoding, such as "utf-8", is ignored. A body without
 * content is empty, whatever its encoding: so is that of a response to HEAD.
 */
export function decodeStream(
  zlib: typeof zlibModule,
  { PassThrough }: Pick<typeof streams, 'PassThrough'>,
  stream: Readable,
  header: string | undefined,
): Readable {
  // In the order in which they were applied.
  return contentEncodings(header).reduceRight<Readable>((source, name) => {
    const open = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (open === undefined) return source;
    const decoded = new PassThrough();
    const fail = (error: Error): void => void decoded.destroy(error);
    const end = (): void => void decoded.end();
    source.on('error', fail);
    source.once('end', end);
    source.once('data', (first: Buffer) => {
      source.off('end', end);
      const decoder = open(zlib, first);
      decoder.on('error', fail).pipe(decoded);
      decoder.write(first);
      source.pipe(decoder);
    });
    return decoded;
  }, stream);
}

type OpenDecoder = (zlib: typeof zlibModule, start: Buffer) => Duplex;

const openGunzip: OpenDecoder = (zlib) => zlib.createGunzip();
const decoders: Readonly<Record<string, OpenDecoder>> = {
  gzip: openGunzip,
  'x-gzip': openGunzip,
  deflate: (zlib, start) => (hasZlibHeader(start) ? zlib.createInflate() : zlib.createInflateRaw()),
  br: (zlib) => zlib.createBrotliDecompress(),
};

/** RFC 1950 section 2.2. Some servers send `deflate` without it (RFC 9110 section 8.4.1.2). */
function hasZlibHeader(start: Buffer): boolean {
  const isDeflate = ((start[0] ?? 0) & 0x0f) === 8;
  return isDeflate && (start.length < 2 || start.readUInt16BE() % 31 === 0);
}
