import { request as sendRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isPartnerAuthError, PartnerAuthError } from '../lib/errors.ts';
import { isBlob } from '../partners/payload.ts';
import type { RawBody } from '../exchange/encode-request.ts';
import type { StreamedResponse } from '../exchange/partner-response.ts';
import type { ForwardedCall } from '../session/request/forward.ts';
import { readBody } from '../session/request/read-body.ts';
import type { SessionStatus } from '../session/state.ts';
import { addressFiles, addressVariable, isOwnSocket, readAddress, type BrokerAddress } from './address.ts';
import { headLine, readFrame, type Frame } from './frame.ts';
import { clientHeader, editorHeader, isProof, newNonce, proofOf } from './proof.ts';
import {
  toError,
  toStatus,
  type BorrowedSession,
  type Content,
  type Failure,
  type OfferedProfile,
  type ProfileKey,
  type Requests,
  type Responses,
  type SignedRequest,
  type VerbName,
} from './protocol.ts';

/** The editor in one of whose terminals this program runs. */
export interface Editor {
  readonly profiles: readonly OfferedProfile[];
  /** The session of one of its profiles. */
  session(profile: OfferedProfile): BorrowedSession;
}

/**
 * How long a window may take to prove itself, and to send its profiles, in ms: one that is debugged, for example, does not
 * respond at all.
 */
const patience = 3_000;

/**
 * Asks the window of this terminal for its profiles, then the other windows. Undefined if none responds with them.
 *
 * @param onProblem is called with the reason if none does although one is open.
 */
export async function findEditor(
  env: Readonly<Record<string, string | undefined>>,
  onProblem?: (problem: PartnerAuthError) => void,
): Promise<Editor | undefined> {
  const path = env[addressVariable];
  if (path === undefined || path === '') return undefined;
  const stop = new AbortController();
  // All at once, so that windows that do not respond are waited for together.
  const windows = (await addressFiles(path)).map((file) => openWindow(file, path, stop.signal));
  let problem: PartnerAuthError | undefined;
  try {
    for (const opening of windows) {
      const opened = await opening;
      if (opened !== undefined && 'profiles' in opened) return opened;
      problem ??= opened;
    }
  } finally {
    // Those that are no longer of interest would keep this program waiting.
    stop.abort();
  }
  if (problem !== undefined) onProblem?.(problem);
  return undefined;
}

/** Undefined if no window is there; the reason if it has no profiles to send. */
async function openWindow(
  file: string,
  path: string,
  signal: AbortSignal,
): Promise<Editor | PartnerAuthError | undefined> {
  const address = await readAddress(file);
  if (address === undefined) return undefined;
  try {
    const { head } = await ask((stop) => greet(address, stop), 'profiles', {}, { signal, limit: patience });
    const profiles = head.profiles.map(({ problem, ...profile }) => ({
      ...profile,
      status: toStatus(profile.status),
      ...(problem !== undefined && { problem: toError(problem) }),
    }));
    const greetWindow = windowsFrom(address, path);
    return { profiles, session: (profile) => borrowSession(greetWindow, profile) };
  } catch (error) {
    return isPartnerAuthError(error) && !['network', 'aborted'].includes(error.code) ? error : undefined;
  }
}

/** A window that has proved to be the editor, to which nothing has been sent yet. */
interface Greeted {
  readonly request: ClientRequest;
  readonly message: IncomingMessage;
  readonly proof: string;
}

type Greet = (signal: AbortSignal) => Promise<Greeted>;

/** The window at an address; once it is no longer there, one that is, such as the same one after it was reloaded. */
function windowsFrom(address: BrokerAddress, path: string): Greet {
  let current = address;
  return async (signal) => {
    try {
      return await greet(current, signal);
    } catch (error) {
      for (const file of await addressFiles(path)) {
        const other = await readAddress(file);
        if (other === undefined || other.key === current.key || signal.aborted) continue;
        const greeted = await greet(other, signal).catch(() => undefined);
        if (greeted === undefined) continue;
        current = other;
        return greeted;
      }
      throw error;
    }
  };
}

function borrowSession(
  window: Greet,
  { id, partner, baseUrl, definition, status: offered }: OfferedProfile,
): BorrowedSession {
  const profile: ProfileKey = { id, partner, baseUrl };
  let status: SessionStatus = offered;
  return {
    definition,
    get status() {
      return status;
    },
    async accessToken({ minValidity = 0, signal } = {}) {
      const { head } = await ask(window, 'token', { profile, minValidity }, { signal });
      status = toStatus(head.status);
      return head.token;
    },
    async refresh({ signal } = {}) {
      const { head } = await ask(window, 'refresh', { profile }, { signal });
      status = toStatus(head.status);
    },
    async stream(path, { payload, body, query, signal, ...options } = {}) {
      const [content, bytes] = contentOf(payload, body === undefined ? undefined : readBody(body));
      const request: Requests['stream'] = {
        profile,
        path,
        options,
        ...(query !== undefined && { query: String(query) }),
        ...(content !== undefined && { content }),
      };
      const { head, frame } = await ask(window, 'stream', request, {
        body: bytes,
        signal,
        limit: withPatience(options.timeout),
      });
      const { error, ...response } = head;
      return { ...response, ...(error !== undefined && { error: toError(error) }), body: streamOf(frame) };
    },
    async forward({ method, path, headers, payload, raw, timeout }: ForwardedCall, signal) {
      const [content, bytes] = contentOf(payload, raw);
      const request: Requests['forward'] = {
        profile,
        method,
        path,
        headers,
        ...(timeout !== undefined && { timeout }),
        ...(content !== undefined && { content }),
      };
      const { head, frame } = await ask(window, 'forward', request, {
        body: bytes,
        signal,
        limit: withPatience(timeout),
      });
      const { status: received, headers: receivedHeaders, error, isWhole } = head;
      const reader = { next: frame.next, cancel: frame.cancel };
      return {
        status: received,
        headers: receivedHeaders,
        ...(isWhole ? { start: await readWhole(frame) } : { start: new Uint8Array(), rest: reader }),
        ...(error !== undefined && { error: toError(error) }),
      };
    },
  };
}

