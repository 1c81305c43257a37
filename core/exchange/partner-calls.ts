import type { Cipher } from '../cipher/cipher.ts';
import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { parseJsonStart } from '../lib/json.ts';
import { decodeText } from '../lib/text.ts';
import { clientFields, isTaken, payloadOf } from '../partners/auth-fields.ts';
import type { AuthCall, PartnerDefinition, ResponseShape } from '../partners/definition.ts';
import { copyQuery } from '../partners/payload.ts';
import { parseFieldPath } from '../partners/field-path.ts';
import { authCallOf, refreshCallOf } from '../partners/renewal.ts';
import { callResponse, responseShapeOf } from '../partners/response-shape.ts';
import { redactWith, type Redactor } from '../redact/redactor.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse, SendOptions, Transport } from '../transport/http.ts';
import { isReplayable } from '../transport/request-body.ts';
import type { AuthExchange, CipherFacts } from './auth-exchange.ts';
import { captchaError, type RefusedLogin } from './captcha.ts';
import { clientHeaders, clientPayload } from './client.ts';
import { classify } from './classify.ts';
import type { Connection } from './connection.ts';
import { mayBeFile, mayBeJson } from './content-type.ts';
import { decodeResponse, type DecodedResponse } from './decode-response.ts';
import type { Payload } from './encode-body.ts';
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
import { isIdempotent, repeatOfAuthCall, repeatOfCall, type RetryPolicy } from './repeat.ts';
import { fieldAt, textAt } from './response-fields.ts';
import { responseError } from './response-error.ts';
import { hasTokens, lastOf } from './misplaced-tokens.ts';
import { describeMissing, recoverTokens, withMisplacedRefreshToken, type TokenResponse } from './recover-tokens.ts';
import { readRefreshToken, readTokenSet } from './token-response.ts';

export interface PartnerCallsOptions extends Connection {
  readonly cipher: Cipher | undefined;
  readonly transport: Transport;
  readonly redactor: Redactor;
  /** Receives what is not plausible in a response. */
  readonly warn?: ((message: string) => void) | undefined;
  readonly cipherFacts?: CipherFacts | undefined;
  /** Called after each auth call. The exchange contains its secrets. */
  readonly onExchange?: (exchange: AuthExchange, secrets: readonly string[]) => void;
  /** Epoch ms. */
  readonly now: () => number;
}

export type TokenResult =
  /** `isUnread`: the response seems to have a new refresh token, but not where the definition says. */
  | { readonly kind: 'tokens'; readonly tokens: TokenSet; readonly isUnread?: true }
  /** `loginId` identifies the pending login that requires a one-time code. */
  | { readonly kind: 'codeRequired'; readonly loginId: string; readonly error: PartnerAuthError }
  | RefusedCall;

/** The tokens of the session that an auth call is made for. */
export type SentTokens = Partial<Pick<TokenSet, 'accessToken' | 'refreshToken'>>;

export interface CallFailure {
  readonly kind: 'failed';
  readonly error: PartnerAuthError;
  /** The partner may have acted on the call, so its outcome is unknown. */
  readonly inDoubt: boolean;
  /** The partner itself refused a refresh, and no rule says what that means. */
  readonly isUnexplained?: true;
  /** The response has tokens in it, so that the refresh token that was sent has probably been replaced. */
  readonly issued?: true;
  /** The refresh token of a response that is otherwise unusable. */
  readonly replacement?: Partial<Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>>;
}

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

/** A call that failed, with what the partner sent. */
type RefusedCall = CallFailure & Omit<RefusedLogin, 'error'> & { readonly content?: DecodedResponse };

type AuthResult =
  | { readonly kind: 'success'; readonly json: unknown; readonly content: DecodedResponse; readonly http: HttpResponse }
  | RefusedCall;

