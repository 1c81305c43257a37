import type { Cipher } from '../cipher/cipher.ts';
import { PartnerAuthError } from '../errors.ts';
import { textAt } from '../json.ts';
import type { Redactor } from '../log.ts';
import type { AuthCall, BodyForm, JsonObject, PartnerDefinition } from '../partners/definition.ts';
import type { TokenSet } from '../session/record/record.ts';
import type { HttpAnswer, HttpRequest, SendOptions, Transport } from '../transport/http.ts';
import { encodeBody, type Payload } from './body.ts';
import type { AuthExchange, CipherFacts } from './auth-exchange.ts';
import { judge, open, type Verdict } from './judge.ts';
import { readRefreshToken, readTokenSet } from './token-answer.ts';

export interface Connection {
  readonly definition: PartnerDefinition;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly partnerCode: string | undefined;
  readonly cipher: Cipher | undefined;
  readonly transport: Transport;
  readonly redactor: Redactor;
  readonly cipherFacts?: CipherFacts | undefined;
  /** Told of each auth call, secrets included. */
  readonly onExchange?: (exchange: AuthExchange, secrets: readonly string[]) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** The user's own constant payload fields. */
  readonly extraFields: { readonly login?: JsonObject; readonly refresh?: JsonObject };
}

export type TokenResult =
  | { readonly tokens: TokenSet }
  /** The half-finished login that waits for a one-time code. */
  | { readonly loginId: string; readonly error: PartnerAuthError }
  | Failed;

export interface Failed {
  readonly error: PartnerAuthError;
  /** The partner may have acted on the call, so its outcome is in doubt. */
  readonly inDoubt: boolean;
  /** The refresh token of an answer that was of no use otherwise. */
  readonly replacement?: Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>;
}

export interface PartnerRequest {
  readonly method: string;
  readonly path: string;
  readonly payload: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** The partner's answer to a protected call. */
export interface PartnerAnswer {
  /** HTTP status. */
  readonly status: number;
  /** True for a status of 2xx with the partner's own mark of success, where it has one. */
  readonly ok: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed, where needed decrypted JSON; the text when it is no JSON. */
  readonly body: unknown;
}

type AuthResult = { readonly answer: unknown; readonly http: HttpAnswer } | (Failed & { readonly answer?: unknown });

function authResult(verdict: Verdict, http: HttpAnswer): AuthResult {
  if (verdict.kind === 'tokenRefused') throw new TypeError('Only protected calls can have their token refused.');
  if (verdict.kind === 'error') return { error: verdict.error, inDoubt: verdict.mayHaveActed, answer: verdict.answer };
  return { answer: verdict.answer, http };
}

/** The calls of one partner, as its definition describes them. Knows no session and keeps no token. */
export function partnerCalls(connection: Connection) {
  const { definition, baseUrl, partnerCode, cipher, cipherFacts, transport, redactor, extraFields, now } = connection;
  const { label } = definition;

  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(definition.headers ?? {})) {
    headers[name.toLowerCase()] = value.replaceAll('{partnerCode}', partnerCode ?? '');
  }

  async function prepare(
    { method, path }: { readonly method: string; readonly path: string },
    form: BodyForm,
    payload: Payload | undefined,
    extraHeaders: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly request: HttpRequest; readonly secrets: readonly string[] }> {
    const encoded = payload === undefined ? undefined : await encodeBody(form, payload, cipher, partnerCode);
    const request = {
      method,
      url: baseUrl + path,
      headers: { ...headers, ...(encoded && { 'content-type': encoded.contentType }), ...extraHeaders },
      ...(encoded && { body: encoded.body }),
    };
    return { request, secrets: encoded?.secrets ?? [] };
  }

  /** The answer of one of the auth calls, or why it is none. */
  async function authCall(
    call: AuthExchange['call'],
    { method = 'POST', path, extraFields: constant }: AuthCall,
    fields: Payload,
    options: SendOptions,
  ): Promise<AuthResult> {
    const payload = { ...fields, ...constant };
    const { request, secrets } = await prepare({ method, path }, definition.body, payload);
    const at = now();
    const exchange = await transport.send(request, options);
    const redact = (text: string): string =>
      redactor.redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[hidden]'), text));
    const result: AuthResult =
      'failure' in exchange
        ? { error: exchange.failure, inDoubt: exchange.mayHaveArrived }
        : authResult(judge(definition, call, exchange.answer, cipher, redact), exchange.answer);
    const told: AuthExchange = {
      call,
      at,
      method,
      url: request.url,
      headers: request.headers,
      payload,
      ...(cipherFacts !== undefined && definition.body.form === 'encrypted' && { cipher: cipherFacts }),
      body: String(request.body ?? ''),
      ...('answer' in exchange && { status: exchange.answer.status }),
      ...(result.answer !== undefined && { answer: result.answer }),
      outcome: 'error' in result ? result.error.code : 'success',
      ...('error' in result && { message: result.error.message }),
    };
    connection.onExchange?.(told, secrets);
    return result;
  }

