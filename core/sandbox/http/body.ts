import type { IncomingMessage } from 'node:http';

/** Bytes; a request body above it is cut off with 413. */
export const bodyLimit = 30 * 1024 * 1024;

/** The whole body, `tooLarge` at the limit, or undefined when the client went away. */
export function readBody(request: IncomingMessage): Promise<Buffer | 'tooLarge' | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) return Promise.resolve('tooLarge');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyLimit) {
        resolve('tooLarge');
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

/** The parsed value, or undefined when it is not JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** The value when it is a JSON object, else undefined. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A form's fields: text as strings, files as `{ name, type, size }`, repeated fields as arrays. Undefined when it can not be read. */
export async function parseMultipart(
  body: Buffer,
  contentType: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    // Node deprecates it for servers that strangers reach; this one listens on loopback, and parsing by hand would be worse.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
    const fields: Record<string, unknown> = {};
    for (const name of new Set(form.keys())) {
      const values = form
        .getAll(name)
        .map((value) => (typeof value === 'string' ? value : { name: value.name, type: value.type, size: value.size }));
      // Defined, not assigned: a field may be called __proto__.
      Object.defineProperty(fields, name, {
        value: values.length === 1 ? values[0] : values,
        enumerable: true,
        configurable: true,
      });
    }
    return fields;
  } catch {
    return undefined;
  }
}
