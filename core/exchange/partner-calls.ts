import type { Cipher } from '../cipher/cipher.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { stringAt } from '../lib/json.ts';
import type { AuthCall } from '../partners/definition.ts';
import { redactWith, type Redactor } from '../redact/redactor.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse, SendOptions, Transport } from '../transport/http.ts';
import type { AuthExchange, CipherFacts } from './auth-exchange.ts';
import { classify } from './classify.ts';
import type { Connection } from './connection.ts';
import { decodeResponse } from './decode-response.ts';
import type { Payload } from './encode-body.ts';
import { encodeRequest } from './encode-request.ts';
import { responseError } from './response-error.ts';
import { readRefreshToken, readTokenSet } from './token-response.ts';

export interface PartnerCallsOptions extends Connection {
  readonly cipher: Cipher | undefined;
  readonly transport: Transport;
  readonly redactor: Redactor;
  readonly cipherFacts?: CipherFacts | undefined;
  /** Called after each auth call, with its secrets in it. */
  readonly onExchange?: (exchange: AuthExchange, secrets: readonly string[]) => void;
  /** Epoch ms. */
  readonly now: () => number;
}

export type TokenResult =
  | { readonly kind: 'tokens'; readonly tokens: TokenSet }
  /** `loginId` is the half-finished login that waits for a one-time code. */
  | { readonly kind: 'codeRequired'; readonly loginId: string; readonly error: PartnerAuthError }
  | CallFailure;

export interface CallFailure {
  readonly kind: 'failed';
  readonly error: PartnerAuthError;
  /** The partner may have acted on the call, so its outcome is unknown. */
  readonly inDoubt: boolean;
  /** The refresh token of a response that is useless otherwise. */
  readonly replacement?: Partial<Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>>;
}

export type RequestResult =
  | {
      readonly kind: 'response';
      readonly response: PartnerResponse;
      /** The partner does not accept this access token. */
      readonly tokenRefused: boolean;
    }
  | CallFailure;

