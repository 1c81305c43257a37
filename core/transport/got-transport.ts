import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import type tls from 'node:tls';
import type { Got, Response } from 'got';
import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { nodeCrypto, nodeFs } from '../lib/node-modules.ts';
import { describeFailure, type TransportFailure } from './failure.ts';
import type { Exchange, HttpRequest, SendOptions, Transport } from './http.ts';
import { parseRetryAfter, retryDelay, type Attempt } from './retry.ts';

export interface TransportOptions {
  /** PEM of additional certificate authorities to trust. */
  readonly ca?: string | undefined;
  /** Use Node's global agents, which an editor may have patched for its proxy settings. */
  readonly globalAgent: boolean;
  readonly now: () => number;
}

const responseLimit = 1024 * 1024;
const phaseTimeouts = { lookup: 5_000, connect: 10_000, secureConnect: 10_000 };

// got takes longer to load than everything else combined, and importing Node's `http` evaluates all of its `fetch`. A
// session with a valid token needs neither.
const loadAll = () => Promise.all([import('got'), import('node:http'), import('node:https'), import('node:tls')]);

let loading: ReturnType<typeof loadAll> | undefined;

async function load() {
  const [{ default: got }, { default: http }, { default: https }, { default: tls }] = await (loading ??= loadAll());
  return { got, http, https, tls };
}

type Loaded = Awaited<ReturnType<typeof load>>;

/**
 * HTTP by got, restricted: no redirects, no cookies, no HTTP/2, responses of at most 1 MiB after decompression, one
 * deadline for all attempts (at most 5 s of it for DNS, 10 s each for connecting and TLS), and none of got's own
 * errors, which contain the whole request.
 */
export function gotTransport({ ca, globalAgent, now }: TransportOptions): Transport {
  if (ca !== undefined) checkCertificates(ca);
  let agents: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined;
  let client: Got | undefined;
  let closed = false;

  function openAgents({ http, https, tls }: Loaded): typeof agents {
    if (globalAgent) return undefined;
    const secureContext = ca === undefined ? undefined : tls.createSecureContext({ ca: authorities(tls, ca) });
    return {
      http: new http.Agent({ keepAlive: true }),
      https: new https.Agent({ keepAlive: true, ...(secureContext && { secureContext }) }),
    };
  }

  // got validates options that are the same for every call only once.
  function open(loaded: Loaded): Got {
    agents = openAgents(loaded);
    return loaded.got.extend({
      headers: { 'user-agent': 'partner-auth', accept: 'application/json' },
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      http2: false,
      timeout: phaseTimeouts,
      ...(agents && { agent: agents }),
      ...(globalAgent && ca !== undefined && { https: { certificateAuthority: authorities(loaded.tls, ca) } }),
    });
  }

  async function attempt(got: Got, request: HttpRequest, timeout: number, signal?: AbortSignal): Promise<Outcome> {
    const { host, protocol } = new URL(request.url);
    const sentAt = now();
    let response: Response | undefined;
    const stream = got.stream(request.url, {
      method: request.method as 'POST',
      headers: request.headers,
      timeout: { request: timeout },
      ...(request.body !== undefined && { body: request.body }),
      ...(signal && { signal }),
    });
    stream.once('response', (head: Response) => (response = head));
    try {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > responseLimit) return tooLargeFailure(host);
        chunks.push(chunk);
      }
      if (response === undefined) return describeFailure({ code: 'ECONNRESET' }, host, false);
      const { statusCode: status, headers } = response;
      return {
        kind: 'response',
        response: { status, headers, body: Buffer.concat(chunks), sentAt, receivedAt: now() },
      };
    } catch (error) {
      return describeFailure(error, host, protocol === 'https:');
    } finally {
      stream.destroy();
    }
  }

  return {
    async send(request, { signal, timeout, maySend }: SendOptions): Promise<Exchange> {
      const start = performance.now();
      const remaining = (): number => timeout - (performance.now() - start);
      const loaded = await load();
      if (closed) return failure(closedError(), false);
      client ??= open(loaded);
      for (let number = 1; ; number++) {
        if ((await maySend?.()) === false) return lockLostFailure();
        const outcome = await attempt(client, request, Math.max(1, Math.round(remaining())), signal);
        if (signal?.aborted === true) return abortedFailure(outcome.kind === 'response' || outcome.mayHaveArrived);
        const delay = retryDelay({ number, ...attemptOf(outcome) }, remaining(), Math.random());
        if (delay === undefined) return outcome;
        try {
          await wait(delay, undefined, signal && { signal });
        } catch {
          return abortedFailure(false);
        }
      }
    },
    close() {
      closed = true;
      agents?.http.destroy();
      agents?.https.destroy();
    },
  };
}

type Outcome = Extract<Exchange, { kind: 'response' }> | TransportFailure;

function attemptOf(outcome: Outcome): Omit<Attempt, 'number'> {
  if (outcome.kind === 'failure') return { neverSent: outcome.isTransient };
  const { status, headers, receivedAt } = outcome.response;
  return { status, retryAfter: parseRetryAfter(headers['retry-after'], receivedAt) };
}

function failure(error: PartnerAuthError, mayHaveArrived: boolean): TransportFailure {
  return { kind: 'failure', error, mayHaveArrived, isTransient: false };
}

function tooLargeFailure(host: string): TransportFailure {
  const message = `The response of ${host} is larger than 1 MiB and was not read to its end. Check baseUrl.`;
  return failure(new PartnerAuthError('responseTooLarge', message), true);
}

function closedError(): PartnerAuthError {
  return new PartnerAuthError('closed', 'The session object was closed before the call was sent.');
}

function lockLostFailure(): TransportFailure {
  const message = 'The lock of the session was taken over before the call was sent.';
  return failure(new PartnerAuthError('lock', message), false);
}

function abortedFailure(mayHaveArrived: boolean): TransportFailure {
  return failure(new PartnerAuthError('aborted', 'The call was aborted by its signal.'), mayHaveArrived);
}

// Node's own `ca` option replaces the trusted authorities; ours adds to them.
function authorities({ getCACertificates, rootCertificates }: Partial<typeof tls>, ca: string): string[] {
  // Node 22.15 and later also include NODE_EXTRA_CA_CERTS and the system's store.
  return [...(getCACertificates?.('default') ?? [...(rootCertificates ?? []), ...extraAuthorities()]), ca];
}

function extraAuthorities(): string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined || file === '') return [];
  try {
    return [nodeFs().readFileSync(file, 'utf8')];
  } catch {
    // Node, too, ignores a file that it cannot read.
    return [];
  }
}

function checkCertificates(ca: string): void {
  try {
    // OpenSSL skips what it cannot parse, so that a mistake would only surface as a partner that is not trusted.
    const { X509Certificate } = nodeCrypto();
    const certificates = ca.split('-----BEGIN CERTIFICATE-----').slice(1);
    if (certificates.length === 0) throw new Error('no certificate');
    for (const certificate of certificates) new X509Certificate(`-----BEGIN CERTIFICATE-----${certificate}`);
  } catch {
    throw configurationError('ca', 'ca must be one or more certificates in PEM form (-----BEGIN CERTIFICATE-----).');
  }
}
