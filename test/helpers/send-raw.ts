import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface RawCall {
  readonly method?: string;
  /** Added to the path of the URL as it is, unlike by `fetch()`. */
  readonly path?: string;
  /** In place of the path of the URL. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** A body without a stated length. */
  readonly chunked?: Buffer;
  readonly socketPath?: string;
  readonly agent?: Agent;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** Sends a request as it is stated, also one that no client would send. */
export async function sendRaw(url: string, call: RawCall = {}): Promise<RawResponse> {
  const { method = 'GET', path = '', target, headers = {}, body, chunked, socketPath, agent } = call;
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        ...(socketPath === undefined ? { hostname, port } : { socketPath }),
        method,
        path: target ?? pathname.replace(/\/$/, '') + path,
        headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) } as Record<
          string,
          string
        >,
        ...(agent && { agent }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() });
        });
      },
    );
    request.on('error', reject);
    request.end(body ?? chunked);
  });
}

export const jsonType = { 'content-type': 'application/json' };

/**
 * Sends bytes to a port of 127.0.0.1, and resolves with all that is received until the connection is closed. `first`: reads
 * nothing before it has sent all of them, as many clients do.
 */
export async function sendBytes(port: number, text: string, first = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  if (first)
    await new Promise<void>((resolve, reject) => socket.write(text, (error) => (error ? reject(error) : resolve())));
  else socket.write(text);
  let received = '';
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) received += chunk;
  return received;
}
