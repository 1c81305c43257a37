import { randomUUID } from 'node:crypto';
import { createCodec, type Codec } from '../codec/codec.ts';
import type { SandboxCipher } from '../codec/settings.ts';
import { asObject, parseJson } from '../http/body.ts';
import type { PartnerServer, ReceivedRequest, SandboxOutcome, SandboxResponse } from '../http/exchange.ts';
import { randomBytesAs, randomWord } from '../random.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint, TokenPair } from '../tokens/families.ts';
import {
  isNonEmptyString,
  isTokenPair,
  readBearer,
  readToken,
  refreshRules,
  secondsUntil,
  toOutcome,
  type PartnerContext,
  type PartnerDefaults,
  type PartnerSimulator,
} from './partner.ts';

/** Of the account at TCONNECT. */
export interface TconnectCredentials {
  /** Its email address. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
  /** The id of the client that the partner has registered. */
  readonly client_id: string;
  /** Its secret. */
  readonly client_secret: string;
}

export interface TconnectAccount {
  readonly partnerCode: string;
  readonly cipher: SandboxCipher;
  readonly credentials: TconnectCredentials;
}

export interface TconnectOverrides {
  readonly partnerCode?: string;
  /** A key without `keyFormat` is utf8. An IV rule `fixed` without a value gets a random one. */
  readonly cipher?: Partial<Pick<SandboxCipher, 'key' | 'keyFormat' | 'output'>> & {
    readonly iv?: SandboxCipher['iv'] | { readonly from: 'fixed' };
  };
  readonly credentials?: Partial<TconnectCredentials>;
}

type Context = PartnerContext<TconnectAccount>;
type Payload = Readonly<Record<string, unknown>>;

// Access lifetime: company blog of 18 Feb 2026. Refresh lifetime and rotation: the sandbox's own choice, nothing is published.
const defaults: PartnerDefaults = { accessLifetime: 36_000, refreshLifetime: 2_592_000, rotation: 'reuseDetection' };

// Every error body and status below is the sandbox's own choice: TCONNECT's error responses are not published.
const errors = {
  VALIDATION: [400, 'validation'],
  BAD_CIPHERTEXT: [400, 'badCiphertext'],
  INVALID_CREDENTIALS: [401, 'badCredentials'],
  INVALID_REFRESH_TOKEN: [401, 'badToken'],
  INVALID_ACCESS_TOKEN: [401, 'badToken'],
  INVALID_PARTNER_CODE: [403, 'wrongPartnerCode'],
} as const;

/** TCONNECT Payment Open API: encrypted payloads, `Partner-Code` on every call (login and refresh pages). */
export const tconnect: PartnerSimulator<TconnectOverrides, TconnectAccount> = {
  tokenAlgorithm: 'RS256',
  completeAccount: ({ partnerCode, cipher = {}, credentials }) => ({
    partnerCode: partnerCode ?? `SANDBOX-${randomWord(8)}`,
    cipher: completeCipher(cipher),
    credentials: {
      username: `merchant-${randomWord(6).toLowerCase()}@example.com`,
      password: randomWord(16),
      // The lengths of the samples on the login page.
      client_id: randomWord(22),
      client_secret: randomWord(32),
      ...credentials,
    },
  }),
  create,
};

function completeCipher(overrides: NonNullable<TconnectOverrides['cipher']>): SandboxCipher {
  const keyFormat = overrides.keyFormat ?? (overrides.key === undefined ? 'hex' : 'utf8');
  const { iv = { from: 'fixed' } } = overrides;
  const isComplete = (rule: typeof iv): rule is SandboxCipher['iv'] => rule.from !== 'fixed' || 'value' in rule;
  return Object.freeze({
    key: overrides.key ?? randomBytesAs(keyFormat, 32),
    keyFormat,
    iv: Object.freeze<SandboxCipher['iv']>(
      isComplete(iv) ? iv : { from: 'fixed', value: randomBytesAs('hex', 16), format: 'hex' },
    ),
    output: overrides.output ?? 'hex',
  });
}

