import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenResponse } from '../exchange/partner-response.ts';
import { isPartnerAuthError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { ForwardingSession } from '../session/request/forward.ts';
import { contentOf } from './content.ts';
import { refusalOf, type DefenceName, type Rules } from './defences.ts';
import { forwardedHeaders, returnedHeaders } from './headers.ts';
import { readCall, type IncomingCall } from './incoming-call.ts';
import { errorResponse, internalError, refusalResponse, sendOwn, type OwnResponse } from './own-response.ts';

export interface ServeOptions {
  readonly session: ForwardingSession;
  readonly rules: Rules;
  readonly defences: readonly DefenceName[];
  /** Undefined if none is required. */
  readonly secret: string | undefined;
  /** In bytes. */
  readonly maxBodySize: number;
  /** Of a call, in ms. */
  readonly timeout: number | undefined;
  readonly logger: Logger | undefined;
}

/** How long a client may take no more of a response, in ms. */
const stallTimeout = 60_000;

/** In bytes. */
const smallBody = 16 * 1024;

/** Serves one request of a client. */
export async function serveCall(
  options: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
  abort: AbortController,
): Promise<void> {
  const { logger } = options;
  const start = performance.now();
  const call = readCall(request, options.secret);
  const refusal = refusalOf(call, options.rules, options.defences);
  if (refusal !== undefined) {
    // Not the path, which may be that of another gateway, with its secret.
    logger?.warn(`Refused a call: ${refusal.message}`);
    sendOwn(request, response, refusalResponse(refusal));
    return;
  }
  let outcome: string;
  try {
    outcome = await passOn(options, call, request, response, abort.signal);
  } catch (error) {
    outcome = fail(request, response, ownResponseTo(error, abort.signal));
  }
  logger?.info(
    `${call.method} ${plainLine(call.path)}${call.query && '?…'} ${outcome} (${Math.round(performance.now() - start)} ms)`,
  );
}

/** Resolves with what to log. */
async function passOn(
  { session, rules, maxBodySize, timeout }: ServeOptions,
  call: IncomingCall,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<string> {
  const { method, path, query, headers, hasBody } = call;
  const body = hasBody ? await readBody(request, maxBodySize) : Buffer.alloc(0);
  if (body === undefined) {
    const message = `The body is larger than ${maxBodySize} bytes. Start the gateway with a larger limit.`;
    return fail(request, response, refusalResponse({ code: 'bodyTooLarge', message }));
  }
  if (body.length > 0 && (method === 'GET' || method === 'HEAD'))
    return fail(
      request,
      response,
      refusalResponse({ code: 'invalidRequest', message: `A ${method} request cannot have a body.` }),
    );
  const content = contentOf(rules.form, headers, body);
  if ('code' in content) return fail(request, response, refusalResponse(content));
  const opened = await session.forward(
    { method, path: path + query, headers: forwardedHeaders(headers, rules.ownHeaders), ...content, timeout },
    signal,
  );
  if (opened.error?.code === 'cipher') {
    opened.rest?.cancel();
    return fail(request, response, errorResponse(opened.error));
  }
  await send(response, opened, method === 'HEAD', signal);
  return String(opened.status);
}

/** Undefined if it is larger than `limit` bytes. Not by iteration, which takes several times as long for a small body. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
}

async function send(
  response: ServerResponse,
  { status, headers, start, rest }: OpenResponse,
  isHead: boolean,
  signal: AbortSignal,
): Promise<void> {
  const returned = returnedHeaders(headers);
  const hasNoBody = isHead || status === 204 || status === 304;
  if (rest === undefined && !hasNoBody) returned['content-length'] = start.length;
  response.writeHead(status, returned);
  if (rest === undefined || hasNoBody) {
    rest?.cancel();
    // As a string, which Node sends in one piece with the head: `latin1` has a character for each byte.
    if (hasNoBody) response.end();
    else if (start.length > smallBody) response.end(start);
    else response.end(Buffer.from(start.buffer, start.byteOffset, start.length).toString('latin1'), 'latin1');
    return;
  }
  try {
    response.flushHeaders();
    for (let chunk: Uint8Array | undefined = start; chunk !== undefined; chunk = await rest.next()) {
      if (chunk.length === 0 || response.write(chunk)) continue;
      await once(response, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(stallTimeout)]) });
    }
    response.end();
  } catch (error) {
    rest.cancel();
    throw error;
  }
}

function ownResponseTo(error: unknown, signal: AbortSignal): OwnResponse | undefined {
  // The client has gone, or takes no more of the response.
  if (signal.aborted || (error as Error).name === 'AbortError') return undefined;
  if (isPartnerAuthError(error)) return errorResponse(error);
  // What a request of a session cannot have, such as a value that the form of the partner cannot carry.
  if (error instanceof TypeError) return refusalResponse({ code: 'invalidRequest', message: error.message });
  return internalError;
}

/** Sends a response of the gateway itself, or closes the connection if it is too late for one. */
function fail(request: IncomingMessage, response: ServerResponse, own: OwnResponse | undefined): string {
  if (own === undefined || response.headersSent || response.destroyed) {
    // A response that is not complete must not be taken for one that is.
    response.destroy();
    return own === undefined ? 'aborted' : `broke off: ${own.code}`;
  }
  sendOwn(request, response, own);
  return `${own.status} ${own.code}`;
}
