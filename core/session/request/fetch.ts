import type { PartnerRequest } from '../../exchange/protected-calls.ts';
import type { StreamedResponse } from '../../exchange/partner-response.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import { parseJson } from '../../lib/json.ts';
import type { BodyForm } from '../../partners/definition.ts';
import { transportHeaders } from '../../partners/headers.ts';
import { copyPayload, isBlob } from '../../partners/payload.ts';
import type { ResolvedOptions } from '../options.ts';
import { checkHeaders, checkPath, urlOption } from './check-request.ts';
import { readAll, readBody } from './read-body.ts';

export type Fetch = typeof globalThis.fetch;
type Input = Parameters<Fetch>[0];
type Init = Parameters<Fetch>[1];

type Content = Pick<PartnerRequest, 'payload' | 'raw' | 'contentType'>;

/** `fetch()` by `send`, which makes a protected call. */
export async function fetchBy(
  send: (request: PartnerRequest, signal: AbortSignal) => Promise<StreamedResponse>,
  options: ResolvedOptions,
  input: Input,
  given: Init | null,
): Promise<Response> {
  const init = given ?? {};
  const unreadBody = isReadOnce(init.body) ? init.body : undefined;
  const request = toRequest(options, input, unreadBody === undefined ? init : { ...init, body: null });
  const { signal } = request;
  const call = await readRequest(request, unreadBody, options);
  let response: StreamedResponse;
  try {
    response = await send(call, signal);
  } catch (error) {
    throw asOfFetch(error, signal);
  }
  if (response.status > 599) {
    await response.body.cancel();
    const message = `The partner returned HTTP status ${response.status}, which a Response cannot have. Use request().`;
    throw new PartnerAuthError('invalidResponse', message, { status: response.status, retryable: false });
  }
  if (
    request.redirect === 'error' &&
    response.status >= 300 &&
    response.status < 400 &&
    response.headers.location !== undefined
  ) {
    await response.body.cancel();
    throw new TypeError(`The partner returned a redirect (HTTP ${response.status}), which redirect: 'error' refuses.`);
  }
  return toResponse(response, request);
}

/** As fetch() does: the reason of the signal. Clients recognize an abort by it. */
function asOfFetch(error: unknown, { aborted, reason }: AbortSignal): unknown {
  return aborted && error instanceof PartnerAuthError && error.code === 'aborted' ? reason : error;
}

/** Bodies that are passed on as they are: a Request would read a Blob into memory to let it be sent again. */
function isReadOnce(body: unknown): body is Blob | AsyncIterable<unknown> {
  return isBlob(body) || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body);
}

function toRequest({ apiUrl }: ResolvedOptions, input: Input, init: Init): Request {
  // Node has no document whose address a relative URL could be resolved against.
  if (typeof input === 'string' && input.startsWith('/')) {
    return new Request(apiUrl + input, init);
  }
  return new Request(input, init);
}

const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

async function readRequest(
  request: Request,
  unreadBody: Blob | AsyncIterable<unknown> | undefined,
  options: ResolvedOptions,
): Promise<PartnerRequest> {
  const { method } = request;
  if (!methods.includes(method)) throw new TypeError(`The method of a request must be one of ${methods.join(', ')}.`);
  const hasBody = unreadBody !== undefined || request.body !== null;
  if (hasBody && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`A ${method} request cannot have a body.`);
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !transportHeaders.includes(name)));
  const { 'content-type': contentType, ...rest } = headers;
  return {
    method,
    path: pathOf(request.url, options),
    headers: checkHeaders(rest, options, false),
    ...(hasBody && (await readContent(request, unreadBody, contentType, options))),
    retry: options.retry,
  };
}

/** The path below the URL of protected calls. */
function pathOf(address: string, options: ResolvedOptions): string {
  const { apiUrl, apiOrigin } = options;
  const url = new URL(address);
  url.hash = '';
  if (url.origin !== apiOrigin || !url.href.startsWith(`${apiUrl}/`)) {
    throw new TypeError(
      `The URL of a request must be below ${urlOption(options)}: the access token is sent to no other server. Use fetch() of Node for other URLs.`,
    );
  }
  const path = url.href.slice(apiUrl.length);
  checkPath(path, options);
  return path;
}

/**
 * Text is encrypted for a partner that takes encrypted payloads; anything else is sent as it is. A body without a content
 * type is bytes: that of a string has one.
 */
async function readContent(
  request: Request,
  unreadBody: Blob | AsyncIterable<unknown> | undefined,
  contentType: string | undefined,
  { definition }: ResolvedOptions,
): Promise<Content> {
  const form = definition.requestBody ?? definition.body;
  const raw = unreadBody === undefined ? undefined : readBody(unreadBody);
  if (form.form === 'encrypted' && isText(contentType ?? raw?.contentType)) {
    const bytes = unreadBody === undefined ? await request.arrayBuffer() : await readAll(unreadBody, request.signal);
    return { payload: readPayload(form, decodeUtf8(bytes)) };
  }
  return { raw: raw ?? readBody(await request.arrayBuffer()), contentType };
}

/** @throws TypeError for other bytes, which the partner would get with replacement characters. */
function decodeUtf8(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TypeError(
      'The body is not text in UTF-8, as its content type says, and cannot be encrypted. Pass the content type of its bytes, such as application/octet-stream, to send them as they are.',
    );
  }
}

function isText(contentType = ''): boolean {
  return /^(?:text\/|application\/x-www-form-urlencoded)|[/+]json\s*(?:;|$)/i.test(contentType);
}

/** The text itself, which may have integers that JavaScript cannot represent, unless it is JSON for a query string. */
function readPayload(form: BodyForm, text: string): PartnerRequest['payload'] {
  const takesQuery = form.form === 'encrypted' && form.payload === 'query';
  const json = takesQuery ? parseJson(text) : undefined;
  return json === undefined ? text : copyPayload(form, json);
}

function toResponse({ status, headers: received, body }: StreamedResponse, request: Request): Response {
  const { url, method } = request;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(received)) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  const isEmpty = method === 'HEAD' || [204, 205, 304].includes(status);
  if (isEmpty) void body.cancel();
  const response = new Response(isEmpty ? null : bodyOf(body, request), { status, headers });
  return withUrl(response, url.replace(/#.*$/, ''));
}

/** The response with the URL of its request, which only `fetch()` itself can set. */
function withUrl(response: Response, url: string): Response {
  const clone = response.clone.bind(response);
  return Object.defineProperties(response, {
    url: { value: url },
    clone: { value: () => withUrl(clone(), url) },
  });
}

/** The body with the errors of `fetch()`. */
function bodyOf(body: ReadableStream<Uint8Array>, request: Request): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          // The Request must stay referenced: its signal no longer follows the one of the caller once it is collected.
          throw asOfFetch(error, request.signal);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
