import { randomBytes, randomUUID } from 'node:crypto';
import { asObject, parseJson, parseMultipart } from '../http/body.ts';
import type { SandboxResponse, PartnerServer, ReceivedRequest, SandboxOutcome } from '../http/exchange.ts';
import { randomWord } from '../random.ts';
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

export interface BizmailCredentials {
  readonly username: string;
  readonly password: string;
}

export interface BizmailAccount {
  readonly credentials: BizmailCredentials;
}

type Fields = Readonly<Record<string, unknown>>;

// Lifetimes: BizMail token page. Rotation: the sandbox's own choice, nothing is published.
const defaults: PartnerDefaults = { accessLifetime: 86_400, refreshLifetime: 7_776_000, rotation: 'strict' };

/** All attachments of a mail together, bytes (BizMail send page). */
const attachmentLimit = 20 * 1024 * 1024;

/** BizMail Delivery API 1.0: plain bodies, JSON or multipart (its pages say both, so both are taken). */
export const bizmail: SandboxTwin<{ readonly credentials?: Partial<BizmailCredentials> }, BizmailAccount> = {
  tokenAlgorithm: 'HS256',
  completeAccount: ({ credentials }) => ({
    credentials: {
      username: `mailer-${randomWord(6).toLowerCase()}@example.com`,
      password: randomWord(16),
      ...credentials,
    },
  }),
  create,
};

function create(parts: PartnerParts<BizmailAccount>): PartnerServer {
  const userId = randomBytes(12).toString('hex');
  const domainId = randomUUID();
  return {
    id: 'bizmail',
    prefix: '/api/1.0/',
    routes: [
      { method: 'POST', path: '/api/1.0/auth/token', call: 'login', handle: withFields(login) },
      { method: 'POST', path: '/api/1.0/auth/refresh', call: 'refresh', handle: withFields(refresh) },
      { method: 'POST', path: '/api/1.0/mail/store', call: 'protected', handle: storeMail },
    ],
    failure: (status, outcome) =>
      refuse(status, status === 500 ? 'Internal server error' : `Sandbox: HTTP ${status}`, outcome),
  };

  function login(fields: Fields): SandboxResponse {
    const { username, password } = fields;
    const { credentials } = parts.account;
    if (!isFilled(username) || !isFilled(password)) {
      return refuse(400, 'username and password are required', 'validation');
    }
    const scenarios = parts.scenarios();
    if (username !== credentials.username || password !== credentials.password) {
      return refuse(401, 'Invalid credentials', 'badCredentials');
    }
    if (scenarios.accountState !== 'active') return refuse(401, 'Invalid credentials', 'accountNotActive');
    return issued(parts.families.open(randomUUID(), parts.now(), refreshRules(scenarios, defaults, mint)));
  }

  function refresh(fields: Fields): SandboxResponse {
    const token = fields.refresh_token;
    if (!isFilled(token)) return refuse(400, 'refresh_token is required', 'validation');
    const now = parts.now();
    const claims = readToken(token, parts.key, now);
    const scenarios = parts.scenarios();
    if (typeof claims === 'object' && scenarios.accountState !== 'active') {
      return refuse(401, 'User not found', 'accountNotActive');
    }
    const result =
      typeof claims === 'string' ? claims : parts.families.refresh(token, now, refreshRules(scenarios, defaults, mint));
    if (isPair(result)) return issued(result, scenarios.refreshTokenInResponse !== 'omitted');
    return refuse(401, result === 'expired' ? 'Refresh token expired' : 'Invalid refresh token', outcomeOf(result));
  }

  // Field names and limits: BizMail send page. Its answers are known by heading only, so their texts are the sandbox's own choice.
  async function storeMail(request: ReceivedRequest): Promise<SandboxResponse> {
    const refused = refuseBearer(request);
    if (refused !== undefined) return refused;
    const type = request.headers['content-type'] ?? '';
    const fields = /^multipart\/form-data/i.test(type) ? await parseMultipart(request.body, type) : undefined;
    if (fields === undefined) return refuse(400, 'Sandbox: the body must be multipart/form-data', 'validation');
    const problem = mailProblem(fields);
    if (problem !== undefined) return { ...refuse(400, `Sandbox: ${problem}`, 'validation'), payload: fields };
    const json = { success: true, message: 'Sandbox: the mail was accepted and thrown away' };
    return { status: 200, outcome: 'ok', json, payload: fields };
  }

  function refuseBearer(request: ReceivedRequest): SandboxResponse | undefined {
    const token = bearerOf(request);
    if (token === undefined) return refuse(401, 'Missing or invalid token', 'badToken');
    const claims = readToken(token, parts.key, parts.now());
    const refusal = typeof claims === 'string' ? claims : parts.families.refuseAccess(token, parts.now());
    if (refusal === 'expired') return refuse(401, 'Token expired', 'expired');
    if (refusal !== undefined) return refuse(401, 'Missing or invalid token', outcomeOf(refusal));
    if (parts.scenarios().accountState === 'active') return undefined;
    return refuse(401, 'Missing or invalid token', 'accountNotActive');
  }

  function issued(pair: TokenPair, withRefreshToken = true): SandboxResponse {
    const json = {
      success: true,
      access_token: pair.accessToken,
      ...(withRefreshToken ? { refresh_token: pair.refreshToken } : {}),
      token_type: 'Bearer',
      expires_in: secondsUntil(pair.accessExpiresAt, parts.now()),
    };
    return { status: 200, outcome: 'ok', json };
  }

  // The claims of the published samples, and a `jti` as the sandbox's own choice: without it two refreshes within one second give the same
  // text, and whether the old token still works would hang on the clock.
  function mint(...[kind, , issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const claims = {
      user_id: userId,
      username: parts.account.credentials.username,
      domain_uuid: domainId,
      type: kind,
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      jti: randomUUID(),
    };
    return signToken(claims, parts.key);
  }
}

function withFields(handle: (fields: Fields) => SandboxResponse) {
  return async (request: ReceivedRequest): Promise<SandboxResponse> => {
    const type = request.headers['content-type'] ?? '';
    const payload = /^multipart\/form-data/i.test(type)
      ? await parseMultipart(request.body, type)
      : asObject(parseJson(request.body.toString('utf8'))?.value);
    return { ...handle(payload ?? {}), ...(payload === undefined ? {} : { payload }) };
  };
}

function refuse(status: number, message: string, outcome: SandboxOutcome): SandboxResponse {
  return { status, outcome, json: { success: false, message } };
}

function mailProblem(fields: Fields): string | undefined {
  const missing = ['from', 'from_name', 'subject'].filter((name) => !isFilled(fields[name]));
  if (missing.length > 0) return `${missing.join(', ')} required`;
  if (String(fields.from).length > 255 || String(fields.from_name).length > 255) return 'from is too long';
  if (!String(fields.from).includes('@')) return 'from must be an e-mail address';
  if (fields.to === undefined && fields['to[]'] === undefined) return 'to required';
  if (!isFilled(fields.text) && !isFilled(fields.html)) return 'text or html required';
  const attachments = [fields['attachments[]'] ?? []].flat();
  const size = attachments.reduce((sum: number, file) => sum + Number(asObject(file)?.size ?? 0), 0);
  return size > attachmentLimit ? 'attachments too large' : undefined;
}
