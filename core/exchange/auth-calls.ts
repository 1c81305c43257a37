import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { clientFields, isTaken, payloadOf } from '../partners/auth-fields.ts';
import type { AuthCall, PartnerDefinition } from '../partners/definition.ts';
import { parseFieldPath } from '../partners/field-path.ts';
import { copyQuery } from '../partners/payload.ts';
import { authCallOf, refreshCallOf } from '../partners/renewal.ts';
import { callResponse, responseShapeOf } from '../partners/response-shape.ts';
import { redactWith } from '../redact/redactor.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse, SendOptions } from '../transport/http.ts';
import type { AuthExchange } from './auth-exchange.ts';
import { isSuccess, type CallFailure, type PartnerCallsOptions } from './calls.ts';
import { captchaError, type RefusedLogin } from './captcha.ts';
import { clientHeaders, clientPayload } from './client.ts';
import { classify } from './classify.ts';
import { decodeResponse, type DecodedResponse } from './decode-response.ts';
import type { Payload } from './encode-body.ts';
import { encodeRequest } from './encode-request.ts';
import { hasTokens, lastOf } from './misplaced-tokens.ts';
import { describeMissing, recoverTokens, withMisplacedRefreshToken, type TokenResponse } from './recover-tokens.ts';
import { repeatOfAuthCall } from './repeat.ts';
import { responseError } from './response-error.ts';
import { textAt } from './response-fields.ts';
import { readRefreshToken, readTokenSet } from './token-response.ts';

export type TokenResult =
  /** `isUnread`: the response seems to have a new refresh token, but not where the definition says. */
  | { readonly kind: 'tokens'; readonly tokens: TokenSet; readonly isUnread?: true }
  /** `loginId` identifies the pending login that requires a one-time code. */
  | { readonly kind: 'codeRequired'; readonly loginId: string; readonly error: PartnerAuthError }
  | RefusedCall;

/** The tokens of the session that an auth call is made for. */
export type SentTokens = Partial<Pick<TokenSet, 'accessToken' | 'refreshToken'>>;

/** A call that failed, with what the partner sent. */
type RefusedCall = CallFailure & Omit<RefusedLogin, 'error'> & { readonly content?: DecodedResponse };

type AuthResult =
  | { readonly kind: 'success'; readonly json: unknown; readonly content: DecodedResponse; readonly http: HttpResponse }
  | RefusedCall;

/** The calls that get, renew and revoke tokens. */
export function authCalls(options: PartnerCallsOptions) {
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
  };
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