  async function tokenCall(
    kind: AuthExchange['call'],
    call: AuthCall,
    payload: Payload,
    options: SendOptions,
  ): Promise<TokenResult> {
    const result = await authCall(kind, call, payload, options);
    if ('error' in result) {
      if (result.error.code === 'oneTimeCodeRequired') {
        const loginId = textAt(result.answer, definition.oneTimeCode?.sessionIn);
        if (loginId !== undefined) return { loginId, error: result.error };
      }
      return result;
    }
    try {
      return { tokens: readTokenSet(definition, call, result.answer, result.http) };
    } catch (error) {
      if (!(error instanceof PartnerAuthError)) throw error;
      return { error, inDoubt: true, replacement: readRefreshToken(definition, call, result.answer, result.http) };
    }
  }

  return {
    login: (credentials: Payload, options: SendOptions) =>
      tokenCall('login', definition.login, { ...credentials, ...extraFields.login }, options),

    oneTimeCode(loginId: string, code: string, options: SendOptions): Promise<TokenResult> {
      const step = definition.oneTimeCode;
      if (step === undefined) throw new TypeError(`${label} has no one-time codes.`);
      return tokenCall('oneTimeCode', step, { [step.codeField]: code, [step.sessionField]: loginId }, options);
    },

    refresh(refreshToken: string, options: SendOptions): Promise<TokenResult> {
      const { refresh } = definition;
      return tokenCall('refresh', refresh, { [refresh.tokenField]: refreshToken, ...extraFields.refresh }, options);
    },

    /** Undefined on success. */
    async logout(refreshToken: string, options: SendOptions): Promise<PartnerAuthError | undefined> {
      const { logout } = definition;
      if (logout === undefined) return undefined;
      const result = await authCall('logout', logout, { [logout.tokenField]: refreshToken }, options);
      return 'error' in result ? result.error : undefined;
    },

    /** The same error with the picture and ticket that the next login needs. */
    async withCaptcha(error: PartnerAuthError, options: SendOptions): Promise<PartnerAuthError> {
      const step = definition.captcha;
      if (step === undefined) return error;
      const { request } = await prepare({ method: 'GET', path: step.path }, definition.body, undefined);
      const sent = await transport.send(request, options);
      if ('failure' in sent) return sent.failure;
      const { answer } = open(definition, sent.answer.body, cipher);
      const image = textAt(answer, step.imageIn);
      const ticket = textAt(answer, step.ticketIn);
      if (image === undefined || ticket === undefined || !/^data:image\/[\w+.-]+;base64,[\w+/=]+$/.test(image)) {
        return new PartnerAuthError('invalidAnswer', `${label} wants a captcha but sent no picture of it.`, {
          status: sent.answer.status,
        });
      }
      const { status, correlationId } = error;
      return new PartnerAuthError('captchaRequired', error.message, {
        status,
        correlationId,
        challenge: { kind: 'captcha', image, ticket },
      });
    },

    /** A protected call; `tokenRefused` when the partner does not accept this access token (any more). */
    async request(
      { method, path, payload, headers: own }: PartnerRequest,
      accessToken: string,
      options: SendOptions,
    ): Promise<{ readonly answer: PartnerAnswer; readonly tokenRefused: boolean } | Failed> {
      const { request } = await prepare(
        { method, path },
        definition.requestBody ?? definition.body,
        payload as Payload | undefined,
        { ...own, authorization: `Bearer ${accessToken}` },
      );
      const sent = await transport.send(request, options);
      if ('failure' in sent) return { error: sent.failure, inDoubt: sent.mayHaveArrived };
      const http = sent.answer;
      const verdict = judge(definition, 'request', http, cipher, (text) => text);
      const { answer = http.body } = verdict;
      const unmarked = definition.answer.success === undefined && http.status >= 200 && http.status < 300;
      const ok = verdict.kind === 'success' || (unmarked && verdict.kind === 'error');
      return {
        answer: { status: http.status, ok, headers: http.headers, body: answer },
        tokenRefused: verdict.kind === 'tokenRefused',
      };
    },
  };
}

export type PartnerCalls = ReturnType<typeof partnerCalls>;
