import type * as zlibModule from 'node:zlib';

type Zlib = typeof zlibModule;

/** The encodings that are asked for. */
export const acceptEncoding = 'gzip, deflate, br';

/** Why a response body could not be decompressed. */
export type DecodingProblem = 'tooLarge' | 'endsEarly' | { readonly not: string } | { readonly unsupported: string };

const unsupported: ReadonlySet<string> = new Set([
  'compress',
  'x-compress',
  'zstd',
  'dcb',
  'dcz',
  'bzip2',
  'snappy',
  'lz4',
]);

type Decompress = (body: Buffer) => Buffer;

/** The names in a `Content-Encoding` header, in lower case, in the order in which they were applied. */
export function contentEncodings(header: string | undefined): string[] {
  return (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
}

/** The first encoding of the header that was not asked for and is not supported. */
export function unsupportedEncoding(header: string | undefined): string | undefined {
  return contentEncodings(header).find((name) => unsupported.has(name));
}

/** Undoes the `Content-Encoding` of a response body. `limit` is the largest result, in bytes. */
export function decodeContent(
  zlib: Zlib,
  body: Buffer,
  header: string | undefined,
  limit: number,
): Buffer | DecodingProblem {
  const { gunzipSync, inflateSync, brotliDecompressSync } = zlib;
  const options = { maxOutputLength: limit };
  const decoders: Readonly<Record<string, Decompress>> = {
    gzip: (bytes) => gunzipSync(bytes, options),
    'x-gzip': (bytes) => gunzipSync(bytes, options),
    deflate(bytes) {
      try {
        return inflateSync(bytes, options);
      } catch (error) {
        // RFC 9110 section 8.4.1.2: some servers send it without the header and checksum of zlib.
        const raw = codeOf(error) === 'Z_DATA_ERROR' ? inflateRaw(zlib, bytes, limit) : undefined;
        if (raw === undefined) throw error;
        return raw;
      }
    },
    br: (bytes) => brotliDecompressSync(bytes, options),
  };
  // A response to HEAD, a 204 or a 304 may state the encoding of the content that it does not have.
  if (body.length === 0) return body;
  let decoded = body;
  // In the order in which they were applied.
  for (const name of contentEncodings(header).reverse()) {
    const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (unsupported.has(name)) return { unsupported: name };
    // Such as "utf-8", a common mistake in servers.
    if (decode === undefined) continue;
    try {
      decoded = decode(decoded);
    } catch (error) {
      return problemOf(error, name);
    }
  }
  return decoded;
}

/** Undefined unless all bytes are part of it: other content may happen to begin like it. */
function inflateRaw({ inflateRawSync }: Zlib, bytes: Buffer, limit: number): Buffer | undefined {
  try {
    const inflated = inflateRawSync(bytes, { maxOutputLength: limit, info: true }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return inflated.engine.bytesWritten === bytes.length ? inflated.buffer : undefined;
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw error;
    return undefined;
  }
}

/** `name`: the encoding that was undone. */
export function problemOf(error: unknown, name: string): DecodingProblem {
  switch (codeOf(error)) {
    case 'ERR_BUFFER_TOO_LARGE':
      return 'tooLarge';
    case 'Z_BUF_ERROR':
      return 'endsEarly';
    default:
      return { not: name };
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
