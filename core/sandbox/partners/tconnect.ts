import { randomUUID } from 'node:crypto';
import { createCodec, type Codec } from '../codec/codec.ts';
import type { SandboxCipher } from '../codec/settings.ts';
import { asObject, parseJson } from '../http/body.ts';
import type { SandboxResponse, PartnerServer, ReceivedRequest, SandboxOutcome } from '../http/exchange.ts';
import { randomBytesAs, randomWord } from '../random.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint, TokenPair } from '../tokens/families.ts';
import {
  bearerOf,
  isFilled,
  isPair,
  outcomeOf,
  readToken,
  refreshRules,
  secondsUntil,
  type PartnerDefaults,
  type PartnerParts,
  type SandboxTwin,
} from './partner.ts';

export interface TconnectCredentials {
  readonly username: string;
  readonly password: string;
  readonly client_id: string;
  readonly client_secret: string;
}

export interface TconnectAccount {
  readonly partnerCode: string;
  readonly cipher: SandboxCipher;
  readonly credentials: TconnectCredentials;
}

export interface GivenTconnect {
  readonly partnerCode?: string;
  /** A key without `keyFormat` is read as utf8; an IV rule `fixed` without a value gets a random one. */
  readonly cipher?: Partial<Pick<SandboxCipher, 'key' | 'keyFormat' | 'output'>> & {
    readonly iv?: SandboxCipher['iv'] | { readonly from: 'fixed' };
  };
  readonly credentials?: Partial<TconnectCredentials>;
}

type Parts = PartnerParts<TconnectAccount>;
type Payload = Readonly<Record<string, unknown>>;

// Access lifetime: company blog of 18 Feb 2026. Refresh lifetime and rotation: the sandbox's own choice, nothing is published.
const defaults: PartnerDefaults = { accessLifetime: 36_000, refreshLifetime: 2_592_000, rotation: 'reuseDetection' };

// Every error body and status below is the sandbox's own choice: TCONNECT's error answers are not published.
const errors = {
  VALIDATION: [400, 'validation'],
  BAD_CIPHERTEXT: [400, 'badCiphertext'],
  INVALID_CREDENTIALS: [401, 'badCredentials'],
  INVALID_REFRESH_TOKEN: [401, 'badToken'],
  INVALID_ACCESS_TOKEN: [401, 'badToken'],
  INVALID_PARTNER_CODE: [403, 'wrongPartnerCode'],
} as const;

/** TCONNECT Payment Open API: encrypted payloads, `Partner-Code` on every call (login and refresh pages). */
export const tconnect: SandboxTwin<GivenTconnect, TconnectAccount> = {
  tokenAlgorithm: 'RS256',
  completeAccount: ({ partnerCode, cipher = {}, credentials }) => ({
    partnerCode: partnerCode ?? `SANDBOX-${randomWord(8)}`,
    cipher: completeCipher(cipher),
    credentials: {
      username: `merchant-${randomWord(6).toLowerCase()}@example.com`,
      password: randomWord(16),
      // As long as those of the login page's samples.
      client_id: randomWord(22),
      client_secret: randomWord(32),
      ...credentials,
    },
  }),
  create,
};

function completeCipher(given: NonNullable<GivenTconnect['cipher']>): SandboxCipher {
  const keyFormat = given.keyFormat ?? (given.key === undefined ? 'hex' : 'utf8');
  const { iv = { from: 'fixed' } } = given;
  const isWhole = (rule: typeof iv): rule is SandboxCipher['iv'] => rule.from !== 'fixed' || 'value' in rule;
  return Object.freeze({
    key: given.key ?? randomBytesAs(keyFormat, 32),
    keyFormat,
    iv: Object.freeze<SandboxCipher['iv']>(
      isWhole(iv) ? iv : { from: 'fixed', value: randomBytesAs('hex', 16), format: 'hex' },
    ),
    output: given.output ?? 'hex',
  });
}

