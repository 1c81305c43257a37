import type { ClientRequest, ClientRequestArgs, IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type tls from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import type { ExtendOptions, Got, Response } from 'got';
import type { PartnerAuthError } from '../lib/errors.ts';
import { authorities, checkCertificates } from './authorities.ts';
import {
  abortedFailure,
  closedError,
  decodingFailure,
  defaultResponseSize,
  failure,
  lockLostFailure,
  tooLargeFailure,
} from './call-failures.ts';
import { checkClientCertificate, type CertificateOptions, type ClientCertificate } from './client-certificate.ts';
import { keepConnections, observeConnection, type Connections, type ConnectionUse } from './connections.ts';
import { acceptEncoding, decodeContent, problemOf, unsupportedEncoding } from './content-encoding.ts';
import { describeErrorPage } from './error-pages.ts';
import { describeFailure, type OfferedCertificate, type TransportFailure } from './failure.ts';
import { failureOfHostProxy, timeoutOfHostProxy, watchHostProxy } from './host-proxy.ts';
import type { Exchange, HttpRequest, SendOptions, Transport } from './http.ts';
import { privateLookup } from './private-lookup.ts';
import { mayUseProxy, proxyFor, type CredentialsIn, type ProxyOption } from './proxy.ts';
import { bodyLength, writeBody } from './request-body.ts';
import { parseRetryAfter, retryDelay, type Attempt } from './retry.ts';
import { chunkReader, decodeStream, isDecompressionError, observedReader, readStart } from './streamed-body.ts';
import {
  requestByConstructor,
  requestThroughTunnel,
  timeoutOfTunnel,
  useProxy,
  type ResponseCallback,
} from './tunnel.ts';

export interface TransportOptions {
  /** PEM of additional certificate authorities to trust. */
  readonly ca?: string | undefined;
  /**
   * Send requests with TLS by Node's global agent, which an editor may have patched for its proxy settings and authorities.
   * Others are never sent by it: they must not pass a proxy.
   */
  readonly globalAgent: boolean;
  /** URL of a proxy; false for none. Default: as the environment states, or the global agent if it is used. */
  readonly proxy?: ProxyOption;
  /** Default `url`. */
  readonly credentialsIn?: CredentialsIn | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  /** HTTP without TLS to private addresses only, and never through a proxy. */
  readonly privateOnly?: boolean | undefined;
  readonly now: () => number;
}

const phaseTimeouts = { lookup: 5_000, connect: 10_000, secureConnect: 10_000 };

// got takes longer to load than everything else combined, and importing Node's `http` evaluates all of its `fetch`. A
// session with a valid token needs neither.
async function loadAll() {
  const [
    { default: got },
    { default: http },
    { default: https },
    { default: tls },
    { default: zlib },
    { default: dns },
    { default: streams },
  ] = await Promise.all([
    import('got'),
    import('node:http'),
    import('node:https'),
    import('node:tls'),
    import('node:zlib'),
    import('node:dns'),
    import('node:stream'),
  ]);
  return { got, http, https, tls, zlib, dns, streams };
}

let loading: ReturnType<typeof loadAll> | undefined;
const load = (): ReturnType<typeof loadAll> => (loading ??= loadAll());

type Loaded = Awaited<ReturnType<typeof loadAll>>;

/**
 * HTTP by got, restricted: no redirects, no cookies, no HTTP/2, responses of limited size after decompression, one
 * deadline for all attempts (at most 5 s of it for DNS, 10 s each for connecting and TLS), and none of got's own
 * errors, which contain the whole request.
 */
export function gotTransport(options: TransportOptions): Transport {
  const { ca, globalAgent, proxy, credentialsIn, clientCertificate, privateOnly = false, now } = options;
  if (ca !== undefined) checkCertificates(ca);
  const certificate = clientCertificate === undefined ? undefined : checkClientCertificate(clientCertificate);
  // What is set for this session must not depend on how a host program has patched the global agents.
  const usesGlobalAgent = globalAgent && proxy === undefined;
  let connections: Connections | undefined;
  let stopOpening: (() => void) | undefined;
  let client: Got | undefined;
  const closing = new AbortController();
  const isClosed = (): boolean => closing.signal.aborted;
  /** Responses that have not been received to their end. */
  const open = new Set<Readable>();
  /** Those of them that somebody waits for: a body that was left to be read may be left unread. */
  const active = new Set<Readable>();
  let onIdle: (() => void) | undefined;
  const setIdle = (stream: Readable): void => {
    active.delete(stream);
    if (active.size === 0) onIdle?.();
  };
  const end = (stream: Readable): void => {
    open.delete(stream);
    setIdle(stream);
  };
  const usesTunnels = (): boolean => !usesGlobalAgent && mayUseProxy(proxy, process.env);

  function openConnections(loaded: Loaded): Connections {
    const { http, https, tls } = loaded;
    const trusted =
      usesGlobalAgent || (ca === undefined && !globalAgent) ? undefined : { ca: authorities(tls, ca, globalAgent) };
    const isOwn = !usesGlobalAgent && (trusted !== undefined || certificate !== undefined);
    const own = isOwn ? tls.createSecureContext({ ...trusted, ...certificate }) : undefined;
    const httpAgent = new http.Agent({ keepAlive: true, ...(privateOnly && { lookup: privateLookup(loaded) }) });
    const httpsAgent = new https.Agent({ keepAlive: true, ...(own && { secureContext: own }) });
    if (usesTunnels()) {
      const choose = (hostname: string, port: number, secure: boolean) =>
        privateOnly && !secure ? undefined : proxyFor(proxy, process.env, hostname, port, secure, credentialsIn);
      stopOpening = useProxy(loaded, [httpAgent, httpsAgent], choose, trusted && tls.createSecureContext(trusted));
    }
    return keepConnections(httpAgent, httpsAgent, now);
  }

  // got validates options that are the same for every call only once.
  function openClient(loaded: Loaded): Got {
    connections = openConnections(loaded);
    const { http, https } = connections.agents;
    return loaded.got.extend({
      headers: { 'user-agent': 'partner-auth', accept: 'application/json', 'accept-encoding': acceptEncoding },
      decompress: false,
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      http2: false,
      timeout: phaseTimeouts,
      agent: { http, ...(!usesGlobalAgent && { https }) },
      ...requestFunction(loaded),
      ...(usesGlobalAgent && { https: globalTlsOptions(loaded.tls, ca, certificate) }),
    });
  }

  function requestFunction({ http, https }: Loaded): Pick<ExtendOptions, 'request'> {
    if (!globalAgent && !usesTunnels()) return {};
    const byModule = (options: ClientRequestArgs, callback?: ResponseCallback) =>
      (options.protocol === 'https:' ? https : http).request(options, callback);
    const start = globalAgent ? requestByConstructor(http) : byModule;
    const startOne = usesTunnels() ? requestThroughTunnel(start) : start;
    return {
      request: (url, options, callback) => {
        const all = { ...urlToHttpOptions(url), ...options };
        return usesGlobalAgent && url.protocol === 'https:'
          ? watchHostProxy(https, https.request(all, callback), url)
          : startOne(all, callback);
      },
    };
  }

  async function attempt(
    { zlib, streams }: Loaded,
    got: Got,
    request: HttpRequest,
    timeout: number,
    { signal, stream: readAtOnce, maxResponseSize = defaultResponseSize }: SendOptions,
  ): Promise<Outcome> {
    const url = new URL(request.url);
    const { host } = url;
    const isSecure = url.protocol === 'https:';
    const { body = '' } = request;
    const isStreamed = readAtOnce !== undefined;
    // got waits for the body of every other method, also for an empty one.
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    const length = hasBody ? bodyLength(body) : undefined;
    const sentAt = now();
    const describe = (error: unknown): TransportFailure => {
      const { headers, statusCode = 0 } = response ?? {};
      if (isDecompressionError(error))
        return decodingFailure(
          host,
          problemOf(error, headers?.['content-encoding'] ?? ''),
          statusCode,
          maxResponseSize,
        );
      const refused = failureOfHostProxy(sent);
      if (refused !== undefined) return refused;
      const failed = describeFailure(error, host, isSecure, offered, stream.timings, response !== undefined);
      if (failed.error.code !== 'timeout') return failed;
      return timeoutOfTunnel(sent) ?? timeoutOfHostProxy(sent) ?? failed;
    };
    let response: Response | undefined;
    let sent: ClientRequest | undefined;
    let connectionUse: (() => ConnectionUse) | undefined;
    let isLeftOpen = false;
    let assertBodyRead = (): void => undefined;
    let presented: OfferedCertificate | undefined;
    let offered: OfferedCertificate | undefined;
    const stream = got.stream(url, {
      method: request.method as 'POST',
      headers: {
        // Its bytes are then those that the partner has, and a broken connection cannot be taken for their end.
        ...(isStreamed && { 'accept-encoding': 'identity' }),
        ...request.headers,
        ...(length !== undefined && { 'content-length': String(length) }),
      },
      // A response that is left to its reader may take any time.
      ...(!isStreamed && { timeout: { request: timeout } }),
    });
    open.add(stream);
    active.add(stream);
    // While nobody reads, or after the last read, an error would end the process.
    stream.on('error', () => undefined);
    const abort = (): void => void stream.destroy(new Error('The call was aborted.'));
    if (signal?.aborted === true) abort();
    // Not by got's option `signal`, which takes a tenth of the processor time of a call.
    signal?.addEventListener('abort', abort);
    stream.once('close', () => {
      end(stream);
      signal?.removeEventListener('abort', abort);
    });
    stream.once('request', (request: ClientRequest) => {
      sent = request;
      connectionUse = observeConnection(request);
      // Not from the options, which may be a PKCS#12 file. On a connection that was used before, it has been accepted.
      request.once('socket', (socket) => {
        presented = offeredCertificate(socket as Partial<TLSSocket>, now);
        offered = request.reusedSocket ? undefined : presented;
      });
    });
    stream.once('response', (head: Response) => {
      response = head;
      connections?.noteResponse(head);
      if (failureOfHostProxy(sent) !== undefined) stream.destroy();
    });
    if (hasBody) assertBodyRead = writeBody(body, stream);
    const deadline = isStreamed ? destroyLater(stream, timeout) : undefined;
    try {
      if (isStreamed) {
        response = await responseOf(stream);
        const refused = failureOfHostProxy(sent);
        if (refused !== undefined) return refused;
        const { statusCode: status, headers } = response;
        // A response to HEAD is complete, whatever its headers say of a body.
        const isLeft = status >= 200 && status < 300 && request.method !== 'HEAD';
        const atOnce = isLeft ? readAtOnce({ status, headers }) : undefined;
        if (atOnce !== undefined) {
          const unsupported = unsupportedEncoding(headers['content-encoding']);
          if (unsupported !== undefined) return decodingFailure(host, { unsupported }, status, maxResponseSize);
          const reader = chunkReader(decodeStream(zlib, streams, stream, headers['content-encoding']), stream, timeout);
          const start = await readStart(reader, atOnce);
          isLeftOpen = !start.isAll;
          const explain = (error: unknown): PartnerAuthError =>
            signal?.aborted === true
              ? abortedFailure(true).error
              : isClosed()
                ? closedError(true)
                : describe(error).error;
          return {
            kind: 'response',
            response: {
              status,
              headers: withoutContentHeaders(headers),
              body: start.bytes,
              ...(isLeftOpen && {
                rest: observedReader(reader, {
                  onRead: () => open.has(stream) && active.add(stream),
                  onEnd: () => end(stream),
                  explain,
                }),
              }),
              sentAt,
              receivedAt: now(),
            },
          };
        }
      }
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > maxResponseSize) return tooLargeFailure(host, maxResponseSize);
        chunks.push(chunk);
      }
      if (response === undefined) return describe({ code: 'ECONNRESET' });
      const refused = failureOfHostProxy(sent);
      if (refused !== undefined) return refused;
      await connectionReleased(sent);
      const encoding = response.headers['content-encoding'];
      const decoded = decodeContent(zlib, Buffer.concat(chunks), encoding, maxResponseSize);
      if (!Buffer.isBuffer(decoded)) return decodingFailure(host, decoded, response.statusCode, maxResponseSize);
      const failed = describeErrorPage(response, decoded, host, isSecure, presented);
      if (failed !== undefined) return failed;
      const { statusCode: status } = response;
      const headers = withoutContentHeaders(response.headers);
      return { kind: 'response', response: { status, headers, body: decoded, sentAt, receivedAt: now() } };
    } catch (error) {
      assertBodyRead();
      return withConnectionUse(describe(error), connectionUse?.());
    } finally {
      clearTimeout(deadline);
      if (isLeftOpen) setIdle(stream);
      else stream.destroy();
    }
  }

  return {
    async send(request, options: SendOptions): Promise<Exchange> {
      const { signal, timeout, maySend, repeat: allowed = 'refused' } = options;
      const start = performance.now();
      const remaining = (): number => timeout - (performance.now() - start);
      const loaded = await load();
      if (isClosed()) return failure(closedError(false), false);
      client ??= openClient(loaded);
      let repeat = allowed;
      for (let number = 1; ; number++) {
        await connections?.settle();
        if (isClosed()) return failure(closedError(false), false);
        if (maySend !== undefined && !(await maySend())) return lockLostFailure();
        const outcome = await attempt(loaded, client, request, Math.max(1, Math.round(remaining())), options);
        if (signal?.aborted === true) {
          if (outcome.kind === 'response') outcome.response.rest?.cancel();
          return abortedFailure(outcome.kind === 'response' || outcome.mayHaveArrived);
        }
        if (isClosed() && outcome.kind === 'failure')
          return failure(closedError(outcome.mayHaveArrived), outcome.mayHaveArrived);
        const details = attemptOf(outcome);
        // If one connection went dead, the others probably did as well.
        if (details.brokeOnReuse === true) connections?.closeIdle();
        const delay = retryDelay({ number, repeat, ...details }, remaining(), Math.random());
        if (delay === undefined) return outcome;
        if (details.brokeOnReuse === true) repeat = 'refused';
        try {
          await wait(delay, undefined, { signal: AbortSignal.any([closing.signal, ...(signal ? [signal] : [])]) });
        } catch {
          return isClosed() ? failure(closedError(false), false) : abortedFailure(false);
        }
      }
    },
    settled: () => (active.size === 0 ? Promise.resolve() : new Promise((resolve) => (onIdle = resolve))),
    close() {
      closing.abort();
      for (const stream of open) stream.destroy(new Error('Closed.'));
      stopOpening?.();
      connections?.close();
    },
  };
}

