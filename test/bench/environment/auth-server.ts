import { once } from 'node:events';
import http, { type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { processCertificates } from '../../../core/sandbox/certificates.ts';

export interface AuthServerOptions {
  readonly secure?: boolean;
  /** How long the server waits before it responds, ms. */
  readonly delay?: number;
}

export interface AuthServer extends AsyncDisposable {
  readonly url: string;
  /** PEM of its certificate authority, with https. */
  readonly ca: string | undefined;
  counts(): { readonly requests: number; readonly connections: number; readonly handshakes: number };
}

/** The response to every login and refresh: the fields of OAuth, which TCONNECT and all peers read. */
const responseBody = JSON.stringify({
  token_type: 'Bearer',
  access_token: `eyJ${'a'.repeat(600)}`,
  refresh_token: `eyJ${'r'.repeat(600)}`,
  expires_in: 36_000,
  refresh_expires_in: 2_592_000,
});

const chunk = Buffer.alloc(65_536, 7);

/** A response of so many bytes, a multiple of 64 KiB. */
function sendFile(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  Readable.from(Array.from({ length: bytes / chunk.length }, () => chunk)).pipe(response);
}

/**
 * Starts a partner that reads the whole request and always responds with the same tokens, at once or after a delay. A path
 * such as `/file/65536` is a file of that size. It does
 * as little as possible, so that the time of the client dominates.
 */
export async function startAuthServer({ secure = false, delay = 0 }: AuthServerOptions = {}): Promise<AuthServer> {
  const counts = { requests: 0, connections: 0, handshakes: 0 };
  const listener: RequestListener = (request, response) => {
    request.resume();
    request.once('end', () => {
      counts.requests++;
      const send = (): void => {
        const size = /^\/file\/(\d+)$/.exec(request.url ?? '')?.[1];
        if (size !== undefined) {
          sendFile(response, Number(size));
          return;
        }
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(responseBody),
        });
        response.end(responseBody);
      };
      if (delay === 0) send();
      else setTimeout(send, delay);
    });
  };
  const certificates = secure ? await processCertificates() : undefined;
  const server =
    certificates === undefined ? http.createServer(listener) : https.createServer(certificates.valid, listener);
  // Only the client decides how long a connection stays open.
  server.keepAliveTimeout = 0;
  server.on('connection', () => counts.connections++);
  server.on('secureConnection', () => counts.handshakes++);
  server.listen({ port: 0, host: '127.0.0.1', backlog: 16_384 });
  await once(server, 'listening');
  return {
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: certificates?.ca,
    counts: () => ({ ...counts }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
