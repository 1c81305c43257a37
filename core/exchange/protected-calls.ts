import { PartnerAuthError } from '../lib/errors.ts';
import { parseJsonStart } from '../lib/json.ts';
import { decodeText } from '../lib/text.ts';
import type { PartnerDefinition, ResponseShape } from '../partners/definition.ts';
import { parseFieldPath } from '../partners/field-path.ts';
import { redactWith } from '../redact/redactor.ts';
import type { HttpResponse, SendOptions } from '../transport/http.ts';
import { isReplayable } from '../transport/request-body.ts';
import { isSuccess, type CallFailure, type PartnerCallsOptions } from './calls.ts';
import { classify } from './classify.ts';
import { mayBeFile, mayBeJson } from './content-type.ts';
import { decodeResponse, type DecodedResponse } from './decode-response.ts';
import { encodeRequest, type RequestDraft } from './encode-request.ts';
import {
  openResponse,
  partnerResponse,
  streamedResponse,
  type OpenResponse,
  type PartnerResponse,
  type StreamedResponse,
  type Verdict,
} from './partner-response.ts';
import { isIdempotent, repeatOfCall, type RetryPolicy } from './repeat.ts';
import { responseError } from './response-error.ts';
import { fieldAt, textAt } from './response-fields.ts';

export type RequestResult<R> =
  | {
      readonly kind: 'response';
      readonly response: R;
      /** The partner does not accept this access token. */
      readonly tokenRefused: boolean;
    }
  | CallFailure;

/** A protected call. */
export interface PartnerRequest extends Pick<
  RequestDraft,
  'method' | 'path' | 'query' | 'payload' | 'raw' | 'contentType'
> {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** In ms. */
  readonly timeout?: number | undefined;
  /** In bytes. Default 16 MiB. */
  readonly maxResponseSize?: number | undefined;
  readonly expect?: 'file' | undefined;
  readonly retry: RetryPolicy;
}

const mebibyte = 1024 * 1024;
/** Of protected calls, in bytes. */
const defaultResponseSize = 16 * mebibyte;