/**
 * Resolves when the connection of a request with a complete response can be used again. Destroying the stream earlier
 * would close it, and the response may arrive before the end of the request is reported as written. It never is if the
 * partner has responded without reading the request.
 */
async function connectionReleased(request: ClientRequest | undefined): Promise<void> {
  if (request === undefined || request.closed) return;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 100);
    request.once('close', () => resolve());
  });
  clearTimeout(timer);
}

/** Fails the stream if it takes longer than `timeout`, in ms. */
function destroyLater(stream: Readable, timeout: number): NodeJS.Timeout {
  return setTimeout(() => {
    stream.destroy(Object.assign(new Error('No response in time.'), { code: 'ETIMEDOUT' }));
  }, timeout);
}

function responseOf(stream: Readable): Promise<Response> {
  return new Promise((resolve, reject) => stream.once('response', resolve).once('error', reject));
}

/** Without the headers that describe what was received, if that was compressed. */
function withoutContentHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (headers['content-encoding'] === undefined) return headers;
  const { 'content-encoding': _encoding, 'content-length': _length, ...rest } = headers;
  return rest;
}

type Outcome = Extract<Exchange, { kind: 'response' }> | TransportFailure;

function attemptOf(outcome: Outcome): Omit<Attempt, 'number' | 'repeat'> {
  if (outcome.kind === 'failure')
    return { neverSent: outcome.isTransient, brokeOnReuse: outcome.brokeOnReuse ?? false };
  const { status, headers, receivedAt } = outcome.response;
  return { status, retryAfter: parseRetryAfter(headers['retry-after'], receivedAt) };
}