function contentOf(payload: unknown, raw: RawBody | undefined): [Content | undefined, RawBody['body']] {
  if (payload !== undefined) return [{ kind: 'payload' }, JSON.stringify(payload)];
  if (raw === undefined) return [undefined, ''];
  const { body, contentType, fallbackType } = raw;
  const types = {
    ...(contentType !== undefined && { contentType }),
    ...(fallbackType !== undefined && { fallbackType }),
  };
  return [{ kind: 'body', ...types }, body];
}

interface Reply<Name extends VerbName> {
  readonly head: Responses[Name];
  readonly frame: Frame & { cancel(): void };
}

interface AskOptions {
  readonly body?: RawBody['body'];
  readonly signal?: AbortSignal | undefined;
  /** For the head of the response, in ms. Default: none. */
  readonly limit?: number | undefined;
}

/** The editor has a timeout of its own, unless it has stopped, as in a debugger. */
function withPatience(timeout: number | undefined): number | undefined {
  return timeout === undefined ? undefined : timeout + patience;
}

/** @throws PartnerAuthError of the editor; `network` if the connection to it breaks, `timeout` if it does not respond. */
async function ask<Name extends VerbName>(
  window: Greet,
  verb: Name,
  head: Requests[Name],
  { body = '', signal, limit }: AskOptions,
): Promise<Reply<Name>> {
  const stop = new AbortController();
  const timer = limit === undefined ? undefined : setTimeout(() => stop.abort(), Math.min(limit, 0x7fffffff));
  try {
    const signals = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]);
    const { request, message, proof } = await window(signals);
    const signed: SignedRequest<Name> = { proof, verb, head };
    void pipeline(framed(headLine(signed), body), request).catch((error: unknown) => {
      // What is wrong with the body itself. A broken connection is reported by the response.
      if (isPartnerAuthError(error) || error instanceof TypeError) message.destroy(error);
    });
    const frame = await readFrame(message);
    const received = frame.head as Responses[Name] | Failure;
    if ('failure' in received) {
      // What is left of the body is not sent.
      message.destroy();
      throw failureOf(received.failure);
    }
    const next = (): Promise<Buffer | undefined> => frame.next().catch((error: unknown) => fail(error, signal));
    return { head: received, frame: { head: received, next, cancel: () => message.destroy() } };
  } catch (error) {
    if (stop.signal.aborted && signal?.aborted !== true) throw silence();
    return fail(error, signal);
  } finally {
    clearTimeout(timer);
  }
}

function fail(error: unknown, signal: AbortSignal | undefined): never {
  if (isPartnerAuthError(error) || error instanceof TypeError) throw error;
  if (signal?.aborted === true) throw new PartnerAuthError('aborted', 'The call was aborted.');
  throw new PartnerAuthError('network', 'The connection to VS Code broke. Its window may have been closed.');
}

function failureOf(failure: unknown): Error {
  const { typeError } = failure as { readonly typeError?: unknown };
  return typeof typeError === 'string' ? new TypeError(typeError) : toError(failure);
}

function silence(): PartnerAuthError {
  return new PartnerAuthError('timeout', 'VS Code did not respond in time. If it stays busy, reload its window.');
}

/** @throws PartnerAuthError `timeout` if there is no response; another Error if it is not the editor that listens there. */
async function greet({ socket, key }: BrokerAddress, signal: AbortSignal): Promise<Greeted> {
  if (!(await isOwnSocket(socket))) throw new Error('Another user may listen there.');
  const client = newNonce();
  const request = sendRequest({
    socketPath: socket,
    method: 'POST',
    path: '/v1',
    headers: { [clientHeader]: client },
    agent: false,
    signal,
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
  });
  request.flushHeaders();
  const timer = setTimeout(() => request.destroy(silence()), patience);
  try {
    const message = await response;
    // Reported to who reads it.
    message.on('error', () => undefined);
    const [editor = '', proof] = String(message.headers[editorHeader]).split(' ');
    const nonces = { client, editor };
    if (isProof(proof, proofOf('editor', key, nonces)))
      return { request, message, proof: proofOf('client', key, nonces) };
    message.destroy();
    throw new Error('It is not the editor that listens there.');
  } finally {
    clearTimeout(timer);
  }
}

async function* framed(head: Buffer, body: RawBody['body']): AsyncGenerator<Uint8Array | string> {
  yield head;
  if (typeof body === 'string' || Buffer.isBuffer(body)) yield body;
  else yield* (isBlob(body) ? body.stream() : body) as AsyncIterable<Uint8Array>;
}

async function readWhole(frame: Frame): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let chunk = await frame.next(); chunk !== undefined; chunk = await frame.next()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function streamOf({ next, cancel }: Reply<'stream'>['frame']): StreamedResponse['body'] {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await next();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}