/** The calls with an access token. */
export function protectedCalls(options: PartnerCallsOptions) {
  const { definition, cipher, transport, redactor } = options;

  return {
    /** A protected call whose response is read to its end. */
    async request(
      request: PartnerRequest,
      accessToken: string,
      send: SendOptions,
    ): Promise<RequestResult<PartnerResponse>> {
      const result = await protectedCall(request, accessToken, {
        ...send,
        maxResponseSize: request.maxResponseSize ?? defaultResponseSize,
      });
      if (result.kind === 'failed') return result;
      const { http, verdict, decoded, tokenRefused } = result;
      return { kind: 'response', response: partnerResponse(http, verdict, decoded), tokenRefused };
    },

    /**
     * A protected call whose response is left to be read, unless it may be an error or a refused token, or is encrypted: then
     * it is read to its end first.
     */
    async stream(
      request: PartnerRequest,
      accessToken: string,
      send: SendOptions,
    ): Promise<RequestResult<StreamedResponse>> {
      const result = await protectedCall(request, accessToken, streamed(request, send));
      if (result.kind === 'failed') return result;
      const { http, verdict, decoded, tokenRefused } = result;
      const response = streamedResponse(openResponse(http, decoded), verdict, http.receivedAt);
      return { kind: 'response', response, tokenRefused };
    },

    /** As `stream()`, without a stream of the web platform, which takes longer to make than to read. */
    async forward(
      request: PartnerRequest,
      accessToken: string,
      send: SendOptions,
    ): Promise<RequestResult<OpenResponse>> {
      const result = await protectedCall(request, accessToken, streamed(request, send));
      if (result.kind === 'failed') return result;
      const { http, decoded, verdict, tokenRefused } = result;
      return { kind: 'response', response: openResponse(http, decoded, verdict.error), tokenRefused };
    },
  };

  function streamed(request: PartnerRequest, send: SendOptions): SendOptions {
    const isEncrypted = definition.response.encryptedIn !== undefined;
    return {
      ...send,
      maxResponseSize: request.maxResponseSize ?? defaultResponseSize,
      stream({ headers }) {
        if (!mayBeJson(headers['content-type'])) return 0;
        return isEncrypted ? undefined : mebibyte;
      },
    };
  }

  async function protectedCall(
    request: PartnerRequest,
    accessToken: string,
    send: SendOptions,
  ): Promise<ProtectedResult | CallFailure> {
    const form = definition.requestBody ?? definition.body;
    // The transport asks for JSON, which a server may refuse to a call for a file.
    const takesAny = request.expect === 'file' || send.stream !== undefined;
    const headers = takesAny && !definesAccept(definition) ? { accept: '*/*', ...request.headers } : request.headers;
    const draft: RequestDraft = { ...request, form, headers, token: accessToken, isProtected: true };
    const { request: encoded, secrets } = await encodeRequest(options, draft, cipher);
    const repeat = isReplayable(encoded.body) ? repeatOfCall(request.method, request.retry) : 'never';
    const sent = await transport.send(encoded, { ...send, repeat });
    if (sent.kind === 'failure') {
      const isDoubtful = sent.mayHaveArrived && !isIdempotent(request.method);
      return { kind: 'failed', error: isDoubtful ? doubtful(sent.error) : sent.error, inDoubt: sent.mayHaveArrived };
    }
    const http = sent.response;
    const decoded: DecodedResponse =
      http.rest === undefined ? decodeResponse(definition.response, http, cipher) : begun(http);
    const isFile = request.expect === 'file' || mayBeFile(http);
    // A file may happen to be JSON with the fields of an error. What is encrypted is no file.
    const isOpaque =
      isFile && isSuccess(http) && decoded.encryption === 'plain' && !mayBeJson(http.headers['content-type']);
    const judged = isOpaque ? unread(http) : decoded;
    const classification = classify(definition, 'request', http.status, judged, isFile);
    const error =
      classification.kind === 'failure' && (classification.rule !== undefined || classification.code === 'cipher')
        ? responseError(definition, 'request', http, judged, classification, redactWith(redactor.redact, secrets))
        : undefined;
    if (isSuccess(http) && error?.code === 'cipher') return { kind: 'failed', error, inDoubt: true };
    return {
      kind: 'response',
      http,
      decoded,
      verdict: {
        ok:
          classification.kind === 'success' ||
          (classification.kind === 'failure' &&
            classification.rule === undefined &&
            isMarkerAhead(definition.response, http, judged)),
        ...(error && { error }),
        ...ownFields(definition.response, judged),
      },
      // A refusal is not that long, and its rest would be left open.
      tokenRefused: classification.kind === 'tokenRefused' && http.rest === undefined,
    };
  }
}

interface ProtectedResult {
  readonly kind: 'response';
  readonly http: HttpResponse;
  readonly decoded: DecodedResponse;
  readonly verdict: Verdict;
  /** The partner does not accept this access token. */
  readonly tokenRefused: boolean;
}

/** The partner's own code and message. */
function ownFields(shape: ResponseShape, decoded: DecodedResponse): Pick<Verdict, 'code' | 'message'> {
  const code = shape.code === undefined ? undefined : fieldAt(decoded, shape.code);
  const message = textAt(decoded, shape.message);
  return {
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(message !== undefined && { message }),
  };
}

/** A response that is not read to its end: what the start of its JSON has, if it is JSON. */
function begun(http: HttpResponse): DecodedResponse {
  const contentType = http.headers['content-type'];
  return {
    ...unread(http),
    ...(mayBeJson(contentType) && { json: parseJsonStart(decodeText(http.body, contentType)) }),
  };
}

/** Whether the success marker may follow what was read of a 2xx response, which is too long for an error. */
function isMarkerAhead({ success }: ResponseShape, http: HttpResponse, { json, headers }: DecodedResponse): boolean {
  if (http.rest === undefined || success === undefined || parseFieldPath(success.field).from !== 'json') return false;
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  return isObject && fieldAt({ text: '', json, headers }, success.field) === undefined;
}

/** A response of whose body nothing is known. */
function unread({ headers }: HttpResponse): DecodedResponse {
  return { text: '', json: undefined, headers, encryption: 'plain' };
}

function definesAccept({ headers = {} }: PartnerDefinition): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'accept');
}

/** The error of a call that must not be repeated without a thought. */
function doubtful({ code, message, retryable, status }: PartnerAuthError): PartnerAuthError {
  const text = `${message} The partner may have acted on the call; check that before you repeat it.`;
  return new PartnerAuthError(code, text, { retryable, status });
}
