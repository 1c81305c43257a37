import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { configurationError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { parseCallPattern, type CallPattern } from '../partners/call-pattern.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { tokenHeaderOf } from '../partners/headers.ts';
import type { PartnerSession } from '../session/partner-session.ts';
import type { ForwardingSession } from '../session/request/forward.ts';
import { createRedactor, redactingLogger } from '../redact/redactor.ts';
import { allDefences, methodRefusal, type DefenceName, type Rules } from './defences.ts';
import { listenOn } from './listen-on.ts';
import { errorHeader, refusalResponse, type Refusal } from './own-response.ts';
import { checkSecret, randomSecret } from './secret.ts';
import { serveCall, type ServeOptions } from './serve-call.ts';
import { listenOnUnixSocket } from './unix-socket.ts';

/** Options of `startGateway()`. */
export interface GatewayOptions {
  /** Port on 127.0.0.1, 0 to 65,535. Default 0: the system chooses a free port. */
  readonly port?: number | undefined;
  /**
   * Path of a Unix socket, in place of a port. Its folder must have mode 0700, and is created if it is absent. Such a gateway
   * requires no secret, unless one is given.
   */
  readonly unixSocket?: string | undefined;
  /** Pass on GET, HEAD and the calls that the partner definition marks as `safe` only. Default false. */
  readonly readOnly?: boolean | undefined;
  /**
   * The calls to pass on, such as `POST /orders/*`: `*` is one segment, `/**` at the end any rest. The query is not compared.
   * Default: all.
   */
  readonly allow?: readonly string[] | undefined;
  /**
   * What a caller must know, 32 to 200 characters of A-Z, a-z, 0-9, "-" and "_": the first segment of its paths, or the header
   * `X-Partner-Auth-Secret`. Default: 256 random bits, different for each gateway.
   */
  readonly secret?: string | undefined;
  /** The largest body of a request, in bytes from 1 to 268,435,456 (256 MiB). Default 16 MiB. */
  readonly maxBodySize?: number | undefined;
  /** Total deadline of one call including its retries, in ms from 1 to 86,400,000 (a day). Default: that of the session. */
  readonly timeout?: number | undefined;
  /** Receives a line for each call, without its secret and the values of its query. Default: none. */
  readonly logger?: Logger | undefined;
}

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** To put in front of a path. Contains the secret: `http://127.0.0.1:<port>/<secret>`; `http://localhost` for a Unix socket. */
  readonly url: string;
  /** Where it listens, without the secret: `http://127.0.0.1:<port>`, or the path of the Unix socket. */
  readonly address: string;
  /**
   * Accepts no more calls, waits until those in progress have their response, for `drain` ms at most (default 10,000), and
   * aborts the rest. The session stays open. Can be called again, also with a shorter time.
   */
  close(options?: {
    /** In ms. Default 10,000. */
    readonly drain?: number;
  }): Promise<void>;
}

const knownOptions = ['port', 'unixSocket', 'readOnly', 'allow', 'secret', 'maxBodySize', 'timeout', 'logger'];

const mebibyte = 1024 * 1024;
/** How long a client may take for a whole request, and to use its connection again, in ms. */
const requestTimeout = 60_000;
const idleTimeout = 65_000;

/**
 * Starts an HTTP server on this machine for tools and programs in any language: it takes plain calls, and makes them at the
 * partner as `session.request()` does, with the access token, the partner's headers and an encrypted body.
 *
 * @throws PartnerAuthError `configuration` for an option that is out of range, or a port or socket that is in use.
 * @throws TypeError for an unknown option.
 */
export function startGateway(session: PartnerSession, options: GatewayOptions = {}): Promise<Gateway> {
  return startWithDefences(session, options, allDefences);
}

/** As `startGateway()`, with these defences only. For tests. */
export async function startWithDefences(
  session: PartnerSession,
  options: GatewayOptions,
  active: readonly DefenceName[],
): Promise<Gateway> {
  const forwarding = session as PartnerSession & Partial<ForwardingSession>;
  if (!hasForward(forwarding)) throw new TypeError('startGateway() requires a session of openSession().');
  assertKnownKeys('startGateway', options, knownOptions);
  const { port, unixSocket, readOnly = false, allow, logger } = options;
  if (port !== undefined && unixSocket !== undefined)
    throw configurationError('unixSocket', 'unixSocket cannot be used together with port: choose one of them.');
  if (typeof (readOnly as unknown) !== 'boolean')
    throw configurationError('readOnly', 'readOnly must be true or false.');
  const secret = secretOf(options);
  const hosts: string[] = [];
  const serving: ServeOptions = {
    session: forwarding,
    rules: {
      ...rulesOf(forwarding.definition),
      hosts: unixSocket === undefined ? hosts : undefined,
      readOnly,
      allow: allow && patternsOf(allow),
    },
    defences: active,
    secret,
    maxBodySize: integerIn('maxBodySize', options.maxBodySize, 1, 256 * mebibyte) ?? 16 * mebibyte,
    timeout: integerIn('timeout', options.timeout, 1, 86_400_000),
    logger: logger && redactingLogger(logger, createRedactor()),
  };
  const calls = new CallsInProgress(serving);
  const server = createServer({
    requestTimeout,
    headersTimeout: requestTimeout,
    keepAliveTimeout: idleTimeout,
    // Node would respond by itself, without the header of the gateway's own responses.
    requireHostHeader: false,
  });
  const serve: RequestListener = (request, response) => calls.serve(request, response);
  server.on('request', serve).on('checkExpectation', serve);
  server.on('clientError', (error, socket: Socket) => {
    // Nothing but the response may follow what has been sent of one.
    if (!socket.writable || calls.isResponding(socket)) socket.destroy();
    else refuse(socket, ...(parserErrors[systemErrorCode(error)] ?? otherParserError));
  });
  // Node closes the connection without a response.
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => undefined);
    // It is no longer one of those that the server can close.
    socket.once('finish', () => socket.destroy());
    refuse(socket, '403 Forbidden', methodRefusal.message, methodRefusal.code);
  });
  const path = secret === undefined ? '' : `/${secret}`;
  const close = closeOnce(server, calls);
  const shared = { close, [Symbol.asyncDispose]: () => close() };
  if (unixSocket !== undefined) {
    const address = await listenOnUnixSocket(server, unixSocket);
    return { url: `http://localhost${path}`, address, ...shared };
  }
  const listening = await listenOnPort(server, integerIn('port', port, 0, 65_535) ?? 0);
  // Clients leave out the port of the scheme.
  hosts.push(`127.0.0.1:${listening}`, ...(listening === 80 ? ['127.0.0.1'] : []));
  const address = `http://127.0.0.1:${listening}`;
  return { url: address + path, address, ...shared };
}