/** A connection that was used before may have been closed by the partner, or forgotten by a firewall, meanwhile. */
function withConnectionUse(failed: TransportFailure, use: ConnectionUse | undefined): TransportFailure {
  if (use?.isReused !== true || use.isRead || failed.error.code !== 'network') return failed;
  if (!use.isWritten) return { ...failed, mayHaveArrived: false, isTransient: true };
  return { ...failed, brokeOnReuse: true };
}

function offeredCertificate(socket: Partial<TLSSocket>, now: () => number): OfferedCertificate | undefined {
  const certificate = socket.getCertificate?.();
  if (!certificate || !('valid_to' in certificate)) return undefined;
  const { valid_to: validTo } = certificate;
  return { validTo, hasExpired: Date.parse(validTo) < now() };
}

function globalTlsOptions(tlsModule: typeof tls, ca: string | undefined, certificate: CertificateOptions | undefined) {
  const { cert, key, pfx, passphrase } = certificate ?? {};
  return {
    ...(ca !== undefined && { certificateAuthority: authorities(tlsModule, ca, true) }),
    ...(cert !== undefined && { certificate: cert }),
    ...(key !== undefined && { key }),
    ...(pfx !== undefined && { pfx }),
    ...(passphrase !== undefined && { passphrase }),
  };
}