export interface PartnerRequest {
  readonly method: string;
  readonly path: string;
  readonly payload: Payload | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The partner's response to a protected call. */
export interface PartnerResponse {
  /** HTTP status. */
  readonly status: number;
  /** True for a status of 2xx with the partner's own mark of success, if it has one. */
  readonly ok: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON, decrypted if it was encrypted; the text if it is not JSON. */
  readonly body: unknown;
}

type AuthResult =
  | { readonly kind: 'success'; readonly json: unknown; readonly http: HttpResponse }
  | (CallFailure & { readonly json?: unknown });

/** The calls of one partner, as its definition describes them. Knows no session and keeps no token. */
export function partnerCalls(options: PartnerCallsOptions) {
  const { definition, cipher, cipherFacts, transport, redactor, extraFields, now } = options;
  const { label } = definition;

  async function authCall(
    call: AuthExchange['call'],
    { method = 'POST', path, extraFields: constant }: AuthCall,
    fields: Payload,
    send: SendOptions,
  ): Promise<AuthResult> {
    const payload = { ...fields, ...constant };
    const { request, body } = await encodeRequest(options, { method, path, form: definition.body, payload }, cipher);
    const secrets = body?.secrets ?? [];
    const at = now();
    const exchange = await transport.send(request, send);
    const result: AuthResult =
      exchange.kind === 'failure'
        ? { kind: 'failed', error: exchange.error, inDoubt: exchange.mayHaveArrived }
        : authResult(call, exchange.response, redactWith(redactor.redact, secrets));
    options.onExchange?.(
      {
        call,
        at,
        method,
        url: request.url,
        headers: request.headers,
        payload,
        ...(cipherFacts !== undefined && definition.body.form === 'encrypted' && { cipher: cipherFacts }),
        body: String(request.body ?? ''),
        ...(exchange.kind === 'response' && { status: exchange.response.status }),
        ...(result.json !== undefined && { response: result.json }),
        outcome: result.kind === 'failed' ? result.error.code : 'success',
        ...(result.kind === 'failed' && { message: result.error.message }),
      },
      secrets,
    );
    return result;
  }

  function authResult(call: AuthExchange['call'], http: HttpResponse, redact: (text: string) => string): AuthResult {
    const decoded = decodeResponse(definition, http.body, cipher);
    const { json } = decoded;
    const meaning = classify(definition, call, http.status, decoded);
    switch (meaning.kind) {
      case 'success':
        return { kind: 'success', json, http };
      case 'tokenRefused':
        throw new TypeError('Only protected calls can have their token refused.');
      case 'failure': {
        const error = responseError(definition, call, http, json, meaning, redact);
        return { kind: 'failed', error, inDoubt: meaning.mayHaveActed, json };
      }
    }
  }

  async function tokenCall(
    kind: AuthExchange['call'],
    call: AuthCall,
    payload: Payload,
    send: SendOptions,
  ): Promise<TokenResult> {
    const result = await authCall(kind, call, payload, send);
    if (result.kind === 'failed') {
      const loginId =
        result.error.code === 'oneTimeCodeRequired'
          ? stringAt(result.json, definition.oneTimeCode?.sessionIn)
          : undefined;
      return loginId === undefined ? result : { kind: 'codeRequired', loginId, error: result.error };
    }
    const { json, http } = result;
    try {
      return { kind: 'tokens', tokens: readTokenSet(definition, call, json, http) };
    } catch (error) {
      if (!(error instanceof PartnerAuthError)) throw error;
      return { kind: 'failed', error, inDoubt: true, replacement: readRefreshToken(definition, call, json, http) };
    }
  }

  return {
    login: (credentials: Payload, send: SendOptions) =>
      tokenCall('login', definition.login, { ...credentials, ...extraFields.login }, send),

    oneTimeCode(loginId: string, code: string, send: SendOptions): Promise<TokenResult> {
      const step = definition.oneTimeCode;
      if (step === undefined) throw new TypeError(`${label} has no one-time codes.`);
      return tokenCall('oneTimeCode', step, { [step.codeField]: code, [step.sessionField]: loginId }, send);
    },

    refresh(refreshToken: string, send: SendOptions): Promise<TokenResult> {
      const { refresh } = definition;
      return tokenCall('refresh', refresh, { [refresh.tokenField]: refreshToken, ...extraFields.refresh }, send);
    },

    /** Resolves with the error, or undefined on success. */
    async logout(refreshToken: string, send: SendOptions): Promise<PartnerAuthError | undefined> {
      const { logout } = definition;
      if (logout === undefined) return undefined;
      const result = await authCall('logout', logout, { [logout.tokenField]: refreshToken }, send);
      return result.kind === 'failed' ? result.error : undefined;
    },

    /** The same error with the picture and ticket that the next login needs. */
    async withCaptcha(error: PartnerAuthError, send: SendOptions): Promise<PartnerAuthError> {
      const step = definition.captcha;
      if (step === undefined) return error;
      const draft = { method: 'GET', path: step.path, form: definition.body };
      const sent = await transport.send((await encodeRequest(options, draft, cipher)).request, send);
      if (sent.kind === 'failure') return sent.error;
      const { json } = decodeResponse(definition, sent.response.body, cipher);
      const image = stringAt(json, step.imageIn);
      const ticket = stringAt(json, step.ticketIn);
      if (image === undefined || ticket === undefined || !/^data:image\/[\w+.-]+;base64,[\w+/=]+$/.test(image)) {
        return new PartnerAuthError('invalidResponse', `${label} requires a captcha but sent no picture of it.`, {
          status: sent.response.status,
        });
      }
      const { status, correlationId } = error;
      return new PartnerAuthError('captchaRequired', error.message, {
        status,
        correlationId,
        challenge: { kind: 'captcha', image, ticket },
      });
    },

    /** A protected call. */
    async request(request: PartnerRequest, accessToken: string, send: SendOptions): Promise<RequestResult> {
      const form = definition.requestBody ?? definition.body;
      const { request: encoded } = await encodeRequest(options, { ...request, form, accessToken }, cipher);
      const sent = await transport.send(encoded, send);
      if (sent.kind === 'failure') return { kind: 'failed', error: sent.error, inDoubt: sent.mayHaveArrived };
      const { status, headers, body } = sent.response;
      const decoded = decodeResponse(definition, body, cipher);
      const meaning = classify(definition, 'request', status, decoded);
      const unmarked = definition.response.success === undefined && status >= 200 && status < 300;
      const ok = meaning.kind === 'success' || (unmarked && meaning.kind === 'failure');
      const { json = body } = decoded;
      return {
        kind: 'response',
        response: { status, ok, headers, body: json },
        tokenRefused: meaning.kind === 'tokenRefused',
      };
    },
  };
}

export type PartnerCalls = ReturnType<typeof partnerCalls>;
