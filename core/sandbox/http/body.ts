import type { IncomingMessage } from 'node:http';

/** In bytes. A larger request body is refused with 413. */
export const bodyLimit = 30 * 1024 * 1024;

/** Reads the whole body. `tooLarge` above the limit, undefined if the client disconnects. */
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

/** Returns the parsed value in an object, or undefined for invalid JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Returns the value if it is a JSON object, else undefined. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** Parses a form's fields: files as `{ name, type, size }`, repeated fields as arrays. Undefined if it cannot be parsed. */
export async function parseMultipart(
  body: Buffer,
  contentType: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- only for servers open to the network; this one is on loopback
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
    const fields: Record<string, unknown> = {};
    for (const name of new Set(form.keys())) {
      const values = form
        .getAll(name)
        .map((value) => (typeof value === 'string' ? value : { name: value.name, type: value.type, size: value.size }));
      // Not assigned, because a field may be named __proto__.
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