function create(parts: Parts): PartnerServer {
  const codec = createCodec(parts.account.cipher);
  return {
    id: 'tconnect',
    prefix: '/openapi/',
    routes: [
      { method: 'POST', path: '/openapi/v1/auth/login', call: 'login', handle: guarded(login) },
      { method: 'POST', path: '/openapi/v1/auth/refresh', call: 'refresh', handle: guarded(refresh) },
      {
        method: 'POST',
        path: '/openapi/v1/transaction/qr',
        call: 'protected',
        handle: (request) => refuseBearer(request) ?? guarded(listQrTransactions)(request),
      },
    ],
    failure: (status, outcome) => ({
      status,
      outcome,
      json: { code: `HTTP_${status}`, message: 'Sandbox: the request could not be answered' },
    }),
  };

  function guarded(handle: (payload: Payload) => SandboxResponse) {
    return (request: ReceivedRequest): SandboxResponse => {
      const refused = refusePartnerCode(request);
      if (refused !== undefined) return refused;
      const payload = openEnvelope(request, codec);
      if (payload.kind === 'refused') return payload.response;
      return { ...handle(payload.opened), payload: payload.opened };
    };
  }

  function refusePartnerCode(request: ReceivedRequest): SandboxResponse | undefined {
    return request.headers['partner-code'] === parts.account.partnerCode
      ? undefined
      : refuse('INVALID_PARTNER_CODE', 'Partner-Code is missing or unknown');
  }

  function refuseBearer(request: ReceivedRequest): SandboxResponse | undefined {
    const refused = refusePartnerCode(request);
    if (refused !== undefined) return refused;
    const token = bearerOf(request);
    if (token === undefined) return refuse('INVALID_ACCESS_TOKEN', 'Authorization: Bearer <access_token> is missing');
    const claims = readToken(token, parts.key, parts.now());
    const refusal = typeof claims === 'string' ? claims : parts.families.refuseAccess(token, parts.now());
    if (refusal !== undefined) return refuse('INVALID_ACCESS_TOKEN', 'Access token refused', outcomeOf(refusal));
    if (parts.scenarios().accountState === 'active') return undefined;
    return refuse('INVALID_ACCESS_TOKEN', 'Account is not active', 'accountNotActive');
  }

  function login(payload: Payload): SandboxResponse {
    const { credentials } = parts.account;
    const names = ['username', 'password', 'client_id', 'client_secret'] as const;
    const missing = names.filter((name) => !isFilled(payload[name]));
    if (missing.length > 0) return refuse('VALIDATION', `${missing.join(', ')} required`);
    if (names.some((name) => payload[name] !== credentials[name])) {
      return refuse('INVALID_CREDENTIALS', 'Wrong credentials');
    }
    const scenarios = parts.scenarios();
    if (scenarios.accountState !== 'active') {
      return refuse('INVALID_CREDENTIALS', 'Account is not active', 'accountNotActive');
    }
    return issued(parts.families.open(randomUUID(), parts.now(), refreshRules(scenarios, defaults, mint)));
  }

  function refresh(payload: Payload): SandboxResponse {
    const token = payload.refresh_token;
    if (!isFilled(token)) return refuse('VALIDATION', 'refresh_token required');
    const now = parts.now();
    const claims = readToken(token, parts.key, now);
    const scenarios = parts.scenarios();
    if (typeof claims === 'object' && scenarios.accountState !== 'active') {
      return refuse('INVALID_REFRESH_TOKEN', 'Account is not active', 'accountNotActive');
    }
    const result =
      typeof claims === 'string' ? claims : parts.families.refresh(token, now, refreshRules(scenarios, defaults, mint));
    if (!isPair(result)) return refuse('INVALID_REFRESH_TOKEN', 'Refresh token refused', outcomeOf(result));
    return issued(result, scenarios.refreshTokenInResponse !== 'omitted');
  }

  // The request's fields are those of the transactions page; the answer's are the sandbox's own choice.
  function listQrTransactions(payload: Payload): SandboxResponse {
    const { from_date: from, to_date: to, limit, page } = payload;
    if (!isMoment(from) || !isMoment(to)) {
      return refuse('VALIDATION', 'from_date and to_date are required, as YYYY-MM-DD HH:MM:SS');
    }
    if (!isCount(limit) || !isCount(page)) return refuse('VALIDATION', 'limit and page are required, from 1');
    const transactions = [{ order_id: 'SANDBOX-1', amount: 150_000, description: 'Cà phê sữa đá', paid_at: from }];
    return succeed({ transactions, total: transactions.length, limit: Number(limit), page: Number(page) });
  }

  function issued(pair: TokenPair, withRefreshToken = true): SandboxResponse {
    const now = parts.now();
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
    const form = parts.scenarios().tconnectResponse;
    if (form === 'encrypted') {
      return {
        status: 200,
        outcome: 'ok',
        json,
        encrypt: (plain) => ({ data: codec.encrypt(JSON.stringify(plain)).text }),
      };
    }
    return { status: 200, outcome: 'ok', json: form === 'wrapped' ? { data: json } : json };
  }

  // The claims are the sandbox's own choice; only the algorithm shows in the published samples.
  function mint(...[kind, , issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const claims = {
      sub: parts.account.credentials.username,
      partner_code: parts.account.partnerCode,
      client_id: parts.account.credentials.client_id,
      jti: randomUUID(),
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      token_use: kind,
    };
    return signToken(claims, parts.key);
  }
}

type OpenedEnvelope =
  | { readonly kind: 'opened'; readonly opened: Payload }
  | { readonly kind: 'refused'; readonly response: SandboxResponse };

function openEnvelope(request: ReceivedRequest, codec: Codec): OpenedEnvelope {
  const refused = (code: keyof typeof errors, message: string): OpenedEnvelope => ({
    kind: 'refused',
    response: refuse(code, message),
  });
  const data = asObject(parseJson(request.body.toString('utf8'))?.value)?.data;
  if (!isFilled(data)) return refused('VALIDATION', 'The body must be JSON with the string field data');
  const plain = codec.decrypt({ text: data });
  const parsed = plain === undefined ? undefined : parseJson(plain);
  // One response for every failure: which step failed would help an attacker to guess the key.
  if (parsed === undefined) return refused('BAD_CIPHERTEXT', 'data could not be decrypted to JSON');
  const opened = asObject(parsed.value);
  return opened === undefined ? refused('VALIDATION', 'The payload must be a JSON object') : { kind: 'opened', opened };
}

function refuse(
  code: keyof typeof errors,
  message: string,
  outcome: SandboxOutcome = errors[code][1],
): SandboxResponse {
  return { status: errors[code][0], outcome, json: { code, message: `Sandbox: ${message}` } };
}

function isMoment(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value);
}

function isCount(value: unknown): boolean {
  return (typeof value === 'number' || isFilled(value)) && Number.isInteger(Number(value)) && Number(value) >= 1;
}