function hasForward(session: Partial<ForwardingSession> | undefined): session is ForwardingSession {
  return typeof session?.forward === 'function';
}

async function listenOnPort(server: Server, port: number): Promise<number> {
  try {
    await listenOn(server, { host: '127.0.0.1', port });
  } catch (error) {
    const code = systemErrorCode(error);
    const reason =
      code === 'EADDRINUSE'
        ? 'is in use by another program'
        : code === 'EACCES'
          ? 'may not be used by this user'
          : `cannot be listened on (${code})`;
    throw configurationError('port', `Port ${port} of 127.0.0.1 ${reason}. Use another port, or none for a free one.`);
  }
  return (server.address() as AddressInfo).port;
}

function secretOf({ secret, unixSocket }: GatewayOptions): string | undefined {
  if (secret !== undefined) return checkSecret(secret);
  return unixSocket === undefined ? randomSecret() : undefined;
}

function rulesOf(definition: PartnerDefinition): Pick<Rules, 'safe' | 'ownHeaders' | 'form' | 'label'> {
  const { label, headers = {}, body, requestBody = body, safe = [], example } = definition;
  const own = Object.keys(headers).map((name) => name.toLowerCase());
  return {
    label,
    form: requestBody,
    ownHeaders: ['authorization', tokenHeaderOf(definition).name, ...own.filter((name) => name !== 'content-type')],
    safe: [
      ...safe,
      ...(example?.safe === true ? [`${example.method} ${example.path.split('?', 1)[0] ?? ''}`] : []),
    ].flatMap((text) => {
      const pattern = parseCallPattern(text);
      return 'problem' in pattern ? [] : [pattern];
    }),
  };
}

function patternsOf(allow: readonly string[]): readonly CallPattern[] {
  if (!Array.isArray(allow))
    throw configurationError('allow', 'allow must be a list of calls, such as "GET /orders/*".');
  return allow.map((text: unknown, index) => {
    const pattern = typeof text === 'string' ? parseCallPattern(text) : { problem: 'must be a string' };
    if ('problem' in pattern) throw configurationError(`allow.${index}`, `allow.${index} ${pattern.problem}.`);
    return pattern;
  });
}

function integerIn(name: string, value: unknown, min: number, max: number): number | undefined {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= min && (value as number) <= max))
    return value as number | undefined;
  throw configurationError(name, `${name} must be an integer from ${min} to ${max}.`);
}

/** The calls that have no response yet. */
class CallsInProgress {
  readonly #options: ServeOptions;
  readonly #calls = new Map<ServerResponse, AbortController>();
  #isClosing = false;
  #onIdle: (() => void) | undefined;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const abort = new AbortController();
    if (this.#isClosing) response.shouldKeepAlive = false;
    this.#calls.set(response, abort);
    response.once('close', () => {
      this.#calls.delete(response);
      if (!response.writableFinished) abort.abort();
      if (this.#calls.size === 0) this.#onIdle?.();
    });
    request.on('error', () => undefined);
    void serveCall(this.#options, request, response, abort).catch(() => response.destroy());
  }

  /** Resolves when there are none. Their connections are not used again. */
  finish(): Promise<void> {
    this.#isClosing = true;
    for (const response of this.#calls.keys()) response.shouldKeepAlive = false;
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onIdle = resolve));
  }

  /** Whether a part of a response has been sent on this connection. */
  isResponding(socket: Socket): boolean {
    return [...this.#calls.keys()].some((response) => response.socket === socket && response.headersSent);
  }

  abort(): void {
    for (const abort of this.#calls.values()) abort.abort();
  }
}

function closeOnce(server: Server, calls: CallsInProgress): Gateway['close'] {
  let closed: Promise<void> | undefined;
  const stop = (): void => {
    calls.abort();
    server.closeAllConnections();
  };
  return async ({ drain = 10_000 } = {}) => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      // Also those on which no request has come, which Node does not count as idle.
      void calls.finish().then(() => server.closeAllConnections());
    });
    const timer = setTimeout(stop, drain);
    await closed;
    clearTimeout(timer);
  };
}

/** Responds to what Node does not make a request of. */
function refuse(socket: Socket, status: string, message: string, code: Refusal['code'] = 'invalidRequest'): void {
  const { code: name, body } = refusalResponse({ code, message });
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    [errorHeader]: name,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${text}`);
}

/** By the code of Node's error. */
const parserErrors: Readonly<Record<string, readonly [status: string, message: string] | undefined>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The path and the headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    `The request has not arrived within ${requestTimeout / 1000} seconds.`,
  ],
};
const otherParserError = ['400 Bad Request', 'The request is not valid HTTP/1.1.'] as const;