function create(context: Context): PartnerServer {
  const codec = createCodec(context.account.cipher);
  return {
    id: 'tconnect',
    prefix: '/openapi/',
    routes: [
      { method: 'POST', path: '/openapi/v1/auth/login', call: 'login', handle: withPayload(login) },
      { method: 'POST', path: '/openapi/v1/auth/refresh', call: 'refresh', handle: withPayload(refresh) },
      {
        method: 'POST',
        path: '/openapi/v1/transaction/qr',
        call: 'protected',
        handle: (request) => refuseBearer(request) ?? withPayload(listQrTransactions)(request),
      },
    ],
    failure: (status, outcome) => ({
      status,
      outcome,
      json: { code: `HTTP_${status}`, message: 'Sandbox: the request could not be processed' },
    }),
  };

  function withPayload(handle: (payload: Payload) => SandboxResponse) {
    return (request: ReceivedRequest): SandboxResponse => {
      const refusal = refusePartnerCode(request);
      if (refusal !== undefined) return refusal;
      const envelope = decryptEnvelope(request, codec);
      if (envelope.kind === 'refused') return envelope.response;
      return { ...handle(envelope.payload), payload: envelope.payload };
    };
  }

  function refusePartnerCode(request: ReceivedRequest): SandboxResponse | undefined {
    return request.headers['partner-code'] === context.account.partnerCode
      ? undefined
      : refuse('INVALID_PARTNER_CODE', 'Partner-Code is missing or unknown');
  }

  function refuseBearer(request: ReceivedRequest): SandboxResponse | undefined {
    const refusedPartnerCode = refusePartnerCode(request);
    if (refusedPartnerCode !== undefined) return refusedPartnerCode;
    const token = readBearer(request);
    if (token === undefined) return refuse('INVALID_ACCESS_TOKEN', 'Authorization: Bearer <access_token> is missing');
    const claims = readToken(token, context.key, context.now());
    const refusal = typeof claims === 'string' ? claims : context.families.checkAccess(token, context.now());
    if (refusal !== undefined) return refuse('INVALID_ACCESS_TOKEN', 'Access token refused', toOutcome(refusal));
    if (context.scenarios().accountState === 'active') return undefined;
    return refuse('INVALID_ACCESS_TOKEN', 'Account is not active', 'accountNotActive');
  }

  function login(payload: Payload): SandboxResponse {
    const { credentials } = context.account;
    const names = ['username', 'password', 'client_id', 'client_secret'] as const;
    const missing = names.filter((name) => !isNonEmptyString(payload[name]));
    if (missing.length > 0) return refuse('VALIDATION', `${missing.join(', ')} required`);
    if (names.some((name) => payload[name] !== credentials[name])) {
      return refuse('INVALID_CREDENTIALS', 'Wrong credentials');
    }
    const scenarios = context.scenarios();
    if (scenarios.accountState !== 'active') {
      return refuse('INVALID_CREDENTIALS', 'Account is not active', 'accountNotActive');
    }
    return respondWithTokens(
      context.families.open(randomUUID(), context.now(), refreshRules(scenarios, defaults, mint)),
    );
  }

  function refresh(payload: Payload): SandboxResponse {
    const token = payload.refresh_token;
    if (!isNonEmptyString(token)) return refuse('VALIDATION', 'refresh_token required');
    const now = context.now();
    const claims = readToken(token, context.key, now);
    const scenarios = context.scenarios();
    if (typeof claims === 'object' && scenarios.accountState !== 'active') {
      return refuse('INVALID_REFRESH_TOKEN', 'Account is not active', 'accountNotActive');
    }
    const result =
      typeof claims === 'string'
        ? claims
        : context.families.refresh(token, now, refreshRules(scenarios, defaults, mint));
    if (!isTokenPair(result)) return refuse('INVALID_REFRESH_TOKEN', 'Refresh token refused', toOutcome(result));
    return respondWithTokens(result, scenarios.refreshTokenInResponse !== 'omitted');
  }

  // The fields of the request are from the transactions page, those of the response are the sandbox's own choice.
  function listQrTransactions(payload: Payload): SandboxResponse {
    const { from_date: from, to_date: to, limit, page } = payload;
    if (!isTimestamp(from) || !isTimestamp(to)) {
      return refuse('VALIDATION', 'from_date and to_date are required, as YYYY-MM-DD HH:MM:SS');
    }
    if (!isPositiveInteger(limit) || !isPositiveInteger(page))
      return refuse('VALIDATION', 'limit and page are required, from 1');
    const transactions = [{ order_id: 'SANDBOX-1', amount: 150_000, description: 'Cà phê sữa đá', paid_at: from }];
    return succeed({ transactions, total: transactions.length, limit: Number(limit), page: Number(page) });
  }

  function respondWithTokens(pair: TokenPair, withRefreshToken = true): SandboxResponse {
    const now = context.now();
    return succeed({
      access_token: pair.accessToken,
      expires_in: secondsUntil(pair.accessExpiresAt, now),
      ...(withRefreshToken
        ? { refresh_token: pair.refreshToken, refresh_expires_in: secondsUntil(pair.refreshExpiresAt, now) }
        : {}),
      token_type: 'Bearer',
    });
  }

  function succeed(json: object): SandboxResponse {
    const form = context.scenarios().tconnectResponse;
    if (form === 'encrypted') {
      return {
        status: 200,
        outcome: 'ok',
        json,
        encrypt: (plain) => ({ data: codec.encrypt(JSON.stringify(plain)).ciphertext }),
      };
    }
    return { status: 200, outcome: 'ok', json: form === 'wrapped' ? { data: json } : json };
  }

  // The claims are the sandbox's own choice. The published samples show only the algorithm.
  function mint(...[kind, , issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const claims = {
      sub: context.account.credentials.username,
      partner_code: context.account.partnerCode,
      client_id: context.account.credentials.client_id,
      jti: randomUUID(),
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      token_use: kind,
    };
    return signToken(claims, context.key);
  }
}

type DecryptedEnvelope =
  | { readonly kind: 'payload'; readonly payload: Payload }
  | { readonly kind: 'refused'; readonly response: SandboxResponse };

function decryptEnvelope(request: ReceivedRequest, codec: Codec): DecryptedEnvelope {
  const refused = (code: keyof typeof errors, message: string): DecryptedEnvelope => ({
    kind: 'refused',
    response: refuse(code, message),
  });
  const data = asObject(parseJson(request.body.toString('utf8'))?.value)?.data;
  if (!isNonEmptyString(data)) return refused('VALIDATION', 'The body must be JSON with the string field data');
  const plain = codec.decrypt({ ciphertext: data });
  const parsed = plain === undefined ? undefined : parseJson(plain);
  // One response for every failure, because the failing step would reveal something about the key.
  if (parsed === undefined) return refused('BAD_CIPHERTEXT', 'data could not be decrypted to JSON');
  const payload = asObject(parsed.value);
  return payload === undefined
    ? refused('VALIDATION', 'The payload must be a JSON object')
    : { kind: 'payload', payload };
}

function refuse(
  code: keyof typeof errors,
  message: string,
  outcome: SandboxOutcome = errors[code][1],
): SandboxResponse {
  return { status: errors[code][0], outcome, json: { code, message: `Sandbox: ${message}` } };
}

function isTimestamp(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value);
}

function isPositiveInteger(value: unknown): boolean {
  return (
    (typeof value === 'number' || isNonEmptyString(value)) && Number.isInteger(Number(value)) && Number(value) >= 1
  );
}
