import { randomUUID } from 'node:crypto';
import type { Accounts } from '../accounts.ts';
import { createCodec, type Codec } from '../codec/codec.ts';
import { asObject, parseJson } from '../http/body.ts';
import type { SandboxResponse, PartnerServer, ReceivedRequest, SandboxOutcome } from '../http/exchange.ts';
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
} from './partner.ts';

type Parts = PartnerParts<Accounts['tconnect']>;
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
export function createTconnect(parts: Parts): PartnerServer {
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
      if ('status' in payload) return payload;
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

function openEnvelope(request: ReceivedRequest, codec: Codec): { readonly opened: Payload } | SandboxResponse {
  const data = asObject(parseJson(request.body.toString('utf8'))?.value)?.data;
  if (!isFilled(data)) return refuse('VALIDATION', 'The body must be JSON with the string field data');
  const plain = codec.decrypt({ text: data });
  const parsed = plain === undefined ? undefined : parseJson(plain);
  // One answer for every failure: which step failed would tell an attacker about the key.
  if (parsed === undefined) return refuse('BAD_CIPHERTEXT', 'data could not be decrypted to JSON');
  const opened = asObject(parsed.value);
  return opened === undefined ? refuse('VALIDATION', 'The payload must be a JSON object') : { opened };
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