/** The calls to one partner, as its definition describes them. Stateless: it stores no tokens. */
export function partnerCalls(options: PartnerCallsOptions) {
  const { definition, cipher, cipherFacts, transport, redactor, warn, extraFields, now } = options;
  const { label } = definition;

  async function authCall(
    call: AuthExchange['call'],
    { method = 'POST', path, extraFields: constant, authorization }: AuthCall,
    fields: Payload,
    send: SendOptions,
    tokens: SentTokens = {},
  ): Promise<AuthResult> {
    const form = definition.body;
    const { client } = definition;
    const identity = options.client ?? { id: '' };
    const payload = payloadOf(
      form,
      { ...fields, ...(client && clientPayload(client, identity)) },
      extraFields[call],
      constant,
    );
    const content = method === 'GET' ? { query: copyQuery(payload) } : { payload };
    const headers = { ...(client && clientHeaders(client, identity)), ...cookieOf(definition, call, tokens) };
    const token = authorization && tokens[authorization];
    const draft = { method, path, form, token, headers, ...content };
    const { request, body, secrets } = await encodeRequest(options, draft, cipher);
    const at = now();
    const { repeat = repeatOfAuthCall(call) } = send;
    const exchange = await transport.send(request, { ...send, repeat });
    const result: AuthResult =
      exchange.kind === 'failure'
        ? { kind: 'failed', error: exchange.error, inDoubt: exchange.mayHaveArrived }
        : authResult(call, path, exchange.response, redactWith(redactor.redact, secrets));
    options.onExchange?.(
      {
        call,
        at,
        method,
        url: request.url,
        headers: request.headers,
        payload,
        ...(cipherFacts !== undefined && definition.body.form === 'encrypted' && { cipher: cipherFacts }),
        body: String(body?.body ?? ''),
        ...(exchange.kind === 'response' && { status: exchange.response.status }),
        ...(result.json !== undefined && { response: result.json }),
        outcome: result.kind === 'failed' ? result.error.code : 'success',
        ...(result.kind === 'failed' && { message: result.error.message }),
      },
      secrets,
    );
    return result;
  }

  function authResult(
    call: AuthExchange['call'],
    path: string,
    http: HttpResponse,
    redact: (text: string) => string,
  ): AuthResult {
    const decoded = decodeResponse(responseShapeOf(definition, call), http, cipher);
    const { json } = decoded;
    const classification = classify(definition, call, http.status, decoded);
    switch (classification.kind) {
      case 'success':
        return { kind: 'success', json, content: decoded, http };
      case 'tokenRefused':
        throw new TypeError('The error rule tokenRefused applies to protected calls only.');
      case 'failure': {
        const error = responseError(definition, call, http, decoded, classification, redact, {
          baseUrl: options.baseUrl,
          path,
        });
        // A response that can be read, unless a rule says that the partner has failed, is the one of the partner: the call must not
        // be sent again.
        const isRead = isSuccess(http) && (json !== undefined || decoded.encryption === 'decrypted');
        const isFinal = isRead && classification.rule === undefined;
        const refresh = refreshCallOf(definition);
        const mayReplace = isFinal && call === 'refresh' && refresh !== undefined && refresh.sliding !== true;
        return {
          kind: 'failed',
          error,
          inDoubt: classification.mayHaveActed && !isFinal,
          ...(isFinal && issuesTokens(authCallOf(definition, call), decoded) && { issued: true }),
          ...(mayReplace && { replacement: readRefreshToken(definition, refresh, decoded, http) }),
          json,
          content: decoded,
          ...(classification.isUnexplained && { isUnexplained: true }),
          isEmpty: http.status === 200 && decoded.text === '',
        };
      }
    }
  }

  async function tokenCall(
    kind: AuthExchange['call'],
    call: AuthCall,
    payload: Payload,
    send: SendOptions,
    tokens: SentTokens = {},
  ): Promise<TokenResult> {
    const result = await authCall(kind, call, payload, send, tokens);
    if (result.kind === 'failed') {
      const loginId =
        result.error.code === 'oneTimeCodeRequired'
          ? result.content && textAt(result.content, definition.oneTimeCode?.sessionIn)
          : undefined;
      return loginId === undefined ? result : { kind: 'codeRequired', loginId, error: result.error };
    }
    const { content, http } = result;
    const response: TokenResponse = { definition, kind, call, content, http, sent: tokens, warn };
    try {
      const received = readTokenSet(definition, call, content, http, warn);
      return { kind: 'tokens', ...withMisplacedRefreshToken(received, response) };
    } catch (error) {
      if (!(error instanceof PartnerAuthError)) throw error;
      const recovered = kind === 'refresh' ? recoverTokens(response) : undefined;
      if (recovered !== undefined) return { kind: 'tokens', tokens: recovered };
      const { code, message, status, setting } = error;
      const text = `${message} ${describeMissing(response, redactor.redact)}`;
      return {
        kind: 'failed',
        error: new PartnerAuthError(code, text, { status, setting }),
        // The partner has acted on the call and responded: it must not be sent again.
        inDoubt: false,
        ...(issuesTokens(call, content) && { issued: true }),
        // A refresh token that is the access token too is just as unusable.
        ...(refreshCallOf(definition)?.sliding !== true && {
          replacement: readRefreshToken(definition, call, content, http),
        }),
      };
    }
  }

  /** Whether a response contains tokens, wherever they are. */
  function issuesTokens(call: AuthCall | undefined, content: DecodedResponse): boolean {
    const { accessToken, refreshToken } = call === undefined ? definition.response : callResponse(definition, call);
    const paths = [accessToken, refreshToken].filter((path) => path !== undefined);
    return (
      paths.some((path) => parseFieldPath(path).from !== 'json' && textAt(content, path) !== undefined) ||
      hasTokens(content.json, paths.map(lastOf))
    );
  }

  return {
    label,

    /** @throws PartnerAuthError `configuration` for a credential that a constant field would replace, or that would be in the URL. */
    async login(credentials: Payload, send: SendOptions, tokens?: SentTokens): Promise<TokenResult> {
      const { body, login } = definition;
      const [first] = Object.keys(credentials);
      if (login.method === 'GET' && first !== undefined) {
        const message = `The credential ${first} cannot be sent: the login of ${label} is a GET, so that it would have to be in the URL.`;
        throw configurationError(first, message);
      }
      const constants = payloadOf(body, {}, extraFields.login, login.extraFields);
      for (const [name, value] of Object.entries(credentials)) {
        const isReplaced = isTaken(body, constants, name) && constants[name] !== value;
        if (!isReplaced && !clientFields(definition).includes(name)) continue;
        const message = `The credential ${name} has no effect: ${isReplaced ? 'extraFields.login or the partner definition' : 'the option client'} sets this field.`;
        throw configurationError(name, message);
      }
      return tokenCall('login', login, credentials, send, tokens);
    },

    oneTimeCode(loginId: string, code: string, send: SendOptions): Promise<TokenResult> {
      const step = definition.oneTimeCode;
      if (step === undefined) throw new TypeError(`${label} does not use one-time codes.`);
      return tokenCall('oneTimeCode', step, { [step.codeField]: code, [step.sessionField]: loginId }, send);
    },

    refresh(tokens: SentTokens, send: SendOptions): Promise<TokenResult> {
      const refresh = refreshCallOf(definition);
      if (refresh === undefined) throw new TypeError(`The definition of ${label} has no refresh call.`);
      return tokenCall('refresh', refresh, fieldsOf(refresh.tokenField, tokens.refreshToken), send, tokens);
    },

    /** Resolves with the error, or undefined on success. */
    async logout(tokens: SentTokens, send: SendOptions): Promise<PartnerAuthError | undefined> {
      const { logout } = definition;
      if (logout === undefined) throw new TypeError(`${label} has no logout call.`);
      const fields = fieldsOf(logout.tokenField, tokens.refreshToken);
      const result = await authCall('logout', logout, fields, send, tokens);
      return result.kind === 'failed' ? result.error : undefined;
    },

    /** What a failed login requires, such as a captcha. */
    explainLogin(refused: RefusedLogin, send: SendOptions): Promise<PartnerAuthError> {
      const get = async (path: string) => {
        const draft = { method: 'GET', path, form: definition.body };
        const { request } = await encodeRequest(options, draft, cipher);
        const sent = await transport.send(request, { ...send, repeat: 'broken' });
        if (sent.kind === 'failure') return sent.error;
        return { json: decodeResponse(definition.response, sent.response, cipher).json, status: sent.response.status };
      };
      return captchaError({ definition, redactor, get }, refused);
    },

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

/** The cookie of a call that sends the refresh token in one. */
function cookieOf(
  definition: PartnerDefinition,
  call: AuthExchange['call'],
  { refreshToken }: SentTokens,
): Record<string, string> {
  const callWithToken =
    call === 'refresh' ? refreshCallOf(definition) : call === 'logout' ? definition.logout : undefined;
  const { tokenCookie } = callWithToken ?? {};
  return tokenCookie === undefined || refreshToken === undefined ? {} : { cookie: `${tokenCookie}=${refreshToken}` };
}

function fieldsOf(name: string | undefined, token: string | undefined): Payload {
  return name === undefined || token === undefined ? {} : { [name]: token };
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

function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

function definesAccept({ headers = {} }: PartnerDefinition): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'accept');
}

/** The error of a call that must not be repeated without a thought. */
function doubtful({ code, message, retryable, status }: PartnerAuthError): PartnerAuthError {
  const text = `${message} The partner may have acted on the call; check that before you repeat it.`;
  return new PartnerAuthError(code, text, { retryable, status });
}

export type PartnerCalls = ReturnType<typeof partnerCalls>;
